/** The sandbox's clock: what time it is there, how fast it runs, and the buttons that move it. */

import { byId, el } from "./dom.js";
import * as drive from "./drive.js";

const seen = { at: Date.now(), received: performance.now(), speed: 1 };

/** The sandbox's now, carried forward from the last answer. */
export function now() {
  return new Date(seen.at + (performance.now() - seen.received) * seen.speed);
}

function take(answer) {
  seen.at = Date.parse(answer.now);
  seen.received = performance.now();
  seen.speed = Number(answer.speed) || 1;
  tick();
}

/** Ask for the time; without an answer the clock runs on from the last one. */
export async function syncClock() {
  try {
    take(await drive.clock());
  } catch (error) {
    if (!(error instanceof drive.DriveError)) throw error;
  }
}

const reading = el("time", { class: "clock-reading", data: { testid: "clock" } });
const pace = el("p", { class: "faint" });
const shown = new Intl.DateTimeFormat(undefined, {
  weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
});

export function tick() {
  const moment = now();
  reading.dateTime = moment.toISOString();
  reading.textContent = shown.format(moment);
  pace.textContent = seen.speed === 1 ? "real time" : `${seen.speed} × real time: a day in ${span(86_400 / seen.speed)}`;
}

function span(seconds) {
  if (seconds < 180) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

function jump(label, by, testid, complain) {
  const move = async () => {
    try {
      await drive.advance(by);
      await syncClock();
    } catch (error) {
      complain(error.message);
    }
  };
  return el("button", { type: "button", class: "small", data: { testid }, on: { click: move }, title: `Move the clock ${by} ahead` }, label);
}

export function startClock(complain) {
  byId("clock-panel").append(
    reading,
    pace,
    el("div", { class: "row" }, jump("+1 h", "1h", "advance-1h", complain), jump("+24 h", "24h", "advance-24h", complain)),
  );
  tick();
}
