/** Rich text: the nested form in which Slack keeps formatted text. */

import { el, link } from "./dom.js";
import { emoji, group, mention } from "./mrkdwn.js";
import { dateToken } from "./moments.js";
import { channelName } from "./state.js";

const STYLES = [["code", "code"], ["strike", "s"], ["italic", "em"], ["bold", "strong"]];

function styled(content, style = {}) {
  return STYLES.reduce((inner, [name, tag]) => (style[name] ? el(tag, {}, inner) : inner), content);
}

const LEAVES = {
  text: (part) => part.text,
  link: (part) => link(part.url, part.text || part.url),
  emoji: (part) => emoji(part.name),
  user: (part) => mention(part.user_id),
  usergroup: (part) => group(part.usergroup_id),
  channel: (part) => el("span", { class: "mention" }, `#${channelName(part.channel_id) ?? part.channel_id}`),
  broadcast: (part) => el("span", { class: "mention mine" }, `@${part.range}`),
  date: (part) => dateToken(part.timestamp, part.format ?? "{date_short} {time}", part.url, part.fallback ?? ""),
  color: (part) => part.value,
};

const leaves = (parts = []) => parts.map((part) => styled(LEAVES[part.type]?.(part) ?? part.text ?? "", part.style));

const PARTS = {
  rich_text_section: (part) => el("p", {}, leaves(part.elements)),
  rich_text_preformatted: (part) => el("pre", {}, leaves(part.elements)),
  rich_text_quote: (part) => el("blockquote", {}, leaves(part.elements)),
  rich_text_list: (part) =>
    el(
      part.style === "ordered" ? "ol" : "ul",
      { class: `indent-${Math.min(part.indent ?? 0, 5)}`, start: part.offset ? part.offset + 1 : null },
      part.elements.map((row) => el("li", {}, leaves(row.elements))),
    ),
};

export function richText(block) {
  return el("div", { class: "rich text" }, (block.elements ?? []).map((part) => PARTS[part.type]?.(part)));
}
