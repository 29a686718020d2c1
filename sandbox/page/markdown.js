/** Markdown: the common kind, for Block Kit's markdown block. */

import { el, link } from "./dom.js";
import { emoji } from "./mrkdwn.js";
import { table } from "./table.js";

const INLINE =
  /`([^`]+)`|\[([^\]]+)\]\(([^()\s]+)\)|\*\*(\S(?:.*?\S)?)\*\*|(?<!\w)[*_](\S(?:[^*_]*\S)?)[*_](?!\w)|~~(.+?)~~|<(https?:[^<>\s]+)>|:([a-z0-9_+-]+):/g;

function inline(text) {
  const nodes = [];
  let end = 0;
  for (const found of text.matchAll(INLINE)) {
    nodes.push(text.slice(end, found.index), span(found));
    end = found.index + found[0].length;
  }
  nodes.push(text.slice(end));
  return nodes;
}

function span([, code, label, url, bold, italic, strike, bare, short]) {
  if (code !== undefined) return el("code", {}, code);
  if (url !== undefined) return link(url, inline(label));
  if (bold !== undefined) return el("strong", {}, inline(bold));
  if (italic !== undefined) return el("em", {}, inline(italic));
  if (strike !== undefined) return el("s", {}, inline(strike));
  return bare === undefined ? emoji(short) : link(bare, bare);
}

const cells = (line) => line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => inline(cell.trim()));
const RULE = /^ *\|?(?: *:?-+:? *\|)+ *:?-* *:? *$/;

// Each kind of block: the pattern of its lines, and how the run of such lines is drawn.
const KINDS = [
  [/^#{1,6} /, (run) => run.map((line) => el("h4", {}, inline(line.replace(/^#+ /, ""))))],
  [/^(?:-{3,}|\*{3,})$/, (run) => run.map(() => el("hr"))],
  [/^ *[-*+] /, (run) => el("ul", {}, run.map((line) => el("li", {}, inline(line.replace(/^ *[-*+] /, "")))))],
  [/^ *\d+[.)] /, (run) => el("ol", {}, run.map((line) => el("li", {}, inline(line.replace(/^ *\d+[.)] /, "")))))],
  [/^> ?/, (run) => el("blockquote", {}, inline(run.map((line) => line.replace(/^> ?/, "")).join("\n")))],
  [/^ *\|.*\|/, (run) => table(run.filter((line) => !RULE.test(line)).map(cells))],
  [/^ *$/, () => null],
];
const kindOf = (line) => KINDS.findIndex(([pattern]) => pattern.test(line));

function draw(kind, run) {
  return kind < 0 ? el("p", {}, inline(run.join("\n"))) : KINDS[kind][1](run);
}

function paragraphs(text) {
  const nodes = [];
  let run = [];
  let kind = null;
  const flush = () => run.length && nodes.push(draw(kind, run));
  for (const line of text.split("\n")) {
    const next = kindOf(line);
    if (next !== kind) {
      flush();
      run = [];
      kind = next;
    }
    run.push(line);
  }
  flush();
  return nodes;
}

export function markdown(text) {
  const parts = text.split(/^```[^\n]*\n([\s\S]*?)\n?```$/m);
  return el("div", { class: "rich text" }, parts.map((part, index) => (index % 2 ? el("pre", {}, part) : paragraphs(part))));
}
