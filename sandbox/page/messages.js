/** Messages: of a channel and of a thread, with what only the acting person sees standing among them. */

import { blocks } from "./blocks.js";
import { el, link, settle, signature } from "./dom.js";
import { picture } from "./elements.js";
import { dayOf, messageTime } from "./moments.js";
import { emoji, mrkdwn } from "./mrkdwn.js";
import { avatar } from "./people.js";
import { pressing } from "./press.js";
import { author, keep, shortName, state } from "./state.js";

const NEAR = 60;
const counted = (number, one, many) => `${number} ${number === 1 ? one : many}`;

function fileRow(file) {
  const url = file.url_private ?? file.permalink ?? file.url ?? "";
  const address = url.startsWith("/") ? new URL(url, location.href).href : url;
  const name = file.title || file.name || "file";
  const image = file.mimetype?.startsWith("image/") ? picture(url, file.alt_txt ?? name, "wide") : null;
  return el("div", { class: "file" }, image, link(address, name));
}

const attachment = (part, context) =>
  el("div", { class: "attachment" }, part.blocks?.length ? blocks(part.blocks, context) : el("div", { class: "text" }, mrkdwn(part.text ?? part.fallback ?? "")));

function reactions(message) {
  const given = Object.entries(message.reactions ?? {});
  const chip = ([name, users]) => el("span", { class: "reaction", title: users.map((id) => author(id).name).join(", ") }, emoji(name), ` ${users.length}`);
  return given.length > 0 && el("div", { class: "reactions" }, given.map(chip));
}

function content(message, context) {
  if (message.deleted) return el("p", { class: "faint" }, "This message was deleted.");
  const body = message.blocks?.length ? blocks(message.blocks, context) : el("div", { class: "text" }, mrkdwn(message.text ?? ""));
  return [body, message.attachments?.map((part) => attachment(part, context)), message.files?.map(fileRow), reactions(message)];
}

function foot(message, hooks) {
  if (!hooks.open) return null;
  const open = () => hooks.open(message.ts);
  const hidden = state.ephemerals.filter((own) => own.thread_ts === message.ts && own.ts !== message.ts && !state.dismissed.has(own.ts)).length;
  const count = message.reply_count > 0 || hidden > 0;
  const words = [
    message.reply_count > 0 && counted(message.reply_count, "reply", "replies"),
    hidden > 0 && `${hidden} only visible to you`,
  ].filter(Boolean).join(" · ");
  return el(
    "div",
    { class: "foot" },
    count
      ? el("button", { type: "button", class: "replies", data: { testid: "reply-count" }, on: { click: open } }, words)
      : el("button", { type: "button", class: "reply", data: { testid: "reply" }, on: { click: open } }, "Reply in thread"),
  );
}

function head(message, who) {
  return el(
    "div",
    { class: "message-head" },
    el("strong", { title: who.real_name }, who.app ? who.name : shortName(who)),
    who.app && el("span", { class: "badge" }, "APP"),
    messageTime(message.ts),
    message.edited && el("span", { class: "faint" }, "(edited)"),
    message.pinned && el("span", { class: "pinned", data: { testid: "pinned" } }, "Pinned"),
  );
}

function draw(message, hooks) {
  const who = author(message.user, message.username);
  const context = pressing({ channel: state.channel.id, ts: message.ts }, hooks.complain, hooks.settled);
  return el(
    "li",
    { class: message.pinned ? "message is-pinned" : "message", data: { testid: "message", ts: message.ts, user: message.user } },
    avatar(who),
    el("div", { class: "message-body" }, head(message, who), content(message, context), foot(message, hooks)),
  );
}

