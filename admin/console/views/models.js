/** The catalogue: which models there are, what they can do, and what they cost. */

import { ApiError } from "../api/client.js";
import { h } from "../dom/element.js";
import { emptyState, load } from "../dom/feedback.js";
import { searchField, segmented } from "../dom/fields.js";
import { page } from "../dom/page.js";
import { createTable } from "../dom/table.js";
import { replaceQuery } from "../state/router.js";
import { formatPico, formatPrice } from "../text/money.js";
import { formatCompact } from "../text/numbers.js";
import { matches, middleCut } from "../text/search.js";

const ABILITIES = [["tools", "tools"], ["images", "images"], ["documents", "files"], ["audio", "audio"], ["video", "video"], ["json_schema", "JSON schema"], ["prompt_caching", "prompt cache"]];
const KINDS = { all: ["All", () => true], chat: ["Chat", (model) => model.capabilities !== null], embed: ["Embeddings", (model) => model.capabilities === null], unpriced: ["Without a price", (model) => model.price === null] };

export function modelsView({ directory, query, signal }) {
  let wanted = query.q ?? "";
  let kind = KINDS[query.kind] ? query.kind : "all";
  let all = [];
  let table = null;
  const content = h("div");
  const found = () => all.filter((model) => KINDS[kind][1](model) && matches(wanted, [model.id, model.bedrock_id, model.owned_by]));

  async function ask() {
    try {
      return [...(await directory.models()).values()];
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  }

  function show(models) {
    if (models === null) return emptyState("The catalogue is not available here", "Your role may not read it, or this gateway does not list it over the admin API.");
    all = models;
    table = createTable({ caption: "Models", rows: found(), columns: columns(), empty: () => emptyState("No model matches", "Try a provider's name, or a part of an id.") });
    return table;
  }

  function look(change) {
    ({ wanted, kind } = { wanted, kind, ...change });
    replaceQuery(["models"], { q: wanted, kind });
    table?.update(found());
  }

  load(content, ask, show, { signal });
  return page(
    { title: "Models", lead: "What Bedrock lists in this region, and the deployment's aliases. Prices are US dollars per million tokens, on demand." },
    h("div", { class: "toolbar" }, searchField("Search models", (text) => look({ wanted: text }), wanted), segmented({ label: "Kind", options: Object.entries(KINDS).map(([name, [text]]) => [name, text]), value: kind, onChange: (value) => look({ kind: value }) })),
    content,
  );
}

function columns() {
  const price = (label, name) => ({ label, numeric: true, cell: (model) => formatPrice(model.price?.[name]), value: (model) => model.price?.[name] });
  return [
    { label: "Model", cell: (model) => h("div", {}, h("span", { class: "strong", title: model.id }, middleCut(model.id, 64)), h("span", { class: "sub" }, model.bedrock_id === model.id ? model.owned_by : `${model.owned_by} · ${middleCut(model.bedrock_id, 64)}`)), value: (model) => model.id },
    { label: "Can", cell: abilitiesCell },
    { label: "Most output", numeric: true, cell: (model) => formatCompact(model.capabilities?.max_output_tokens), value: (model) => model.capabilities?.max_output_tokens },
    price("Input", "input"),
    { ...price("Output", "output"), cell: outputCell },
    price("Cache read", "cache_read"),
    price("Cache write", "cache_write_5m"),
  ];
}

function abilitiesCell({ capabilities }) {
  if (capabilities === null) return h("span", { class: "badge plain" }, "embeddings");
  const badges = ABILITIES.filter(([name]) => capabilities[name]).map(([, text]) => h("span", { class: "badge plain" }, text));
  if (capabilities.reasoning_efforts.length) badges.push(h("span", { class: "badge plain", title: capabilities.reasoning_efforts.join(", ") }, "reasoning"));
  return h("div", { class: "badges" }, badges.length ? badges : h("span", { class: "muted" }, "text"));
}

function outputCell({ price, capabilities }) {
  if (price === null) return h("span", { class: "badge warn", title: "Budgets in US dollars refuse it: set a price in SLUICE_MODELS_FILE." }, "no price");
  const notes = [];
  if (price.image !== null) notes.push(`${formatPico(price.image)} an image`);
  price.tiers.forEach((tier) => notes.push(`${formatPrice(tier.input)} in, ${formatPrice(tier.output)} out above ${formatCompact(tier.above_prompt_tokens)}`));
  return h("div", {}, capabilities === null ? "—" : formatPrice(price.output), notes.map((note) => h("span", { class: "sub" }, note)));
}
