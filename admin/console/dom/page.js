/** The frame of a view: its heading, what can be done, its content. */

import { h } from "./element.js";

/** The heading takes the focus when the view is opened: screen readers begin there. */
export function page({ title, lead, actions = [], crumbs = [] }, ...content) {
  const trail = crumbs.length ? h("nav", { class: "crumbs", "aria-label": "Breadcrumb" }, crumbs.map(([text, href]) => h("a", { href }, text))) : null;
  return h(
    "div",
    { class: "page" },
    trail,
    h("header", { class: "page-head" }, h("div", { class: "page-title" }, h("h1", { tabindex: "-1" }, title), lead ? h("p", { class: "muted" }, lead) : null), actions.length ? h("div", { class: "actions" }, actions) : null),
    content,
  );
}

/** A box with a heading. */
export function card(title, { actions = [], id } = {}, ...content) {
  return h("section", { class: "card", id }, h("header", { class: "card-head" }, h("h2", {}, title), actions.length ? h("div", { class: "actions" }, actions) : null), content);
}

/** A number that matters, with what it is. */
export function stat(label, value, note) {
  return h("div", { class: "stat" }, h("dt", {}, label), h("dd", {}, value), note ? h("dd", { class: "muted note" }, note) : null);
}

/** Pairs of a name and a value. */
export function facts(pairs) {
  return h("dl", { class: "facts" }, pairs.filter(Boolean).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))));
}
