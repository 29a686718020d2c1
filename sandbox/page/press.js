/** Presses: a person's use of a button or a field, confirmed if asked for, then sent. */

import { confirmed } from "./confirm.js";
import * as drive from "./drive.js";
import { state } from "./state.js";

/** What was pressed, without what is not known. */
function body(where, { element, place, value }) {
  const sent = { user: state.me.id, ...where, action_id: element.action_id };
  if (place.blockId) sent.block_id = place.blockId;
  if (value !== undefined && value !== null && element.type !== "button") sent.value = value;
  if (element.confirm) sent.ignore_confirm = true;
  return sent;
}

/**
 * The `context` of blocks: `where` is {channel, ts} or {view_id}, `complain` gets the words of a failure,
 * `settled` runs when an answer is in.
 */
export function pressing(where, complain, settled) {
  return {
    async act(press) {
      if (press.element.confirm && !(await confirmed(press.element.confirm))) return;
      press.node.setAttribute("aria-busy", "true");
      try {
        await drive.click(body(where, press));
        complain("");
      } catch (error) {
        complain(error.message);
      } finally {
        press.node.removeAttribute("aria-busy");
        settled();
      }
    },
  };
}
