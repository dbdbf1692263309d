/** All tenants. */

import { h } from "../dom/element.js";
import { emptyState, load } from "../dom/feedback.js";
import { searchField } from "../dom/fields.js";
import { icon } from "../dom/icons.js";
import { page } from "../dom/page.js";
import { createTable } from "../dom/table.js";
import { go, replaceQuery, toHash } from "../state/router.js";
import { createTenant } from "../tenants/actions.js";
import { formatUsd } from "../text/money.js";
import { matches, middleCut } from "../text/search.js";
import { formatDate } from "../text/time.js";
import { totalsBy } from "../charts/series.js";
import { costOf, lastDays, scopeOf } from "./reports.js";

export function tenantsView({ session, directory, query, signal }) {
  let wanted = query.q ?? "";
  let archived = query.archived === "1";
  let table = null;
  let rows = [];
  const content = h("div");

  async function create() {
    const project = await createTenant({ session, directory });
    if (project) go(["tenants", project.id]);
  }

  async function ask() {
    const projects = await directory.projects({ archived });
    // Spend is told where it can be: the list does not wait for it to be allowed.
    const costs = await session.api.costs({ ...lastDays(30), ...scopeOf(session), group_by: ["project_id"] }, signal).catch(() => null);
    const spent = new Map(costs === null ? [] : totalsBy(costs, (result) => result.project_id, { spend: costOf }).map((row) => [row.key, row.spend]));
    return projects.map((project) => ({ project, spend: costs === null ? null : (spent.get(project.id) ?? 0) }));
  }

  const found = () => rows.filter(({ project }) => matches(wanted, [project.name, project.id]));
  const none = () => (rows.length === 0
    ? emptyState("No tenants yet", "A tenant is a team or a customer. It owns keys, and has budgets and a list of models of its own.", session.abilities.manageTenants ? h("button", { class: "primary", type: "button", on: { click: create } }, "Create the first tenant") : null)
    : emptyState("No tenant matches", `Nothing has “${middleCut(wanted, 40)}” in its name or id.`));

  function show(answer) {
    rows = answer;
    table = createTable({ caption: "Tenants", rows: found(), empty: none, sort: { column: 0, descending: false }, columns: columns() });
    return table;
  }

  function look(change) {
    ({ wanted, archived } = { wanted, archived, ...change });
    replaceQuery(["tenants"], { q: wanted, archived: archived ? "1" : "" });
    if ("archived" in change) load(content, ask, show, { signal });
    else table?.update(found());
  }

  const box = h("input", { type: "checkbox", checked: archived, on: { change: (event) => look({ archived: event.target.checked }) } });
  const button = session.abilities.manageTenants ? [h("button", { type: "button", class: "primary", on: { click: create } }, icon("plus"), "Create tenant")] : [];
  load(content, ask, show, { signal });
  return page(
    { title: "Tenants", lead: "Teams and customers, each with its own keys, budgets and models.", actions: button },
    h("div", { class: "toolbar" }, searchField("Search tenants", (text) => look({ wanted: text }), wanted), h("label", { class: "check" }, box, "Show archived")),
    content,
  );
}

function columns() {
  return [
    { label: "Name", cell: ({ project }) => h("div", {}, h("a", { class: "strong", href: toHash(["tenants", project.id]), title: project.name }, middleCut(project.name, 64)), h("code", { class: "sub" }, project.id)), value: ({ project }) => project.name },
    { label: "Status", cell: ({ project }) => h("span", { class: `badge ${project.status === "active" ? "good" : "off"}` }, project.status), value: ({ project }) => project.status },
    { label: "Spend, 30 days", numeric: true, cell: ({ spend }) => formatUsd(spend), value: ({ spend }) => spend },
    { label: "Created", numeric: true, cell: ({ project }) => formatDate(project.created_at), value: ({ project }) => project.created_at },
  ];
}
