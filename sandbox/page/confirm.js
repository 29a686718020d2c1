/** The confirm dialog: asked before a dangerous button is sent. */

import { byId, el } from "./dom.js";
import { plain, textObject } from "./mrkdwn.js";

const words = (object, otherwise) => plain(object?.text ?? otherwise);

/** True when the person confirmed; closing the dialog in any other way is a no. */
export function confirmed(confirm) {
  const dialog = byId("confirm");
  return new Promise((resolve) => {
    const answer = (yes) => {
      dialog.onclose = null;
      dialog.close();
      resolve(yes);
    };
    const no = el("button", { type: "button", data: { testid: "confirm-cancel" }, on: { click: () => answer(false) } }, words(confirm.deny, "Cancel"));
    const yes = el(
      "button",
      { type: "button", class: confirm.style === "danger" ? "danger" : "primary", data: { testid: "confirm-ok" }, on: { click: () => answer(true) } },
      words(confirm.confirm, "Confirm"),
    );
    dialog.replaceChildren(
      el("h2", { id: "confirm-title" }, words(confirm.title, "Are you sure?")),
      el("div", { class: "modal-body" }, textObject(confirm.text)),
      el("footer", {}, no, yes),
    );
    dialog.onclose = () => resolve(false);
    dialog.showModal();
    // The safe answer has the focus, so that a stray Enter does nothing.
    no.focus();
  });
}
