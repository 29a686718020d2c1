/** Notices: what the workspace tells one person beside the conversation, in words, until he closes it. */

import { el } from "./dom.js";

/** A place for one notice; an empty text clears it. */
export function noticeBoard() {
  const words = el("span", {});
  const close = el("button", { type: "button", class: "quiet", "aria-label": "Close this notice" }, "✕");
  const board = el("div", { class: "notice", role: "alert", hidden: true, data: { testid: "notice" } }, words, close);
  const say = (text) => {
    words.textContent = text;
    board.hidden = !text;
  };
  close.addEventListener("click", () => say(""));
  return { board, say };
}
