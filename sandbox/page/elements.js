/** Elements: what stands in an actions block or beside a section, each telling `context.act` when used. */

import { el, safeUrl } from "./dom.js";
import { field } from "./fields.js";
import { plain, textObject } from "./mrkdwn.js";
import { valueOf } from "./typed.js";

/** Only pictures of this workspace and inline ones are fetched; of any other the alt text is shown. */
export function picture(source, alt, className) {
  const url = source ?? "";
  const local = url.startsWith("/") || url.startsWith("data:image/") || url.startsWith(`${location.origin}/`);
  if (!local) return el("span", { class: "no-picture", role: "img", "aria-label": alt }, alt);
  return el("img", { class: className, src: url, alt, title: alt, loading: "lazy" });
}

export const sourceOf = (element) => element.image_url ?? element.slack_file?.url ?? element.slack_file?.url_private;

function button(element, place, context) {
  const attributes = {
    class: `press ${element.style ?? ""}`.trim(),
    "aria-label": element.accessibility_label,
    data: { actionId: element.action_id, blockId: place.blockId },
    on: { click: (event) => context.act({ element, place, node: event.currentTarget, value: element.value }) },
  };
  if (element.url && safeUrl(element.url)) {
    return el("a", { ...attributes, href: element.url, target: "_blank", rel: "noopener noreferrer" }, plain(element.text.text));
  }
  return el("button", { ...attributes, type: "button" }, plain(element.text.text));
}

function closeMenu(menu, opener) {
  menu.hidden = true;
  opener.setAttribute("aria-expanded", "false");
}

function overflow(element, place, context) {
  const opener = el(
    "button",
    {
      type: "button",
      class: "press more",
      "aria-label": "More actions",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      data: { actionId: element.action_id, blockId: place.blockId },
    },
    "⋯",
  );
  const choose = (choice) => {
    closeMenu(menu, opener);
    context.act({ element, place, node: opener, value: choice.value });
  };
  const menu = el(
    "div",
    { class: "menu", role: "menu", hidden: true },
    element.options.map((choice) =>
      el(
        "button",
        { type: "button", role: "menuitem", data: { optionValue: choice.value }, on: { click: () => choose(choice) } },
        textObject(choice.text, "span"),
        choice.description && textObject(choice.description, "small"),
      ),
    ),
  );
  opener.addEventListener("click", () => {
    if (!menu.hidden) return closeMenu(menu, opener);
    menu.hidden = false;
    opener.setAttribute("aria-expanded", "true");
    menu.classList.toggle("flip", menu.getBoundingClientRect().right > document.documentElement.clientWidth - 8);
    menu.querySelector("button")?.focus();
    menu.scrollIntoView({ block: "nearest" });
    return undefined;
  });
  const wrapper = el("div", { class: "overflow" }, opener, menu);
  wrapper.addEventListener("focusout", (event) => {
    if (!wrapper.contains(event.relatedTarget)) closeMenu(menu, opener);
  });
  wrapper.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || menu.hidden) return;
    event.stopPropagation();
    closeMenu(menu, opener);
    opener.focus();
  });
  return wrapper;
}

/** A field in a message acts at once when it changes; a text field when Enter is pressed. */
function liveField(element, place, context) {
  const act = (node) => context.act({ element, place, node, value: valueOf(node) });
  const control = field(element, { ...place, changed: element.type === "plain_text_input" ? undefined : act });
  if (control && element.type === "plain_text_input") {
    control.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && !event.shiftKey) act(control);
    });
  }
  return control;
}

/** Draw one element of an actions block or an accessory. */
export function element(part, place, context) {
  if (part.type === "button") return button(part, place, context);
  if (part.type === "overflow") return overflow(part, place, context);
  if (part.type === "image") return picture(sourceOf(part), part.alt_text ?? "", "thumb");
  return liveField(part, place, context) ?? el("span", { class: "faint" }, `(${part.type} is not shown here)`);
}
