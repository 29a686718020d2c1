/** The composer: where a person types a command, a mention or a message. */

import { el } from "./dom.js";
import * as drive from "./drive.js";
import { noticeBoard } from "./notice.js";
import { state } from "./state.js";

const MENTION = /^@rollout\b[ \t]*/i;

/** Send what was typed, as what it is: a command, a mention of the bot, or plain text. */
async function send(text, thread) {
  const where = { user: state.me.id, channel: state.channel.id };
  if (thread) where.thread_ts = thread;
  if (text.startsWith("/")) {
    if (thread) throw new drive.DriveError("in_thread", "Slash commands do not work in threads. Write “@rollout” and the verb, such as “@rollout why”.");
    const [command, ...rest] = text.split(/\s+/);
    return drive.command({ ...where, command, text: text.slice(command.length).trim() });
  }
  if (MENTION.test(text)) return drive.mention({ ...where, text: text.replace(MENTION, "") });
  return drive.message({ ...where, text: text });
}

/** A taller box for longer text, up to what the style allows. */
function fit(box) {
  box.rows = Math.min(8, box.value.split("\n").length);
}

/** Fill `form`; `thread()` says in which thread it writes, `sent` runs when the answer is in. */
export function startComposer(form, { testid, label, thread, sent }) {
  const notice = noticeBoard();
  const spoken = [];
  const box = el("textarea", { id: form.id.replace("-form", "").replace("thread", "thread-composer"), rows: 1, "aria-label": label, placeholder: label, spellcheck: "false", data: { testid: testid } });
  const button = el("button", { type: "submit", class: "primary", data: { testid: testid === "composer" ? "send" : "thread-send" } }, "Send");

  const submit = async () => {
    const text = box.value.trim();
    if (!text || form.hasAttribute("aria-busy")) return;
    box.value = "";
    fit(box);
    form.setAttribute("aria-busy", "true");
    notice.say("");
    try {
      await send(text, thread());
      spoken.push(text);
    } catch (error) {
      notice.say(error.message);
      // What did not arrive is given back; after a timeout it may have arrived, and sending it twice is worse.
      if (!box.value && error.code !== "timeout") box.value = text;
      fit(box);
    } finally {
      form.removeAttribute("aria-busy");
      sent();
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  box.addEventListener("input", () => fit(box));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      submit();
    } else if (event.key === "ArrowUp" && !box.value && spoken.length) {
      event.preventDefault();
      box.value = spoken.at(-1);
    }
  });
  form.append(notice.board, el("div", { class: "composer-row" }, box, button));
  return {
    notice: notice.say,
    relabel(text) {
      box.placeholder = text;
      box.setAttribute("aria-label", text);
    },
    fill(text) {
      box.value = text;
      box.focus();
    },
    focus: () => box.focus(),
  };
}
