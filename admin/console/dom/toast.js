/** Short messages at the edge of the page, read out by screen readers. */

import { h } from "./element.js";
import { icon } from "./icons.js";

const SUCCESS_MILLISECONDS = 5000;
const holder = h("div", { class: "toasts", popover: "manual" });
const polite = h("div", { role: "status", class: "toast-list" });
const urgent = h("div", { role: "alert", class: "toast-list" });
holder.append(polite, urgent);

/** Toasts are on the page before the first of them is shown: a live region is only heard when it changes. */
export function installToasts() {
  document.body.append(holder);
}

/** Something worked. It goes away by itself. */
export function succeed(message) {
  const toast = show(polite, "success", [h("p", {}, message)]);
  setTimeout(() => toast.remove(), SUCCESS_MILLISECONDS);
}

/** Something failed. It stays until it is closed: its request id is for whoever is asked about it. */
export function fail(error) {
  show(urgent, "failure", [h("p", {}, error.message), error.requestId ? h("code", {}, error.requestId) : null]);
}

export function clearToasts() {
  polite.replaceChildren();
  urgent.replaceChildren();
}

function show(list, kind, content) {
  const close = h("button", { type: "button", class: "bare", "aria-label": "Close" }, icon("close"));
  const toast = h("div", { class: `toast ${kind}` }, icon(kind === "success" ? "check" : "warning"), h("div", { class: "toast-text" }, content), close);
  close.addEventListener("click", () => toast.remove());
  list.append(toast);
  // A dialog is in the top layer: what is shown later is above what was shown before.
  if (holder.matches(":popover-open")) holder.hidePopover();
  holder.showPopover();
  return toast;
}
