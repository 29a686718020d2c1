/** The home: what the app shows to the acting person alone, in a tab of its own. */

import { blocks } from "./blocks.js";
import { byId, el } from "./dom.js";
import * as drive from "./drive.js";
import { pressing } from "./press.js";
import { keep, recall, state } from "./state.js";

let shown = null;

const mine = () => state.views.find((view) => view.type === "home") ?? null;

/** Whether the tab stands in the place of the channel. */
export const isHome = () => state.home;

/** Open or leave the tab; the app hears of it each time that it is opened. */
export async function goHome(open) {
  state.home = open;
  keep("home", open ? "yes" : "");
  shown = null;
  if (open) await drive.home({ user: state.me.id });
}

export const wasHome = () => recall("home") === "yes";

/** Draw the tab if it is open; an unchanged one is left alone. `hooks`: complain(text), settled(). */
export function drawHome(hooks) {
  const box = byId("home");
  for (const id of ["messages", "composer-form"]) byId(id).hidden = state.home;
  byId("home-open").setAttribute("aria-current", String(state.home));
  box.hidden = !state.home;
  if (!state.home) return;
  byId("channel-name").textContent = "rollout";
  byId("channel-topic").textContent = "Home";
  const entry = mine();
  const mark = `${state.me.id}.${entry?.id}.${entry?.hash}`;
  if (mark === shown) return;
  shown = mark;
  const notice = el("p", { class: "error", role: "status", data: { testid: "home-notice" } });
  const say = (text) => (notice.textContent = text);
  const context = entry && pressing({ view_id: entry.id }, say, hooks.settled);
  box.replaceChildren(entry ? blocks(entry.view.blocks, context) : el("p", { class: "faint" }, "The app has shown nothing here yet."), notice);
}
