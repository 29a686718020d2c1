/** People: who one can act as, and how each is drawn. */

import { byId, el, settle, signature } from "./dom.js";
import { keep, shortName, state } from "./state.js";

const HUES = 8;

const hue = (person) => (state.people.indexOf(person) + HUES) % HUES;

export function avatar(person) {
  if (person.app) return el("img", { class: "avatar", src: "icon.svg", alt: "" });
  return el("span", { class: `avatar hue-${hue(person)}`, "aria-hidden": "true" }, shortName(person).slice(0, 2));
}

const standing = (person) => {
  const guilds = person.guilds.length ? person.guilds.join(", ") : "no guild";
  return `${person.role.replace("-", " ")} · ${guilds}`;
};

function row(person, choose) {
  const mine = person.id === state.me?.id;
  return el(
    "li",
    {},
    el(
      "button",
      {
        type: "button",
        class: "person",
        "aria-pressed": String(mine),
        title: `${person.real_name}: ${standing(person)}`,
        data: { testid: `person-${person.name}` },
        on: { click: () => choose(person) },
      },
      avatar(person),
      el("span", { class: "person-words" }, el("span", { class: "person-name" }, shortName(person)), el("small", {}, standing(person))),
      mine && el("span", { class: "you" }, "you"),
    ),
  );
}

export function drawPeople(choose) {
  settle(
    byId("people"),
    state.people.map((person) => ({
      key: person.id,
      sign: signature([person, person.id === state.me?.id]),
      build: () => row(person, choose),
    })),
  );
  if (state.me) {
    byId("me").replaceChildren(avatar(state.me), el("span", {}, el("small", {}, "You are "), el("strong", {}, shortName(state.me))));
    byId("me").title = `${state.me.real_name}: ${standing(state.me)}`;
  }
}

export function become(person) {
  state.me = person;
  keep("person", person.id);
}
