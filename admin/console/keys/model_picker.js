/** Which models a tenant or a key may call: none of a list, or all but a list, from the catalogue or by pattern. */

import { fill, h } from "../dom/element.js";
import { searchField, segmented } from "../dom/fields.js";
import { emptyState } from "../dom/feedback.js";
import { matches } from "../text/search.js";

const PATTERN = /^[0-9A-Za-z._:/@*?![\]-]{1,512}$/;
const MODES = [["", "All"], ["allow_list", "Only these"], ["deny_list", "All but these"]];

/** `permissions` is the API's `{ mode, model_ids }` or null; `catalog` a Map of models by id. */
export function modelPicker({ permissions, catalog, allLabel }) {
  let mode = permissions?.mode ?? "";
  const chosen = new Set(permissions?.model_ids ?? []);
  const chips = h("ul", { class: "chips", "aria-label": "Chosen" });
  const options = h("div", { class: "options", role: "group", "aria-label": "Models of the catalogue" });
  const pattern = h("input", { "aria-label": "Id, ARN or pattern", placeholder: "an id, an ARN, or a pattern such as amazon.nova-*", autocomplete: "off", spellcheck: "false" });
  const problem = h("p", { class: "field-error", role: "alert" });
  const search = searchField("Search models", () => drawOptions());
  const list = h("div", { class: "picker" }, chips, h("div", { class: "inline" }, pattern, h("button", { type: "button", class: "small", on: { click: addPattern } }, "Add")), problem, search, options);
  const choice = segmented({ label: "Which models", options: [["", allLabel], ...MODES.slice(1)], value: mode, onChange: (value) => { mode = value; draw(); } });

  pattern.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    addPattern();
  });

  function addPattern() {
    const text = pattern.value.trim();
    problem.textContent = "";
    if (text === "") return;
    if (!PATTERN.test(text)) {
      problem.textContent = "Ids have letters, digits and . _ : / @ - alone; * and ? stand for anything.";
      return;
    }
    chosen.add(text);
    pattern.value = "";
    drawChips();
    drawOptions();
  }

  function drawChips() {
    fill(chips, [...chosen].sort().map((id) => {
      const remove = h("button", { type: "button", "aria-label": `Remove ${id}` }, h("span", { class: "clip" }, id), " ×");
      remove.addEventListener("click", () => {
        chosen.delete(id);
        drawChips();
        drawOptions();
      });
      return h("li", {}, remove);
    }));
    if (chosen.size === 0) fill(chips, h("li", { class: "muted" }, mode === "allow_list" ? "Nothing is chosen: nothing may be called." : "Nothing is chosen: nothing is denied."));
  }

  function drawOptions() {
    const found = [...catalog.values()].filter((model) => matches(search.value, [model.id, model.owned_by]));
    fill(options, found.map((model) => {
      const box = h("input", { type: "checkbox", checked: chosen.has(model.id) });
      box.addEventListener("change", () => {
        if (box.checked) chosen.add(model.id);
        else chosen.delete(model.id);
        drawChips();
      });
      return h("label", {}, box, h("span", { class: "clip" }, model.id), h("span", { class: "muted" }, model.owned_by));
    }));
    if (found.length === 0) fill(options, emptyState("No such model", "Add its id or a pattern above: what is not in the catalogue can be allowed, too."));
  }

  function draw() {
    list.hidden = mode === "";
    drawChips();
    drawOptions();
  }

  draw();
  return { node: h("div", {}, choice, list), get: () => (mode === "" ? null : { mode, model_ids: [...chosen] }) };
}

/** In a few words, for a table. */
export function summarizeModels(permissions) {
  if (!permissions || (permissions.mode === "deny_list" && permissions.model_ids.length === 0)) return "all models";
  const names = permissions.model_ids.length <= 2 ? permissions.model_ids.join(", ") : `${permissions.model_ids.length} models`;
  if (permissions.mode === "allow_list") return permissions.model_ids.length ? `only ${names}` : "no model";
  return `all but ${names}`;
}
