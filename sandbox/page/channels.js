/** Channels: the list, and the head of the one that is open. */

import { byId, el, settle, signature } from "./dom.js";
import { inline } from "./mrkdwn.js";
import { BOT, keep, state } from "./state.js";

function row(channel, choose) {
  const open = channel.id === state.channel?.id && !state.home;
  return el(
    "li",
    {},
    el(
      "button",
      {
        type: "button",
        class: "channel-button",
        "aria-current": open ? "true" : null,
        data: { testid: `channel-${channel.name}` },
        on: { click: () => choose(channel) },
      },
      el("span", { class: "hash", "aria-hidden": "true" }, channel.is_im ? "@" : "#"),
      el("span", {}, nameOf(channel)),
      !channel.is_member && el("small", { class: "faint", title: "The bot is not a member of this channel" }, "no bot"),
    ),
  );
}

/** The conversation with the app is called by the app's name. */
const nameOf = (channel) => (channel.is_im ? BOT.name : channel.name);

/** A direct conversation is shown to those who are in it. */
const belongsHere = (channel) => !channel.is_im || channel.members?.includes(state.me.id);

export function drawChannels(choose) {
  settle(
    byId("channels"),
    state.channels.filter(belongsHere).map((channel) => ({
      key: channel.id,
      sign: signature([channel, channel.id === state.channel?.id, state.home]),
      build: () => row(channel, choose),
    })),
  );
  const { channel } = state;
  if (!channel) return;
  byId("channel-name").textContent = `${channel.is_im ? "@" : "#"} ${nameOf(channel)}`;
  byId("channel-topic").replaceChildren(...inline(channel.topic ?? "").flat(Infinity));
}

export function enter(channel) {
  state.channel = channel;
  state.thread = null;
  state.messages = [];
  state.replies = [];
  state.loaded = false;
  keep("channel", channel.id);
}
