/** Fields: Block Kit's elements that hold a value. */

import { el } from "./dom.js";
import { plain, textObject, unescape } from "./mrkdwn.js";
import { state } from "./state.js";

const INPUT_TYPES = {
  plain_text_input: "text",
  email_text_input: "email",
  url_text_input: "url",
  number_input: "number",
  datepicker: "date",
  timepicker: "time",
  datetimepicker: "datetime-local",
};

const label = (object) => unescape(object?.text ?? "");

function attributes(element, place, kind) {
  return {
    id: place.id,
    "aria-label": place.id ? null : label(element.placeholder) || element.action_id,
    "aria-labelledby": place.labelledBy,
    "aria-describedby": place.describedBy,
    "aria-required": place.required ? "true" : null,
    data: { field: kind, actionId: element.action_id, blockId: place.blockId },
    on: {
      input: (event) => (event.currentTarget.dataset.touched = ""),
      change: (event) => {
        event.currentTarget.dataset.touched = "";
        place.changed?.(event.currentTarget);
      },
    },
  };
}

const localMoment = (seconds) => {
  const moment = new Date(seconds * 1000);
  return new Date(moment - moment.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

function typedInput(element, place) {
  const type = INPUT_TYPES[element.type];
  const initial =
    element.initial_date_time ? localMoment(element.initial_date_time)
    : element.initial_value ?? element.initial_date ?? element.initial_time ?? "";
  const common = {
    ...attributes(element, place, type === "datetime-local" ? "moment" : "text"),
    placeholder: label(element.placeholder),
    maxlength: element.max_length,
    minlength: element.min_length,
    autocomplete: "off",
  };
  if (element.multiline) return el("textarea", { ...common, rows: 4 }, initial);
  const step = element.type === "number_input" ? (element.is_decimal_allowed ? "any" : "1") : null;
  return el("input", { ...common, type, step, min: element.min_value, max: element.max_value, value: initial });
}

function option(choice, selected) {
  return el("option", { value: choice.value, selected }, label(choice.text));
}

/** The options of a select; people and channels of the workspace stand for Slack's own lists. */
function choices(element) {
  const of = (items, name) => items.map((item) => ({ value: item.id, text: { text: name(item) } }));
  if (element.type.endsWith("users_select")) return of(state.people, (person) => person.real_name);
  if (/(channels|conversations)_select$/.test(element.type)) return of(state.channels, (channel) => `#${channel.name}`);
  return element.options ?? [];
}

function initialValues(element) {
  const one = element.initial_option?.value ?? element.initial_user ?? element.initial_channel ?? element.initial_conversation;
  const many = element.initial_options?.map((choice) => choice.value)
    ?? element.initial_users ?? element.initial_channels ?? element.initial_conversations ?? [];
  return new Set(one === undefined ? many : [one]);
}

function select(element, place) {
  const multi = element.type.startsWith("multi_");
  const initial = initialValues(element);
  const draw = (choice) => option(choice, initial.has(choice.value));
  const groups = element.option_groups?.map((group) => el("optgroup", { label: label(group.label) }, group.options.map(draw)));
  const blank = multi ? null : el("option", { value: "" }, label(element.placeholder) || "Choose…");
  return el(
    "select",
    { ...attributes(element, place, multi ? "multi" : "select"), multiple: multi, size: multi ? 4 : null },
    blank,
    groups ?? choices(element).map(draw),
  );
}

function choiceList(element, place) {
  const type = element.type === "checkboxes" ? "checkbox" : "radio";
  const initial = initialValues(element);
  const name = `${place.blockId ?? ""}.${element.action_id}.${place.drawing}`;
  const rows = (element.options ?? []).map((choice) =>
    el(
      "label",
      { class: "choice" },
      el("input", { type, name, value: choice.value, checked: initial.has(choice.value) }),
      el("span", {}, textObject(choice.text, "span"), choice.description && textObject(choice.description, "small")),
    ),
  );
  const { id, ...rest } = attributes(element, place, type === "checkbox" ? "checks" : "radios");
  return el("div", { ...rest, id, class: "choices", role: type === "radio" ? "radiogroup" : "group" }, rows);
}

let drawings = 0;

/**
 * The control for an element that holds a value, or null when the element is of another kind.
 * `place` says where it stands: {blockId, id, describedBy, required, changed(node)}.
 */
export function field(element, place) {
  drawings += 1;
  if (element.type in INPUT_TYPES) return typedInput(element, place);
  if (element.type === "checkboxes" || element.type === "radio_buttons") return choiceList(element, { ...place, drawing: drawings });
  if (element.type.endsWith("_select")) return select(element, place);
  return null;
}

export const hint = (object, id) => (object ? el("p", { class: "hint", id }, plain(object.text)) : null);
