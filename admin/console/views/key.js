/** One key: what it may, what it used, what can be done with it. */

import { toSeries } from "../charts/series.js";
import { stackedBars } from "../charts/stacked_bars.js";
import { h } from "../dom/element.js";
import { emptyState, load } from "../dom/feedback.js";
import { copyButton } from "../dom/fields.js";
import { card, facts, page } from "../dom/page.js";
import { disableKey, editLimits, editModels, enableKey, renameKey, revokeKey, rotateKey } from "../keys/actions.js";
import { budgetBars } from "../keys/budget_bar.js";
import { ownerOf, statusBadge } from "../keys/keys_table.js";
import { summarizeLimits } from "../keys/limits_fields.js";
import { summarizeModels } from "../keys/model_picker.js";
import { go, toHash } from "../state/router.js";
import { formatUsd, formatUsdShort } from "../text/money.js";
import { formatCompact, plural } from "../text/numbers.js";
import { middleCut } from "../text/search.js";
import { formatDay, formatMoment, formatRelative } from "../text/time.js";
import { costOf, lastDays } from "./reports.js";

export function keyView(context) {
  const { session, path, signal } = context;
  const content = h("div");
  const ask = async () => {
    const [project, { body: key }] = await Promise.all([session.api.project(path[1], signal), session.api.key(path[1], path[3], signal)]);
    return { ...context, project, key };
  };
  load(content, ask, show, { signal, rows: 8 });
  return content;
}

function show(context) {
  const { project, key } = context;
  const owner = ownerOf(key);
  return page(
    { title: middleCut(key.name, 80), crumbs: [["Tenants", toHash(["tenants"])], [middleCut(project.name, 40), toHash(["tenants", project.id])]], actions: actionsOf(context) },
    h("div", { class: "id-line" }, h("code", {}, key.redacted_value), h("code", {}, key.id), copyButton(key.id, "Copy id"), statusBadge(key)),
    h(
      "div",
      { class: "columns" },
      budgetCard(context),
      card("Key", {}, facts([
        ["Owner", h("span", {}, middleCut(owner.name, 64), h("span", { class: "sub" }, [owner.kind, owner.email, owner.id].filter(Boolean).map((text) => middleCut(text, 64)).join(" · ")))],
        ["Models", middleCut(summarizeModels(key.models), 200)],
        ["Limits", summarizeLimits(key) ?? "none of its own: the tenant's hold"],
        ["Expires", key.expires_at === null ? "never" : `${formatMoment(key.expires_at)}, ${formatRelative(key.expires_at, Date.now() / 1000)}`],
        ["Created", formatMoment(key.created_at)],
        ["Version", String(key.version)],
      ])),
    ),
    usageCard(context),
  );
}

function actionsOf(context) {
  const { session, key, project, refresh } = context;
  const { manageKeys, operateKeys } = session.abilities;
  if (project.status !== "active" || !operateKeys) return [];
  const button = (text, action, kind, after = refresh) => h("button", { type: "button", class: kind, on: { click: async () => { if (await action(context)) after(); } } }, text);
  const limits = manageKeys ? [button("Rename", renameKey), button("Edit limits", editLimits), button("Edit models", editModels)] : [];
  const power = key.status === "active" ? button("Disable", disableKey) : button("Enable", enableKey, "primary");
  return [...limits, button("Rotate", rotateKey), power, button("Revoke", revokeKey, "danger-quiet", () => go(["tenants", project.id]))];
}

function budgetCard({ session, project, key, signal }) {
  const content = h("div");
  load(content, () => session.api.keyBudget(project.id, key.id, signal), (budget) => [
    budgetBars(budget),
    h("p", { class: "muted" }, `${plural(budget.requests, "request")} and ${formatCompact(budget.settled_tokens.total_tokens)} tokens this month`),
  ], { signal, rows: 2 });
  return card("Budget", {}, content);
}

function usageCard({ session, project, key, signal }) {
  const content = h("div");
  const query = { ...lastDays(30), project_ids: [project.id], api_key_ids: [key.id], group_by: ["line_item"] };
  load(content, () => session.api.costs(query, signal), (buckets) => {
    const { starts, series } = toSeries(buckets, (result) => result.line_item, costOf);
    if (series.length === 0) return emptyState("Not used in the last 30 days", "Send a request with this key: it is here as soon as it is answered.");
    return stackedBars({ title: "Spend by day and model", starts, series, signal, label: (each) => each.key, format: formatUsd, formatAxis: formatUsdShort, formatStart: formatDay });
  }, { signal, rows: 4 });
  return card("Spend, last 30 days", {}, content);
}
