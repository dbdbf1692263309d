/** A key's secret, shown once, with programs that use it. */

import { API_URL } from "../state/session.js";
import { openDialog } from "../dom/dialog.js";
import { h } from "../dom/element.js";
import { copyButton } from "../dom/fields.js";
import { chatAsCurl, chatAsPython } from "../text/snippets.js";

const EXAMPLE_MODEL = "amazon.nova-lite-v1:0";

function exampleModel(key) {
  const named = key.models?.mode === "allow_list" ? key.models.model_ids.find((id) => !/[*?[]/.test(id)) : null;
  return named ?? EXAMPLE_MODEL;
}

function snippet(title, text) {
  return h("section", { class: "snippet" }, h("header", {}, h("h3", {}, title), copyButton(text, `Copy ${title}`)), h("pre", { tabindex: "0" }, text));
}

/** Resolves when its user says that the key is stored: neither Escape nor a click beside closes it. */
export function showSecret({ title, key, note }) {
  const body = { model: exampleModel(key), messages: [{ role: "user", content: "Hello!" }], stream: true };
  return openDialog({
    title,
    firm: true,
    wide: true,
    build: (close) => h(
      "div",
      {},
      h(
        "div",
        { class: "dialog-body" },
        h("p", { class: "callout" }, "This is the only time that the key is shown. It is stored nowhere; who loses it needs a new one."),
        h("div", { class: "secret" }, h("code", { "data-testid": "secret" }, key.value), copyButton(key.value, "Copy key")),
        note ? h("p", {}, note) : null,
        snippet("curl", chatAsCurl(API_URL, key.value, body)),
        snippet("Python", chatAsPython(API_URL, key.value, body)),
      ),
      h("footer", {}, h("button", { type: "button", class: "primary", on: { click: () => close(true) } }, "I have stored the key")),
    ),
  });
}
