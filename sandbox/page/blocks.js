/** Blocks: Block Kit, drawn as elements of the page. */

import { el } from "./dom.js";
import { element, picture, sourceOf } from "./elements.js";
import { field, hint } from "./fields.js";
import { markdown } from "./markdown.js";
import { plain, textObject } from "./mrkdwn.js";
import { richText } from "./richtext.js";
import { table } from "./table.js";

const placeOf = (block) => ({ blockId: block.block_id });

function section(block, context) {
  const words = el(
    "div",
    { class: "section-words" },
    textObject(block.text),
    block.fields && el("div", { class: "section-fields" }, block.fields.map((part) => textObject(part))),
  );
  if (!block.accessory) return el("div", { class: "section" }, words);
  return el("div", { class: "section" }, words, el("div", { class: "accessory" }, element(block.accessory, placeOf(block), context)));
}

function contextBlock(block) {
  return el(
    "div",
    { class: "context" },
    block.elements.map((part) =>
      part.type === "image" ? picture(sourceOf(part), part.alt_text ?? "", "icon") : textObject(part, "span"),
    ),
  );
}

function actions(block, context) {
  return el("div", { class: "actions", role: "group" }, block.elements.map((part) => element(part, placeOf(block), context)));
}

function image(block) {
  return el(
    "figure",
    { class: "image" },
    block.title && el("figcaption", {}, plain(block.title.text)),
    picture(sourceOf(block), block.alt_text ?? "", "wide"),
    el("figcaption", { class: "faint" }, block.alt_text ?? ""),
  );
}

let inputs = 0;

function input(block, context) {
  inputs += 1;
  const id = `input-${inputs}`;
  const act = context.act;
  const control = field(block.element, {
    ...placeOf(block),
    id,
    labelledBy: `${id}-label`,
    describedBy: `${id}-hint ${id}-error`,
    required: !block.optional,
    changed: block.dispatch_action ? (node) => act({ element: block.element, place: placeOf(block), node }) : undefined,
  });
  const name = [plain(block.label?.text ?? ""), block.optional && el("span", { class: "faint" }, " (optional)")];
  return el(
    "div",
    { class: "input", data: { inputBlock: block.block_id ?? "", inputAction: block.element.action_id, required: block.optional ? null : "" } },
    el("label", { for: id, id: `${id}-label` }, name),
    control ?? el("span", { class: "faint" }, `(${block.element.type} is not shown here)`),
    hint(block.hint, `${id}-hint`),
    el("p", { class: "error", id: `${id}-error`, role: "alert", data: { testid: "field-error" } }),
  );
}

const cellOf = (cell) => {
  if (cell.type === "rich_text") return richText(cell);
  if (cell.type === "raw_number") return String(cell.text ?? cell.value ?? "");
  return cell.text ?? "";
};

const KINDS = {
  section,
  header: (block) => el("h3", { class: "block-header" }, plain(block.text.text)),
  context: contextBlock,
  actions,
  divider: () => el("hr"),
  image,
  input,
  rich_text: richText,
  markdown: (block) => markdown(block.text ?? ""),
  table: (block) => table(block.rows.map((row) => row.map(cellOf)), block.column_settings?.map((column) => column?.align)),
  file: (block) => el("p", { class: "faint" }, `File ${block.external_id ?? ""}`),
};

/** One block that cannot be read must not take the others with it: what it is stands in its place. */
function draw(block, context) {
  const kind = Object.hasOwn(KINDS, block.type) ? KINDS[block.type] : null;
  if (!kind) return el("p", { class: "faint" }, `(a block of the kind “${block.type}” is not shown here)`);
  try {
    return kind(block, context);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return el("p", { class: "error" }, `(a block of the kind “${block.type}” is not well formed)`);
  }
}

/** `context.act({element, place, node, value})` is called when a person uses something in the blocks. */
export function blocks(list, context) {
  return el("div", { class: "blocks" }, list.map((block) => draw(block, context)));
}