function drawOwn(message, hooks) {
  const who = author(message.bot_user ?? "U0ROLLOUTBOT");
  const context = pressing({ channel: message.channel, ts: message.ts }, hooks.complain, hooks.settled);
  const dismiss = () => {
    state.dismissed.add(message.ts);
    keep("dismissed", JSON.stringify([...state.dismissed]));
    hooks.redraw();
  };
  return el(
    "li",
    { class: "message ephemeral", data: { testid: "ephemeral", ts: message.ts } },
    avatar(who),
    el(
      "div",
      { class: "message-body" },
      el("p", { class: "only-you" }, "Only visible to you"),
      head(message, who),
      content(message, context),
      el("div", { class: "foot" }, el("button", { type: "button", class: "reply", data: { testid: "dismiss" }, on: { click: dismiss } }, "Dismiss")),
    ),
  );
}

const divider = (day) => el("li", { class: "day" }, el("span", {}, day));

function items(messages, own, hooks) {
  const rows = [
    ...messages
      .filter((message) => !message.deleted || message.reply_count > 0)
      .map((message) => ({
        ts: message.ts,
        key: message.ts,
        sign: signature([message, foot(message, hooks)?.textContent, state.people.length]),
        build: () => draw(message, hooks),
      })),
    ...own.map((message) => ({ ts: message.ts, key: `own-${message.ts}`, sign: signature(message), build: () => drawOwn(message, hooks) })),
  ].sort((one, other) => Number(one.ts) - Number(other.ts));
  let last = null;
  return rows.flatMap((row) => {
    const day = dayOf(row.ts);
    if (day === last) return [row];
    last = day;
    return [{ key: `day-${day}`, sign: day, build: () => divider(day) }, row];
  });
}

const ownIn = (thread) =>
  state.ephemerals.filter((own) => {
    const home = own.thread_ts && own.thread_ts !== own.ts ? own.thread_ts : null;
    return own.channel === state.channel.id && home === thread && !state.dismissed.has(own.ts);
  });

export const atBottom = (scroller) => scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < NEAR;

/** Who reads the newest message still does when the place for messages grows or shrinks. */
export function stayAtBottom(scroller) {
  let stuck = true;
  scroller.addEventListener("scroll", () => (stuck = atBottom(scroller)));
  new ResizeObserver(() => {
    if (stuck && !state.home) scroller.scrollTop = scroller.scrollHeight;
  }).observe(scroller);
}

/** Draw into `list`, staying at the bottom, or else at what is being read. True when something came in unseen. */
function keepingPlace(scroller, list, rows) {
  const stick = atBottom(scroller);
  const before = list.lastElementChild?.dataset.key;
  const top = scroller.getBoundingClientRect().top;
  const anchor = [...list.children].find((child) => child.getBoundingClientRect().bottom > top);
  const offset = anchor?.getBoundingClientRect().top;
  settle(list, rows);
  if (stick) scroller.scrollTop = scroller.scrollHeight;
  else if (anchor) {
    const same = [...list.children].find((child) => child.dataset.key === anchor.dataset.key);
    if (same) scroller.scrollTop += same.getBoundingClientRect().top - offset;
  }
  return !stick && before !== undefined && list.lastElementChild?.dataset.key !== before;
}

/** The channel's own level. `hooks`: open(ts), complain(text), settled(), redraw(). */
export function drawChannelMessages(scroller, list, hooks) {
  return keepingPlace(scroller, list, items(state.messages, ownIn(null), hooks));
}

/** The open thread: its first message, then the replies. */
export function drawThread(scroller, list, hooks) {
  const root = state.messages.find((message) => message.ts === state.thread);
  const replies = state.replies.filter((message) => message.ts !== state.thread);
  const first = root ?? state.replies.find((message) => message.ts === state.thread);
  return keepingPlace(scroller, list, items(first ? [first, ...replies] : replies, ownIn(state.thread), hooks));
}

/** What a screen reader is told of messages that have just come. */
export function spoken(messages) {
  const names = new Set(messages.map((message) => author(message.user, message.username).name));
  return `${counted(messages.length, "new message", "new messages")} from ${[...names].join(" and ")}`;
}
