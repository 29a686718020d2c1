/** The document: elements made from text nodes only, and lists brought up to date in place. */

import { carry } from "./typed.js";

/** Make an element. `on` holds listeners, `data` the data-* attributes, everything else is an attribute. */
export function el(tag, { on = {}, data = {}, ...attributes } = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) node.setAttribute(name, "");
    else if (value !== false && value != null) node.setAttribute(name, value);
  }
  for (const [name, value] of Object.entries(data)) if (value != null) node.dataset[name] = value;
  for (const [name, listener] of Object.entries(on)) node.addEventListener(name, listener);
  node.append(...children.flat(Infinity).filter((child) => child != null && child !== false && child !== ""));
  return node;
}

export const byId = (id) => document.getElementById(id);

/** An http(s) address as given, or null: nothing else may become a link. */
export function safeUrl(text) {
  try {
    const url = new URL(text);
    return url.protocol === "http:" || url.protocol === "https:" ? text : null;
  } catch {
    return null;
  }
}

export function link(url, ...label) {
  if (!safeUrl(url)) return el("span", {}, ...label);
  return el("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, ...label);
}

/**
 * Make the children of `parent` be `items` ({key, sign, build}), in order. A child whose sign did not change
 * is left alone, so that focus, open menus and typed text in it survive.
 */
export function settle(parent, items) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  items.forEach((item, index) => {
    let node = old.get(item.key);
    old.delete(item.key);
    if (!node || node.dataset.sign !== item.sign) {
      const fresh = item.build();
      fresh.dataset.key = item.key;
      fresh.dataset.sign = item.sign;
      if (node) replace(node, fresh);
      node = fresh;
    }
    if (parent.children[index] !== node) parent.insertBefore(node, parent.children[index] ?? null);
  });
  for (const child of old.values()) child.remove();
}

/** Put `fresh` in the place of `node`, keeping the focus and what was typed. */
function replace(node, fresh) {
  const focused = node.contains(document.activeElement) ? document.activeElement : null;
  carry(node, fresh);
  node.replaceWith(fresh);
  const { actionId, testid } = focused?.dataset ?? {};
  const twin = actionId
    ? fresh.querySelector(`[data-action-id="${CSS.escape(actionId)}"]`)
    : testid && fresh.querySelector(`[data-testid="${CSS.escape(testid)}"]`);
  twin?.focus({ preventScroll: true });
}

/** A short number that changes when `value` does. */
export function signature(value) {
  const text = JSON.stringify(value) ?? "";
  let sum = 5381;
  for (let index = 0; index < text.length; index += 1) sum = (sum * 33 + text.charCodeAt(index)) >>> 0;
  return `${text.length}.${sum}`;
}
