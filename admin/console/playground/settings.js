/** What is asked of the model, beside the messages. */

import { fill, freshId, h } from "../dom/element.js";
import { selectField, textField } from "../dom/fields.js";

/** `settings` is kept up to date as its fields change; `setModels(models)` fills the picker. */
export function settingsPanel(settings) {
  const bound = (field, name) => {
    field.input.addEventListener("input", () => { settings[name] = field.input.value; });
    return field.node;
  };
  const modelId = freshId("model");
  const model = h("select", { id: modelId, disabled: true }, h("option", { value: "" }, "Connect a key first"));
  const systemId = freshId("system");
  const system = h("textarea", { id: systemId, rows: 4, value: settings.system, placeholder: "You are a helpful assistant." });
  system.addEventListener("input", () => { settings.system = system.value; });
  const effort = h("div");
  const byId = new Map();

  function showEfforts() {
    const efforts = byId.get(settings.model)?.capabilities?.reasoning_efforts ?? [];
    if (!efforts.includes(settings.effort)) settings.effort = "";
    const options = [["", "the model's default"], ...efforts.map((each) => [each, each])];
    fill(effort, efforts.length ? selectField({ label: "Reasoning effort", options, value: settings.effort, onChange: (value) => { settings.effort = value; } }).node : null);
  }

  model.addEventListener("change", () => {
    settings.model = model.value;
    showEfforts();
  });

  const node = h(
    "div",
    { class: "settings" },
    h("div", { class: "field" }, h("label", { for: modelId }, "Model"), model),
    effort,
    h("div", { class: "field" }, h("label", { for: systemId }, "System prompt"), system),
    h("div", { class: "grid two" }, bound(textField({ label: "Temperature", value: settings.temperature, placeholder: "default", suffix: "0–1" }), "temperature"), bound(textField({ label: "Max tokens", value: settings.maxTokens, placeholder: "default" }), "maxTokens")),
  );

  function setModels(models) {
    byId.clear();
    const owners = new Map();
    for (const each of models.filter((candidate) => candidate.capabilities !== null)) {
      byId.set(each.id, each);
      owners.set(each.owned_by, [...(owners.get(each.owned_by) ?? []), each]);
    }
    model.disabled = byId.size === 0;
    if (!byId.has(settings.model)) settings.model = byId.keys().next().value ?? "";
    fill(model, byId.size === 0 ? h("option", { value: "" }, "No model for this key") : [...owners].map(([owner, list]) => h("optgroup", { label: owner || "Other" }, list.map((each) => h("option", { value: each.id }, each.id)))));
    model.value = settings.model;
    showEfforts();
  }

  return { node, setModels };
}
