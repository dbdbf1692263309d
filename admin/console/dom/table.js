/** Tables that sort by their headers. On a narrow screen each row becomes a card, by style alone. */

import { sortedBy } from "../text/sorting.js";
import { fill, h } from "./element.js";

const SHOWN_AT_FIRST = 200;

/**
 * A table of `rows`. A column is `{ label, cell(row), value(row), numeric, hidden }`: `cell` gives what is shown,
 * `value` what is sorted by; without it the column does not sort. `sort` is `{ column, descending }` at first.
 * `update(rows)` shows others in the same order.
 */
export function createTable({ caption, columns, rows = [], sort = null, empty }) {
  let order = sort ? { ...sort } : null;
  let current = rows;
  let shown = SHOWN_AT_FIRST;
  const body = h("tbody");
  const more = h("div", { class: "more" });
  const headers = columns.map((column, index) => {
    const label = column.value
      ? h("button", { type: "button", class: "sort", on: { click: () => sortBy(index) } }, column.label, h("span", { class: "arrow", "aria-hidden": "true" }))
      : h("span", { class: column.quiet ? "visually-hidden" : null }, column.label);
    return h("th", { scope: "col", class: column.numeric ? "numeric" : null }, label);
  });
  const table = h("table", {}, h("caption", { class: "visually-hidden" }, caption), h("thead", {}, h("tr", {}, headers)), body);
  const frame = h("div", { class: "table-frame", role: "region", "aria-label": caption, tabindex: "0" }, table);
  const root = h("div", { class: "table" }, frame, more);

  function sortBy(index) {
    const again = order?.column === index;
    order = { column: index, descending: again ? !order.descending : Boolean(columns[index].numeric) };
    draw();
  }

  function draw() {
    headers.forEach((header, index) => {
      const here = order?.column === index;
      if (columns[index].value) header.setAttribute("aria-sort", here ? (order.descending ? "descending" : "ascending") : "none");
    });
    const sorted = order ? sortedBy(current, columns[order.column].value, order.descending) : current;
    fill(body, sorted.slice(0, shown).map(toRow));
    fill(more, sorted.length > shown ? showMore(sorted.length - shown) : null);
    fill(frame, current.length === 0 && empty ? empty() : table);
  }

  function toRow(row) {
    return h("tr", {}, columns.map((column, index) => {
      const attributes = { class: column.numeric ? "numeric" : null, "data-label": column.quiet ? "" : column.label };
      return h(index === 0 ? "th" : "td", index === 0 ? { ...attributes, scope: "row" } : attributes, h("div", { class: "cell" }, column.cell(row)));
    }));
  }

  function showMore(left) {
    const onClick = () => {
      shown += SHOWN_AT_FIRST;
      draw();
    };
    return h("button", { type: "button", on: { click: onClick } }, `Show more (${left} left)`);
  }

  draw();
  root.update = (others) => {
    current = others;
    draw();
  };
  return root;
}
