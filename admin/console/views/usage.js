/** Usage in detail: by hour or day, of everything or one tenant, by model, tenant, key or user; and its export. */

import { toSeries, totalsBy } from "../charts/series.js";
import { stackedBars } from "../charts/stacked_bars.js";
import { h } from "../dom/element.js";
import { emptyState, load } from "../dom/feedback.js";
import { segmented, selectField } from "../dom/fields.js";
import { icon } from "../dom/icons.js";
import { card, page } from "../dom/page.js";
import { createTable } from "../dom/table.js";
import { fail, succeed } from "../dom/toast.js";
import { replaceQuery } from "../state/router.js";
import { formatCompact, formatCount } from "../text/numbers.js";
import { middleCut } from "../text/search.js";
import { DAY_SECONDS, formatDay, formatHour } from "../text/time.js";
import { DIMENSIONS, lastDays, merged, namesFor, scopeOf, tokensOf } from "./reports.js";

const BY = { ...DIMENSIONS, user: { label: "User", usage: ["user_id"], keyOf: (result) => result.user_id } };
const RANGES = { day: ["24 hours", "1h"], week: ["7 days", "1d"], month: ["30 days", "1d"] };
const MOST_ROWS = 100_000;
const KINDS = [["all", "Everything"], ["completions", "Chats"], ["embeddings", "Embeddings"]];

export function usageView({ session, directory, query, signal }) {
  const chosen = { range: RANGES[query.range] ? query.range : "week", by: BY[query.by] ? query.by : "model", kind: query.kind ?? "all", tenant: query.tenant ?? "" };
  const content = h("div", { class: "stack" });
  const tenants = h("div");

  function range() {
    if (chosen.range !== "day") return { ...lastDays(chosen.range === "week" ? 7 : 30), limit: 31 };
    return { start_time: (Math.floor(Date.now() / 3_600_000) - 23) * 3600, limit: 24 };
  }

  async function ask() {
    const { by } = chosen;
    const asked = { ...range(), ...scopeOf(session, chosen.tenant || null), bucket_width: RANGES[chosen.range][1], group_by: BY[by].usage };
    const nothing = (buckets) => buckets.map((bucket) => ({ ...bucket, results: [] }));
    const completions = await session.api.completions(asked, signal);
    const embeddings = chosen.kind === "completions" ? [] : await session.api.embeddings(asked, signal);
    const buckets = merged(chosen.kind === "embeddings" ? nothing(completions) : completions, embeddings);
    const { keyOf } = BY[by];
    const rows = totalsBy(buckets, keyOf, sums);
    const label = by === "user" ? (id) => id : await namesFor(directory, by, rows.map((row) => row.key));
    return { buckets, rows, label, keyOf, heading: BY[by].label, hourly: chosen.range === "day" };
  }

  function choose(change) {
    Object.assign(chosen, change);
    replaceQuery(["usage"], chosen);
    draw();
  }

  const draw = () => load(content, ask, (report) => show(report, signal), { signal, rows: 8 });

  async function download() {
    try {
      const { start_time: start } = range();
      const response = await session.api.exportUsage({ start_time: start, format: "csv", limit: MOST_ROWS, project_id: chosen.tenant || session.abilities.projectId }, signal);
      const blob = await response.blob();
      const link = h("a", { href: URL.createObjectURL(blob), download: `usage-${new Date(start * 1000).toISOString().slice(0, 10)}.csv` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      succeed(`One row per request, at most ${formatCount(MOST_ROWS)}.`);
    } catch (error) {
      if (!signal.aborted) fail(error);
    }
  }

  directory.projects({ archived: true }).then((projects) => {
    if (projects.length < 2 || signal.aborted) return;
    const options = [["", "All tenants"], ...projects.map((project) => [project.id, middleCut(project.name, 48)])];
    tenants.append(selectField({ label: "Tenant", options, value: chosen.tenant, onChange: (tenant) => choose({ tenant }) }).node);
  }, () => {});
  draw();
  return page(
    { title: "Usage", lead: "What Bedrock counted, request by request. Hours and days are UTC.", actions: [h("button", { type: "button", on: { click: download } }, icon("download"), "Export CSV")] },
    h(
      "div",
      { class: "toolbar" },
      tenants,
      segmented({ label: "Range", options: Object.entries(RANGES).map(([name, [text]]) => [name, text]), value: chosen.range, onChange: (value) => choose({ range: value }) }),
      segmented({ label: "Group by", options: Object.entries(BY).map(([name, each]) => [name, each.label]), value: chosen.by, onChange: (by) => choose({ by }) }),
      segmented({ label: "Kind", options: KINDS, value: chosen.kind, onChange: (kind) => choose({ kind }) }),
    ),
    content,
  );
}

const sums = {
  requests: (result) => result.num_model_requests,
  input: (result) => result.input_tokens,
  cached: (result) => result.input_cached_tokens ?? 0,
  written: (result) => result.input_cache_write_tokens ?? 0,
  output: (result) => result.output_tokens ?? 0,
};

function show({ buckets, rows, label, keyOf, heading, hourly }, signal) {
  if (rows.length === 0) return emptyState("Nothing was used", "Choose a longer range or another tenant, or send a request: it is here as soon as it is answered.");
  const { starts, series } = toSeries(buckets, keyOf, tokensOf);
  const count = (name, text) => ({ label: text, numeric: true, cell: (row) => formatCount(row[name]), value: (row) => row[name] });
  return [
    card(`Tokens by ${hourly ? "hour" : "day"}`, {}, stackedBars({ title: `Tokens by ${hourly ? "hour" : "day"}`, starts, series, signal, label: (each) => label(each.key), format: formatCount, formatAxis: formatCompact, formatStart: (seconds) => (hourly && seconds % DAY_SECONDS ? formatHour(seconds) : formatDay(seconds)) })),
    createTable({
      caption: `Usage by ${heading.toLowerCase()}`,
      rows,
      sort: { column: 2, descending: true },
      columns: [
        { label: heading, cell: (row) => h("span", { title: label(row.key) }, middleCut(label(row.key), 72)), value: (row) => label(row.key) },
        count("requests", "Requests"),
        count("input", "Input tokens"),
        count("cached", "From caches"),
        count("written", "Into caches"),
        count("output", "Output tokens"),
      ],
    }),
  ];
}
