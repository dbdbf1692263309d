/** What the organization spends, on what, and who spends it. */

import { stackedBars, swatch } from "../charts/stacked_bars.js";
import { toSeries, totalsBy } from "../charts/series.js";
import { fill, h } from "../dom/element.js";
import { emptyState, load } from "../dom/feedback.js";
import { segmented } from "../dom/fields.js";
import { card, page, stat } from "../dom/page.js";
import { replaceQuery, toHash } from "../state/router.js";
import { formatUsd, formatUsdShort } from "../text/money.js";
import { formatCompact, formatCount, plural } from "../text/numbers.js";
import { sortedBy } from "../text/sorting.js";
import { formatDay } from "../text/time.js";
import { DIMENSIONS, PERIODS, costOf, lastDays, merged, namesFor, scopeOf, tokensOf } from "./reports.js";

const TOP = 8;

export function overviewView({ session, directory, query, signal }) {
  const chosen = { days: query.days ?? "30", by: DIMENSIONS[query.by] ? query.by : "model", show: query.show === "tokens" ? "tokens" : "spend" };
  const asked = new Map();
  const content = h("div", { class: "stack" });

  /** One look per period and dimension: switching back asks nothing. */
  function reports() {
    const name = `${chosen.days} ${chosen.by}`;
    if (!asked.has(name)) {
      const answer = ask();
      asked.set(name, answer);
      answer.catch(() => asked.delete(name));
    }
    return asked.get(name);
  }

  async function ask() {
    const dimension = DIMENSIONS[chosen.by];
    const range = { ...lastDays(Number(chosen.days)), ...scopeOf(session) };
    const usage = { ...range, limit: 31, group_by: dimension.usage };
    // One after the other: the first report over a day makes its sums, the others read them.
    const costs = await session.api.costs({ ...range, group_by: dimension.cost }, signal);
    const [completions, embeddings] = await Promise.all([session.api.completions(usage, signal), session.api.embeddings(usage, signal)]);
    const used = merged(completions, embeddings);
    const ids = toSeries(costs, dimension.keyOf, costOf).series.concat(toSeries(used, dimension.keyOf, tokensOf).series).map((each) => each.key);
    return { by: chosen.by, costs, used, label: await namesFor(directory, chosen.by, ids) };
  }

  function choose(change) {
    Object.assign(chosen, change);
    replaceQuery(["overview"], chosen);
    draw();
  }

  const draw = () => load(content, reports, (report) => show(report, chosen, signal), { signal, rows: 8 });
  const controls = h(
    "div",
    { class: "toolbar" },
    segmented({ label: "Period", options: PERIODS, value: chosen.days, onChange: (days) => choose({ days }) }),
    segmented({ label: "Group by", options: Object.entries(DIMENSIONS).map(([name, each]) => [name, each.label]), value: chosen.by, onChange: (by) => choose({ by }) }),
    segmented({ label: "Show", options: [["spend", "Spend"], ["tokens", "Tokens"]], value: chosen.show, onChange: (what) => choose({ show: what }) }),
  );
  draw();
  return page({ title: "Overview", lead: "Days are UTC. Costs are those of the ledger, exact to the last request." }, controls, content);
}

function show({ by, costs, used, label }, chosen, signal) {
  const { keyOf } = DIMENSIONS[by];
  const rows = rowsOf(costs, used, keyOf);
  const total = (name) => rows.reduce((sum, row) => sum + row[name], 0);
  if (total("requests") === 0 && total("spend") === 0) {
    return emptyState("Nothing was used in this period", "Create a tenant, issue a key, and send a request: it is here as soon as it is answered.", h("a", { class: "button primary", href: toHash(["tenants"]) }, "Go to tenants"), h("a", { class: "button", href: toHash(["playground"]) }, "Open the playground"));
  }
  const tokens = chosen.show === "tokens";
  const { starts, series } = tokens ? toSeries(used, keyOf, tokensOf) : toSeries(costs, keyOf, costOf);
  const unpriced = total("unpriced");
  const noun = DIMENSIONS[by].label.toLowerCase();
  const chart = stackedBars({
    title: `${tokens ? "Tokens" : "Spend"} by day and ${noun}`,
    starts,
    series,
    signal,
    label: (each) => label(each.key),
    format: tokens ? formatCount : formatUsd,
    formatAxis: tokens ? formatCompact : formatUsdShort,
    formatStart: formatDay,
  });
  return [
    h("dl", { class: "stats" },
      stat("Spend", formatUsd(total("spend")), unpriced ? `${plural(unpriced, "request")} of unpriced models not included` : null),
      stat("Requests", formatCount(total("requests"))),
      stat("Input tokens", formatCompact(total("input")), total("cached") ? `${formatCompact(total("cached"))} of them from caches` : null),
      stat("Output tokens", formatCompact(total("output")))),
    card(`${tokens ? "Tokens" : "Spend"} by day`, {}, chart),
    card(`Top by ${noun}`, {}, topList(sortedBy(rows, (row) => (tokens ? row.input + row.output : row.spend), true), tokens, label)),
  ];
}

function rowsOf(costs, used, keyOf) {
  const rows = new Map();
  const fresh = (key) => ({ key, spend: 0, unpriced: 0, requests: 0, input: 0, cached: 0, output: 0 });
  const add = (others) => others.forEach((other) => {
    const row = rows.get(other.key) ?? fresh(other.key);
    Object.keys(other).filter((name) => name in row && name !== "key").forEach((name) => { row[name] += other[name]; });
    rows.set(other.key, row);
  });
  add(totalsBy(costs, keyOf, { spend: costOf, unpriced: (result) => result.num_unpriced_requests ?? 0 }));
  add(totalsBy(used, keyOf, {
    requests: (result) => result.num_model_requests,
    input: (result) => result.input_tokens,
    cached: (result) => result.input_cached_tokens ?? 0,
    output: (result) => result.output_tokens ?? 0,
  }));
  return [...rows.values()];
}

function topList(rows, tokens, label) {
  const of = (row) => (tokens ? row.input + row.output : row.spend);
  const most = Math.max(...rows.map(of), 1e-12);
  return h("ol", { class: "top-list" }, rows.slice(0, TOP).map((row, index) => h(
    "li",
    {},
    h("div", { class: "top-name" }, swatch(index), h("span", { class: "clip", title: label(row.key) }, label(row.key))),
    h("div", { class: "top-bar", "aria-hidden": "true" }, h("span", { style: { width: `${(100 * of(row)) / most}%` } })),
    h("div", { class: "top-value numeric" }, tokens ? formatCompact(of(row)) : formatUsd(row.spend), h("span", { class: "sub" }, plural(row.requests, "request"))),
  )));
}
