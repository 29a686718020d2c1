/** The welcome: what to type first, shown while a channel is empty. */

import { byId, el } from "./dom.js";
import { state } from "./state.js";

const FIRST_WORDS = [
  ["/rollout help", "what you can do now"],
  ["/rollout start canary", "refused at first, with the reason and what to do"],
  ["/rollout preview staging", "what would happen, before anything does"],
];

export function drawWelcome(empty, fill) {
  const place = byId("welcome");
  place.hidden = !empty;
  if (!empty || place.dataset.channel === state.channel.id) return;
  place.dataset.channel = state.channel.id;
  place.replaceChildren(
    el("h2", {}, `This is #${state.channel.name}`),
    ...(state.channel.is_member ? invitation(fill) : [el("p", {}, "The bot is not a member of this channel: it cannot post here.")]),
  );
}

function invitation(fill) {
  return [
    el("p", {}, "Nobody has written here yet. Type one of these below, or press it:"),
    el(
      "ul",
      {},
      FIRST_WORDS.map(([words, why]) =>
        el(
          "li",
          {},
          el("button", { type: "button", class: "suggestion", on: { click: () => fill(words) } }, el("code", {}, words)),
          el("span", { class: "faint" }, why),
        ),
      ),
    ),
    el("p", { class: "faint" }, "In the side panel you choose who you are, move the clock, and make the target misbehave."),
  ];
}
