/** Sign in with an admin key. */

import { fill, freshId, h } from "../dom/element.js";

export function signInView({ session, notice }) {
  const id = freshId("admin-key");
  const input = h("input", { id, type: "password", autocomplete: "off", spellcheck: "false", placeholder: "sk-sluice-admin_…", required: true, "aria-describedby": `${id}-hint` });
  const problem = h("div", { class: "form-error", role: "alert" }, notice ? h("p", {}, notice) : null);
  const button = h("button", { type: "submit", class: "primary" }, "Sign in");

  async function submit(event) {
    event.preventDefault();
    fill(problem);
    const key = input.value.trim();
    if (key === "") {
      fill(problem, h("p", {}, "Paste an admin key."));
      input.focus();
      return;
    }
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    try {
      await session.signIn(key);
    } catch (error) {
      const wrong = error.status === 401 ? "This is no valid admin key. Inference keys do not open the console." : error.message;
      fill(problem, h("p", {}, wrong), error.requestId ? h("p", { class: "muted" }, "Request ", h("code", {}, error.requestId)) : null);
      input.select();
    } finally {
      button.disabled = false;
      button.removeAttribute("aria-busy");
    }
  }

  return h(
    "main",
    { class: "sign-in", id: "main" },
    h(
      "form",
      { class: "card", novalidate: true, on: { submit } },
      h("div", { class: "brand" }, h("span", { class: "brand-mark", "aria-hidden": "true" }), "Sluice"),
      h("h1", { tabindex: "-1" }, "Sign in"),
      h("div", { class: "field" }, h("label", { for: id }, "Admin key"), input, h("p", { class: "hint", id: `${id}-hint` }, "It is kept in this page's memory alone: reloading the page, signing out, or half an hour without activity forgets it.")),
      problem,
      button,
    ),
    h("p", { class: "muted" }, "On your own machine, ", h("code", {}, "sluice dev"), " prints an admin key when it starts."),
  );
}
