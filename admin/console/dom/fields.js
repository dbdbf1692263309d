/** Form fields with their labels, and what is wrong with them beside them. */

import { freshId, h } from "./element.js";

/**
 * A labelled field. `read(text)` makes a value of what was typed; a RangeError of it is shown beside the field.
 * The result has `node`, `input`, `get()` and `set(text)`.
 */
export function textField({ label, hint, value = "", type = "text", placeholder, required = false, autofocus = false, suffix, read = (text) => text.trim() || null }) {
  const id = freshId("field");
  const says = `${id}-says`;
  const input = h("input", {
    id, type, value, placeholder, autocomplete: "off", spellcheck: "false", autofocus, "aria-describedby": says,
    "aria-required": required ? "true" : null, inputmode: suffix ? "decimal" : null,
  });
  const problem = h("p", { class: "field-error" });
  const node = h(
    "div",
    { class: "field" },
    h("label", { for: id }, label, required ? null : h("span", { class: "optional" }, " optional")),
    h("div", { class: suffix ? "affixed" : null }, input, suffix ? h("span", { class: "suffix" }, suffix) : null),
    h("div", { id: says }, hint ? h("p", { class: "hint" }, hint) : null, problem),
  );
  const get = () => {
    problem.textContent = "";
    input.removeAttribute("aria-invalid");
    try {
      const answer = read(input.value);
      if (required && answer === null) throw new RangeError(`${label} is needed.`);
      return answer;
    } catch (error) {
      problem.textContent = error.message;
      input.setAttribute("aria-invalid", "true");
      throw Object.assign(error, { field: input });
    }
  };
  return { node, input, get, set: (text) => { input.value = text; } };
}

/** A labelled choice. `options` are `[value, label]`. */
export function selectField({ label, hint, options, value = "", onChange }) {
  const id = freshId("field");
  const select = h("select", { id, value, "aria-describedby": hint ? `${id}-says` : null }, options.map(([each, name]) => h("option", { value: each }, name)));
  if (onChange) select.addEventListener("change", () => onChange(select.value));
  const node = h("div", { class: "field" }, h("label", { for: id }, label), select, hint ? h("p", { class: "hint", id: `${id}-says` }, hint) : null);
  return { node, input: select, get: () => select.value };
}

/** A row of buttons of which one is chosen: radio buttons, so that arrow keys move the choice. */
export function segmented({ label, options, value, onChange }) {
  const name = freshId("segment");
  const radios = options.map(([each, text]) => {
    const radio = h("input", { type: "radio", name, value: each, checked: each === value });
    radio.addEventListener("change", () => onChange(each));
    return h("label", {}, radio, h("span", {}, text));
  });
  return h("fieldset", { class: "segmented" }, h("legend", { class: "visually-hidden" }, label), radios);
}

/** A search field that reports what is typed, as it is typed. */
export function searchField(label, onInput, value = "") {
  const input = h("input", { type: "search", placeholder: label, "aria-label": label, value, autocomplete: "off", spellcheck: "false" });
  input.addEventListener("input", () => onInput(input.value));
  return input;
}

/** A button that copies a text, and says that it did. */
export function copyButton(text, label = "Copy") {
  const said = h("span", { "aria-live": "polite" }, label);
  const button = h("button", { type: "button", class: "small" }, said);
  button.addEventListener("click", async () => {
    const copied = await copyText(typeof text === "function" ? text() : text);
    said.textContent = copied ? "Copied" : "Select it and copy";
    setTimeout(() => { said.textContent = label; }, 2000);
  });
  return button;
}

/** Whether it worked. Pages without TLS, but for this machine's own, have no clipboard: the older way is left there. */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = h("textarea", { class: "visually-hidden", "aria-hidden": "true", value: text });
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}
