/** Fields of budgets and rate limits, as a key and a tenant have them, and back to what the API takes. */

import { selectField, textField } from "../dom/fields.js";
import { fill, h } from "../dom/element.js";
import { centsToText, formatUsdShort, parseCents } from "../text/money.js";
import { formatCompact, parseCount } from "../text/numbers.js";

const MOST_TOKENS = 9_000_000_000_000;

const RATES = [
  ["max_requests_per_1_minute", "Requests a minute"],
  ["max_tokens_per_1_minute", "Tokens a minute"],
  ["max_parallel_requests", "Requests at the same time"],
];

function countField(label, value, most) {
  return textField({ label, value: value === null || value === undefined ? "" : String(value), placeholder: "no limit", read: (text) => parseCount(text, most) });
}

function spendField(limits, interval, currency) {
  const set = (limits?.spend_limits ?? []).find((each) => each.interval === interval && each.currency === currency);
  const label = `${interval === "day" ? "A day" : "A month"}, ${currency === "usd" ? "US dollars" : "tokens"}`;
  const field = currency === "usd"
    ? textField({ label, value: centsToText(set?.threshold_amount), placeholder: "no limit", suffix: "USD", read: parseCents })
    : countField(label, set?.threshold_amount, MOST_TOKENS);
  return { ...field, interval, currency };
}

/** `limits` is a key or a tenant's limits, null for none. `node` is the fields, `get()` the fields of a body. */
export function limitsFields(limits, { ofKey }) {
  const spends = [["month", "usd"], ["day", "usd"], ["month", "tokens"], ["day", "tokens"]].map(([interval, currency]) => spendField(limits, interval, currency));
  const rates = RATES.map(([name, label]) => [name, countField(label, limits?.rate_limits?.[name])]);
  const models = modelRates(limits?.model_rate_limits ?? []);
  const mode = selectField({
    label: "When a request could cost more than is left",
    value: limits?.budget_mode ?? "",
    options: [["", ofKey ? "As the tenant says" : "Refuse it"], ...(ofKey ? [["reject", "Refuse it"]] : []), ["clamp", "Shorten its answer to what is affordable"]],
  });
  const node = h(
    "div",
    {},
    h("fieldset", {}, h("legend", {}, "Budgets"), h("p", { class: "hint" }, "Days and months are UTC. A request that does not fit is refused, and uses up nothing."), h("div", { class: "grid two" }, spends.map((each) => each.node)), mode.node),
    h("fieldset", {}, h("legend", {}, "Rate limits"), h("div", { class: "grid three" }, rates.map(([, field]) => field.node)), models.node),
  );
  return { node, get: () => toBody({ spends, rates, models, mode }) };
}

function toBody({ spends, rates, models, mode }) {
  const spend = spends
    .map((field) => ({ interval: field.interval, currency: field.currency, threshold_amount: field.get() }))
    .filter((each) => each.threshold_amount !== null);
  const zero = spend.find((each) => each.threshold_amount === 0);
  if (zero) throw new RangeError("A budget is at least one cent. To stop all requests, disable the key.");
  const rate = Object.fromEntries(rates.map(([name, field]) => [name, field.get()]));
  const limited = Object.values(rate).some((value) => value !== null);
  return { spend_limits: spend.length ? spend : null, rate_limits: limited ? rate : null, model_rate_limits: models.get(), budget_mode: mode.get() || null };
}

/** Rate limits of one model each: rows that can be added and taken away. */
function modelRates(existing) {
  const rows = [];
  const list = h("div", { class: "model-rates" });
  const add = (rate = {}) => {
    const model = textField({ label: "Model", value: rate.model ?? "", required: true, placeholder: "as clients ask for it" });
    const fields = RATES.map(([name, label]) => [name, countField(label, rate[name])]);
    const row = { get: () => ({ model: model.get(), ...Object.fromEntries(fields.map(([name, field]) => [name, field.get()])) }) };
    const remove = h("button", { type: "button", class: "small" }, "Remove this model's limits");
    const node = h("div", { class: "model-rate" }, model.node, h("div", { class: "grid three" }, fields.map(([, field]) => field.node)), remove);
    remove.addEventListener("click", () => {
      rows.splice(rows.indexOf(row), 1);
      node.remove();
    });
    rows.push(row);
    list.append(node);
    return model.input;
  };
  existing.forEach(add);
  const button = h("button", { type: "button", class: "small", on: { click: () => add().focus() } }, "Limit one model");
  return { node: fill(h("div", {}), list, button), get: () => (rows.length ? rows.map((row) => row.get()) : null) };
}

/** What limits amount to, in a few words for a table; null for none. */
export function summarizeLimits(limits) {
  const parts = (limits.spend_limits ?? []).map((each) => {
    const amount = each.currency === "usd" ? formatUsdShort(each.threshold_amount / 100) : `${formatCompact(each.threshold_amount)} tokens`;
    return `${amount}/${each.interval}`;
  });
  const rate = limits.rate_limits;
  if (rate?.max_requests_per_1_minute) parts.push(`${rate.max_requests_per_1_minute} requests/min`);
  if (rate?.max_tokens_per_1_minute) parts.push(`${formatCompact(rate.max_tokens_per_1_minute)} tokens/min`);
  if (rate?.max_parallel_requests) parts.push(`${rate.max_parallel_requests} at once`);
  const models = limits.model_rate_limits?.length ?? 0;
  if (models) parts.push(`${models} by model`);
  return parts.length ? parts.join(" · ") : null;
}
