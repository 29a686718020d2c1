/** Moments: times of messages and Slack's date tokens, in the zone of whoever looks. */

import { el, link } from "./dom.js";
import { now } from "./clock.js";

const show = (options) => (moment) => new Intl.DateTimeFormat(undefined, options).format(moment);
const timeOfDay = show({ hour: "2-digit", minute: "2-digit" });
const day = show({ year: "numeric", month: "long", day: "numeric" });
const shortDay = show({ year: "numeric", month: "short", day: "numeric" });
const longDay = show({ weekday: "long", year: "numeric", month: "long", day: "numeric" });
const full = show({ dateStyle: "full", timeStyle: "long" });

const DAY = 86_400_000;
const midnight = (moment) => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate());

function pretty(otherwise) {
  return (moment) => {
    const days = Math.round((midnight(moment) - midnight(now())) / DAY);
    return { [-1]: "yesterday", 0: "today", 1: "tomorrow" }[days] ?? otherwise(moment);
  };
}

function ago(moment) {
  const seconds = (moment - now()) / 1000;
  const words = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
  for (const [unit, size] of [["day", 86_400], ["hour", 3600], ["minute", 60]]) {
    if (Math.abs(seconds) >= size) return words.format(Math.trunc(seconds / size), unit);
  }
  return words.format(Math.trunc(seconds), "second");
}

const PARTS = {
  date_num: show({ year: "numeric", month: "2-digit", day: "2-digit" }),
  date_slash: show({ year: "numeric", month: "2-digit", day: "2-digit" }),
  date: day,
  date_short: shortDay,
  date_long: longDay,
  date_pretty: pretty(day),
  date_short_pretty: pretty(shortDay),
  date_long_pretty: pretty(longDay),
  time: timeOfDay,
  time_secs: show({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
  ago,
};

function worded(moment, format) {
  const text = format.replace(/\{(\w+)\}/g, (whole, part) => PARTS[part]?.(moment) ?? whole);
  return format.startsWith("{") ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

/** `<!date^seconds^format^link|fallback>`; a moment that cannot be read shows the fallback. */
export function dateToken(seconds, format, address, fallback) {
  const moment = new Date(seconds * 1000);
  if (Number.isNaN(moment.getTime())) return fallback;
  const node = el(
    "time",
    { datetime: moment.toISOString(), title: full(moment), data: { format } },
    worded(moment, format),
  );
  return address ? link(address, node) : node;
}

/** "today" and "2 minutes ago" grow old while one looks. */
export function refreshMoments() {
  for (const node of document.querySelectorAll("time[data-format]")) {
    const text = worded(new Date(node.dateTime), node.dataset.format);
    if (node.textContent !== text) node.textContent = text;
  }
}

export function messageTime(ts) {
  const moment = new Date(Number(ts) * 1000);
  return el("time", { class: "when", datetime: moment.toISOString(), title: full(moment) }, timeOfDay(moment));
}

export const dayOf = (ts) => longDay(new Date(Number(ts) * 1000));
