/** Slack's mrkdwn, turned into nodes. */

import { el, link } from "./dom.js";
import { SIGNS, drawnSign, known } from "./emoji.js";
import { dateToken } from "./moments.js";
import { author, channelName, state } from "./state.js";

const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
const BROADCASTS = new Set(["here", "channel", "everyone"]);

// In order of strength: code hides everything, then references, then emoji, then the three styles.
const INLINE = new RegExp(
  [
    "`(?<code>[^`\\n]+)`",
    "<(?<reference>[^<>\\n]+)>",
    ":(?<emoji>[a-z0-9_+-]+):",
    SIGNS,
    "(?<![\\p{L}\\p{N}*])\\*(?<bold>\\S(?:[^*\\n]*\\S)?)\\*(?![\\p{L}\\p{N}*])",
    "(?<![\\p{L}\\p{N}_])_(?<italic>\\S(?:[^_\\n]*\\S)?)_(?![\\p{L}\\p{N}_])",
    "(?<![\\p{L}\\p{N}~])~(?<strike>\\S(?:[^~\\n]*\\S)?)~(?![\\p{L}\\p{N}~])",
  ].join("|"),
  "gu",
);

export const unescape = (text) => text.replace(/&(?:amp|lt|gt);/g, (entity) => ENTITIES[entity]);

const SVG = "http://www.w3.org/2000/svg";

function drawing(symbol) {
  const svg = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `emoji.svg#${symbol}`);
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

function picture({ code, symbol, sign }) {
  const name = code.replaceAll("_", " ");
  return el("span", { class: "emoji", role: "img", "aria-label": name, title: `:${code}:` }, symbol ? drawing(symbol) : sign);
}

export const emoji = (code) => (known(code) ? picture(known(code)) : `:${code}:`);

const PLAIN = new RegExp(`:(?<emoji>[a-z0-9_+-]+):|${SIGNS}`, "gu");

/** plain_text: emoji and entities, no styles. */
export const plain = (text) => runs(text, PLAIN);

export function mention(id) {
  const person = author(id);
  const mine = id === state.me?.id ? " mine" : "";
  return el("span", { class: `mention${mine}`, title: person.real_name }, `@${person.name}`);
}

const tag = (text, mine = false) => el("span", { class: mine ? "mention mine" : "mention" }, text);

function special(body, label) {
  const [kind, ...parts] = body.split("^");
  if (kind === "date") return dateToken(Number(parts[0]), unescape(parts[1] ?? ""), parts[2], unescape(label ?? ""));
  if (kind === "subteam") return group(parts[0], label);
  if (BROADCASTS.has(kind)) return tag(`@${kind}`, true);
  return tag(unescape(label ?? `@${kind}`));
}

export function group(id, label) {
  const handle = label ?? state.groups.find((known) => known.id === id)?.handle ?? id;
  return tag(`@${unescape(handle).replace(/^@/, "")}`);
}

function reference(body) {
  const bar = body.indexOf("|");
  const head = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? undefined : body.slice(bar + 1);
  if (head.startsWith("@")) return mention(head.slice(1));
  if (head.startsWith("#")) return tag(`#${channelName(head.slice(1)) ?? label ?? head.slice(1)}`);
  if (head.startsWith("!")) return special(head.slice(1), label);
  if (/^(https?|mailto):/.test(head)) return link(unescape(head), label === undefined ? unescape(head) : inline(label));
  return unescape(`<${body}>`);
}

function styled({ code, reference: body, emoji: short, sign, bold, italic, strike }) {
  if (code !== undefined) return el("code", {}, unescape(code));
  if (body !== undefined) return reference(body);
  if (short !== undefined) return emoji(short);
  if (sign !== undefined) return picture(drawnSign(sign));
  if (bold !== undefined) return el("strong", {}, inline(bold));
  if (italic !== undefined) return el("em", {}, inline(italic));
  return el("s", {}, inline(strike));
}

function runs(text, pattern) {
  const nodes = [];
  let end = 0;
  for (const found of text.matchAll(pattern)) {
    if (found.index > end) nodes.push(unescape(text.slice(end, found.index)));
    nodes.push(styled(found.groups));
    end = found.index + found[0].length;
  }
  if (end < text.length) nodes.push(unescape(text.slice(end)));
  return nodes;
}

/** One run of text without line structure. */
export const inline = (text) => runs(text, INLINE);

const QUOTED = /^(?:&gt;|>) ?/;

/** Lines: runs of quoted lines become quotes, the others keep their breaks. */
function lines(text) {
  const nodes = [];
  let quote = null;
  const all = text.split("\n");
  all.forEach((line, index) => {
    if (QUOTED.test(line)) {
      if (!quote) nodes.push((quote = el("blockquote")));
      else quote.append("\n");
      quote.append(...inline(line.replace(QUOTED, "")).flat());
      return;
    }
    if (!quote && index > 0) nodes.push("\n");
    quote = null;
    nodes.push(inline(line));
  });
  return nodes;
}

export function mrkdwn(text) {
  return text.split(/```\n?([\s\S]+?)\n?```\n?/).map((part, index, parts) => {
    if (index % 2) return el("pre", {}, unescape(part));
    return lines(index < parts.length - 1 ? part.replace(/\n$/, "") : part);
  });
}

/** A text object of Block Kit. */
export function textObject(object, name = "div", attributes = {}) {
  if (!object) return null;
  const content = object.type === "mrkdwn" ? mrkdwn(object.text ?? "") : plain(object.text ?? "");
  return el(name, { ...attributes, class: `${attributes.class ?? ""} text`.trim() }, content);
}
