/** Knobs: how the sample target behaves, and what it says of itself. */

import { byId, el } from "./dom.js";
import * as drive from "./drive.js";

const SHOWN_EFFECTS = 6;
let controls = null;
let complain = () => {};

async function turn(knobs) {
  try {
    draw(await drive.turn(knobs));
  } catch (error) {
    complain(error.message);
  }
}

function toggle(name, label, testid) {
  const input = el("input", { type: "checkbox", role: "switch", data: { testid }, on: { change: () => turn({ [name]: input.checked }) } });
  return { input, row: el("label", { class: "knob switch" }, el("span", {}, label), input) };
}

function build() {
  const rate = el("input", { type: "range", min: 0, max: 1, step: 0.001, value: 0, data: { testid: "knob-error-rate" } });
  const rateWords = el("output", { data: { testid: "error-rate-words" } });
  const latency = el("input", { type: "number", min: 0, max: 60_000, step: 50, value: 0, data: { testid: "knob-latency" } });
  const down = toggle("down", "Down", "knob-down");
  const silent = toggle("silent_metrics", "Silent metrics", "knob-silent");
  const say = () => (rateWords.textContent = `${Math.round(rate.value * 1000) / 10} %`);
  rate.addEventListener("input", say);
  rate.addEventListener("change", () => turn({ error_rate: Number(rate.value) }));
  latency.addEventListener("change", () => turn({ latency_ms: Number(latency.value) }));
  const reset = el("button", { type: "button", class: "small", data: { testid: "knob-reset" }, on: { click: () => turn({ reset: true }) } }, "Reset");
  const state = el("dl", { class: "facts", data: { testid: "target-state" } });
  const flags = el("dl", { class: "facts flags", data: { testid: "target-flags" } });
  const flagsTitle = el("summary", {});
  const effects = el("ol", { class: "effects" });
  const effectsTitle = el("summary", { data: { testid: "effect-count" } });
  byId("target-panel").replaceChildren(
    state,
    el("label", { class: "knob" }, el("span", {}, "Error rate ", rateWords), rate),
    el("label", { class: "knob side-by-side" }, el("span", {}, "Latency (ms)"), latency),
    down.row,
    silent.row,
    el("div", { class: "row" }, reset),
    el("details", {}, flagsTitle, flags),
    el("details", {}, effectsTitle, effects),
  );
  return { rate, latency, down: down.input, silent: silent.input, say, state, flags, flagsTitle, effects, effectsTitle };
}

const facts = (pairs) => pairs.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, String(value))]);

/** A control that somebody holds is left to him. */
function put(input, name, value) {
  if (document.activeElement !== input) input[name] = value;
}

/** The knobs without a control of their own, named when they are on. */
function others(target) {
  const flags = Object.entries(target.wrong_flags ?? {}).map(([key, value]) => `${key} = ${value}`);
  return [
    target.refuse && ["Connections", "refused"],
    target.hang && ["Requests", "hang"],
    target.ignore_restart && ["Restart", "ignored"],
    target.freshness_s ? ["Freshness", `${target.freshness_s} s`] : null,
    flags.length ? ["Wrong flags", flags.join(", ")] : null,
  ].filter(Boolean);
}

function draw(target) {
  controls ??= build();
  put(controls.rate, "value", target.error_rate ?? 0);
  put(controls.latency, "value", target.latency_ms ?? 0);
  controls.down.checked = Boolean(target.down);
  controls.silent.checked = Boolean(target.silent_metrics);
  controls.say();
  const flags = Object.entries(target.flags ?? {});
  const effects = target.effects ?? [];
  controls.state.replaceChildren(
    ...facts([
      ["State", target.running ? (target.down ? "running, made down" : "running") : "stopped"],
      ["Version", target.version ?? "unknown"],
      ["Graph API", target.graph_api ? "on" : "off"],
      ...others(target),
    ]),
  );
  controls.flagsTitle.textContent = `Flags (${flags.length})`;
  controls.flags.replaceChildren(...facts(flags.sort(([one], [other]) => one.localeCompare(other))));
  controls.effectsTitle.textContent = effects.length === 1 ? "1 effect" : `${effects.length} effects`;
  controls.effects.replaceChildren(
    ...effects.slice(-SHOWN_EFFECTS).reverse().map((effect) => el("li", {}, `${effect.kind} `, el("small", {}, String(effect.detail ?? "")))),
  );
}

/** Ask the target; a workspace without one has no such panel. */
export async function syncTarget() {
  try {
    draw(await drive.target());
    byId("target").hidden = false;
  } catch (error) {
    if (error.status === 404) byId("target").hidden = true;
    else if (error.status) complain(error.message);
  }
}

export function startKnobs(say) {
  complain = say;
}
