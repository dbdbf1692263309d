/** What is shown while, instead of, and beside what was asked for. */

import { ApiError, isAbort } from "../api/client.js";
import { fill, h } from "./element.js";
import { icon } from "./icons.js";

/** Grey bars where rows will be. */
export function skeleton(rows = 5) {
  const bars = Array.from({ length: rows }, () => h("div", { class: "skeleton-bar" }));
  return h("div", { class: "skeleton", role: "status", "aria-label": "Loading" }, bars);
}

/** Nothing is there yet: says why, and what to do next. */
export function emptyState(title, text, ...actions) {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, title), h("p", {}, text), actions.length ? h("div", { class: "actions" }, actions) : null);
}

/** Why something is not there, with what support needs to know, and a way to try again. */
export function errorState(error, retry) {
  const refused = error instanceof ApiError && error.status === 403;
  const button = retry && !refused ? h("button", { type: "button", on: { click: retry } }, "Try again") : null;
  return h(
    "div",
    { class: "empty error-state", role: "alert" },
    icon("warning"),
    h("p", { class: "empty-title" }, titleOf(error)),
    h("p", {}, error.message),
    error.requestId ? h("p", { class: "muted" }, "Request ", h("code", {}, error.requestId)) : null,
    button,
  );
}

function titleOf(error) {
  if (!(error instanceof ApiError)) return "This could not be loaded";
  return { 403: "Not for your role", 404: "Not found" }[error.status] ?? "This could not be loaded";
}

const latest = new WeakMap();

/**
 * Fill `container` with what `ask` resolves to: a skeleton first, then `show(answer)`, or the error with a way to try
 * again. What was asked for by a view that was left is dropped, and so is what the container no longer waits for.
 */
export async function load(container, ask, show, { signal, rows } = {}) {
  const turn = Symbol("load");
  const isOver = () => signal?.aborted || latest.get(container) !== turn;
  latest.set(container, turn);
  fill(container, skeleton(rows));
  container.setAttribute("aria-busy", "true");
  try {
    const answer = await ask();
    if (!isOver()) fill(container, show(answer));
  } catch (error) {
    if (isAbort(error) || isOver()) return;
    if (!(error instanceof ApiError)) console.error(error);
    fill(container, errorState(error, () => load(container, ask, show, { signal, rows })));
  } finally {
    if (latest.get(container) === turn) container.removeAttribute("aria-busy");
  }
}
