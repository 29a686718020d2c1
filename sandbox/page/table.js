/** Tables: rows of drawn cells; in a narrow place each row becomes a small list with the column's name beside it. */

import { el } from "./dom.js";

const words = (cell) => (Array.isArray(cell) ? cell.map((part) => part?.textContent ?? part).join("") : (cell?.textContent ?? cell ?? ""));

/** `rows` are lists of nodes or texts, the first row is the heading; `aligns` one of left, center, right per column. */
export function table(rows, aligns = []) {
  const [head = [], ...body] = rows;
  const names = head.map(words);
  const align = (index) => (aligns[index] && aligns[index] !== "left" ? `align-${aligns[index]}` : null);
  return el(
    "div",
    { class: "table" },
    el(
      "table",
      { role: "table" },
      el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, head.map((cell, index) => el("th", { scope: "col", role: "columnheader", class: align(index) }, cell)))),
      el(
        "tbody",
        { role: "rowgroup" },
        body.map((row) =>
          el("tr", { role: "row" }, row.map((cell, index) => el("td", { role: "cell", class: align(index), data: { column: names[index] } }, cell))),
        ),
      ),
    ),
  );
}
