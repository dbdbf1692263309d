/** Dialogs: the browser's own, which keeps the focus inside and gives it back. */

import { ApiError } from "../api/client.js";
import { freshId, h } from "./element.js";
import { icon } from "./icons.js";

/**
 * Open a dialog. `build(close)` gives its content. Escape and the cross close it unless it is `firm`: then its own
 * buttons alone do. Resolves to what `close` was called with, undefined where it was dismissed.
 */
export function openDialog({ title, build, firm = false, wide = false }) {
  return new Promise((resolve) => {
    const heading = freshId("dialog");
    let answer;
    const close = (value) => {
      answer = value;
      dialog.close();
    };
    const cross = firm ? null : h("button", { type: "button", class: "bare", "aria-label": "Close", on: { click: () => close() } }, icon("close"));
    const dialog = h("dialog", { "aria-labelledby": heading, class: wide ? "wide" : null, closedby: firm ? "none" : "closerequest" }, h("header", {}, h("h2", { id: heading }, title), cross), build(close));
    // Browsers without `closedby` take a second Escape all the same.
    dialog.addEventListener("cancel", (event) => firm && event.preventDefault());
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
    (dialog.querySelector("[autofocus]") ?? dialog.querySelector("input, select, textarea, footer button"))?.focus();
  });
}

/** Close whatever is open: the session ended. */
export function closeDialogs() {
  document.querySelectorAll("dialog").forEach((dialog) => dialog.close());
}

/**
 * A dialog with a form. `fields` are its nodes, `submit()` does the work: what it resolves to closes the dialog. What it
 * throws is shown in the form, and a field that throws `RangeError` too; nothing is lost, and it can be tried again.
 */
export function openForm({ title, intro, fields, action, danger = false, wide = false, submit }) {
  return openDialog({
    title,
    wide,
    build: (close) => {
      const problem = h("div", { class: "form-error", role: "alert" });
      const confirm = h("button", { type: "submit", class: danger ? "danger" : "primary" }, action);
      const onSubmit = async (event) => {
        event.preventDefault();
        problem.replaceChildren();
        confirm.disabled = true;
        confirm.setAttribute("aria-busy", "true");
        try {
          close((await submit()) ?? true);
        } catch (error) {
          if (!(error instanceof ApiError || error instanceof RangeError)) console.error(error);
          problem.append(...explain(error));
          error.field?.focus();
        } finally {
          confirm.disabled = false;
          confirm.removeAttribute("aria-busy");
        }
      };
      const cancel = h("button", { type: "button", on: { click: () => close() } }, "Cancel");
      return h(
        "form",
        { novalidate: true, on: { submit: onSubmit } },
        h("div", { class: "dialog-body" }, intro ? h("p", { class: "intro" }, intro) : null, fields, problem),
        h("footer", {}, cancel, confirm),
      );
    },
  });
}

function explain(error) {
  const lines = [h("p", {}, error.message)];
  if (error.hint) lines.push(error.hint);
  if (error.requestId) lines.push(h("p", { class: "muted" }, "Request ", h("code", {}, error.requestId)));
  return lines;
}

/** Ask before something that cannot be undone. With `typed`, its name has to be typed. Resolves to true, or not. */
export function confirmDanger({ title, text, action, typed = null, submit }) {
  const id = freshId("confirm");
  const input = h("input", { id, autocomplete: "off", spellcheck: "false", autofocus: true });
  const fields = typed === null ? [] : [h("label", { for: id }, "Type ", h("code", { class: "clip" }, typed), " to confirm"), input];
  return openForm({
    title,
    intro: text,
    fields,
    action,
    danger: true,
    submit: async () => {
      if (typed !== null && input.value.trim() !== typed.trim()) {
        throw Object.assign(new RangeError("That is not the name. Nothing was done."), { field: input });
      }
      await submit();
      return true;
    },
  });
}
