/** Where a message is written: text, images, send and stop. */

import { fill, h } from "../dom/element.js";
import { icon } from "../dom/icons.js";
import { ACCEPTED, readImage } from "./images.js";

/** `onSend({ text, images })` and `onStop()`; `setBusy(busy)` swaps send for stop. */
export function composer({ onSend, onStop }) {
  let images = [];
  let busy = false;
  const text = h("textarea", { rows: 3, "aria-label": "Message", placeholder: "Write a message. Enter sends it, Shift+Enter begins a line." });
  const thumbs = h("div", { class: "pictures" });
  const problem = h("p", { class: "field-error", role: "alert" });
  const file = h("input", { type: "file", accept: ACCEPTED, multiple: true, class: "visually-hidden", "aria-label": "Add images", tabindex: "-1" });
  const attach = h("button", { type: "button", on: { click: () => file.click() } }, icon("image"), "Add image");
  const send = h("button", { type: "submit", class: "primary" }, icon("send"), "Send");
  const stop = h("button", { type: "button", hidden: true, on: { click: () => onStop() } }, icon("stop"), "Stop");

  file.addEventListener("change", async () => {
    problem.textContent = "";
    for (const each of file.files) {
      try {
        images.push(await readImage(each));
      } catch (error) {
        problem.textContent = error.message;
      }
    }
    file.value = "";
    drawThumbs();
  });

  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    submit();
  });

  function drawThumbs() {
    fill(thumbs, images.map((url, index) => {
      const remove = h("button", { type: "button", class: "bare", "aria-label": `Remove image ${index + 1}` }, icon("close"));
      remove.addEventListener("click", () => {
        images = images.filter((_, at) => at !== index);
        drawThumbs();
      });
      return h("span", { class: "thumb" }, h("img", { src: url, alt: `Image ${index + 1}` }), remove);
    }));
  }

  function submit() {
    const message = { text: text.value, images };
    if (busy || (message.text.trim() === "" && images.length === 0)) return;
    if (onSend(message) === false) return;
    text.value = "";
    images = [];
    drawThumbs();
  }

  const onSubmit = (event) => {
    event.preventDefault();
    submit();
  };
  const node = h("form", { class: "composer", on: { submit: onSubmit } }, thumbs, text, problem, h("div", { class: "actions" }, attach, file, h("span", { class: "spacer" }), stop, send));
  return {
    node,
    focus: () => text.focus(),
    setBusy(value) {
      busy = value;
      // The focus is not lost with the button that had it.
      const hadFocus = document.activeElement === stop;
      stop.hidden = !busy;
      send.hidden = busy;
      if (hadFocus) text.focus();
    },
  };
}
