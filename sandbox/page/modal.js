/** The modal: the top view of the acting person's stack, with its inputs, its errors and its two ways out. */

import { blocks } from "./blocks.js";
import { byId, el } from "./dom.js";
import * as drive from "./drive.js";
import { plain } from "./mrkdwn.js";
import { noticeBoard } from "./notice.js";
import { pressing } from "./press.js";
import { state } from "./state.js";
import { carry, fieldsIn, valueOf, valuesIn } from "./typed.js";

const dialog = () => byId("modal");
let shown = null;
let settled = () => {};

const isEmpty = (value) => value === null || (Array.isArray(value) && value.length === 0) || (typeof value === "string" && !value.trim());

function showErrors(form, errors) {
  let first = null;
  for (const box of form.querySelectorAll("[data-input-block]")) {
    const words = errors[box.dataset.inputBlock] ?? errors[box.dataset.inputAction] ?? "";
    box.querySelector(".error").textContent = words;
    const field = box.querySelector("[data-field]");
    if (words) field?.setAttribute("aria-invalid", "true");
    else field?.removeAttribute("aria-invalid");
    if (words) first ??= field;
  }
  (first?.matches("input, select, textarea") ? first : first?.querySelector("input"))?.focus();
}

function flaw(box, field) {
  const value = valueOf(field);
  if (isEmpty(value)) return box.dataset.required === undefined ? null : "Please fill this in.";
  const least = field.minLength ?? -1;
  return typeof value === "string" && value.length < least ? `Please write at least ${least} characters.` : null;
}

/** What Slack's own client refuses before the app is asked. */
function flaws(form) {
  const errors = {};
  for (const box of form.querySelectorAll("[data-input-block]")) {
    const [field] = fieldsIn(box);
    const words = field && flaw(box, field);
    if (words) errors[box.dataset.inputBlock || box.dataset.inputAction] = words;
  }
  return errors;
}

async function submit(form, entry, say) {
  if (form.hasAttribute("aria-busy")) return;
  const gaps = flaws(form);
  showErrors(form, gaps);
  if (Object.keys(gaps).length) return;
  form.setAttribute("aria-busy", "true");
  say("");
  try {
    const answer = await drive.submit({ user: state.me.id, view_id: entry.id, values: valuesIn(form) });
    if (answer.errors) showErrors(form, answer.errors);
  } catch (error) {
    say(error.message);
  } finally {
    form.removeAttribute("aria-busy");
    settled();
  }
}

async function leave(entry) {
  try {
    await drive.close({ user: state.me.id, view_id: entry.id });
  } catch (error) {
    // A view that is gone already is as closed as it can be.
    if (error.status !== 404) byId("modal").querySelector("[data-testid=notice] span").textContent = error.message;
  }
  settled();
}

function build(entry) {
  const { view } = entry;
  const { board, say } = noticeBoard();
  const context = pressing({ view_id: entry.id }, say, settled);
  const close = el("button", { type: "button", data: { testid: "modal-close" }, on: { click: () => leave(entry) } }, plain(view.close?.text ?? "Close"));
  const send = view.submit || view.blocks.some((block) => block.type === "input")
    ? el("button", { type: "submit", class: "primary", data: { testid: "modal-submit" } }, plain(view.submit?.text ?? "Submit"))
    : null;
  const form = el(
    "form",
    { novalidate: true, data: { viewId: entry.id, callbackId: view.callback_id } },
    el("h2", { id: "modal-title" }, plain(view.title?.text ?? "")),
    el("div", { class: "modal-body" }, blocks(view.blocks ?? [], context), board),
    el("footer", {}, close, send),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit(form, entry, say);
  });
  return form;
}

const focusable = "[data-field]:not(div), [data-field] input, [data-testid=modal-submit], [data-testid=modal-close]";

/** Show the top view, if there is one; an unchanged view is left alone with all that is typed in it. */
export function drawModal() {
  const top = state.views.filter((view) => view.type === "modal").at(-1) ?? null;
  const mark = top && `${state.me.id}.${top.id}.${top.hash}`;
  if (mark === shown?.mark) return;
  const box = dialog();
  if (!top) {
    shown = null;
    box.close();
    box.replaceChildren();
    return;
  }
  const form = build(top);
  const old = box.querySelector("form");
  if (old && shown?.id === top.id) carry(old, form);
  shown = { mark, id: top.id, entry: top };
  box.replaceChildren(form);
  if (!box.open) box.showModal();
  form.querySelector(focusable)?.focus();
}

export function startModal(after) {
  settled = after;
  dialog().addEventListener("cancel", (event) => {
    // The workspace closes the view; the dialog follows it.
    event.preventDefault();
    if (shown) leave(shown.entry);
  });
}
