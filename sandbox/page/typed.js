/** What somebody typed or chose in a field: read for sending, and carried into the field's next drawing. */

const chosen = (node, selector) => [...node.querySelectorAll(selector)].map((option) => option.value);

/** Text, an option's value, a list of them, or null when nothing is given. */
export function valueOf(field) {
  switch (field.dataset.field) {
    case "multi":
      return chosen(field, "option:checked");
    case "checks":
      return chosen(field, "input:checked");
    case "radios":
      return chosen(field, "input:checked")[0] ?? null;
    case "moment":
      return field.value ? Math.floor(new Date(field.value).getTime() / 1000) : null;
    default:
      return field.value === "" ? null : field.value;
  }
}

function put(field, old) {
  if (field.dataset.field === "checks" || field.dataset.field === "radios") {
    const values = new Set(chosen(old, "input:checked"));
    for (const input of field.querySelectorAll("input")) input.checked = values.has(input.value);
  } else if (field.dataset.field === "multi") {
    const values = new Set(chosen(old, "option:checked"));
    for (const option of field.options) option.selected = values.has(option.value);
  } else {
    field.value = old.value;
  }
  field.dataset.touched = "";
}

export const fieldsIn = (node) => [...node.querySelectorAll("[data-field]")];

const sameField = (one, other) =>
  one.dataset.actionId === other.dataset.actionId &&
  one.dataset.blockId === other.dataset.blockId &&
  one.dataset.field === other.dataset.field;

/** What was touched in the old drawing stands in the new one too, as Slack keeps it by block and action id. */
export function carry(old, fresh) {
  const targets = fieldsIn(fresh);
  for (const field of fieldsIn(old)) {
    if (field.dataset.touched === undefined) continue;
    const target = targets.find((candidate) => sameField(candidate, field));
    if (target) put(target, field);
  }
}

/** {block_id: {action_id: value}} of all inputs; a block without an id is given flat, by its action id. */
export function valuesIn(node) {
  const values = {};
  for (const field of fieldsIn(node)) {
    const { blockId, actionId } = field.dataset;
    if (blockId) values[blockId] = { ...values[blockId], [actionId]: valueOf(field) };
    else values[actionId] = valueOf(field);
  }
  return values;
}
