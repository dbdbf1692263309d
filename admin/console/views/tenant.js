/** One tenant: what it has spent and has left, its keys, limits, models and members. */

import { h } from "../dom/element.js";
import { ApiError } from "../api/client.js";
import { emptyState, load } from "../dom/feedback.js";
import { copyButton, searchField } from "../dom/fields.js";
import { icon } from "../dom/icons.js";
import { card, facts, page } from "../dom/page.js";
import { createTable } from "../dom/table.js";
import { budgetBars } from "../keys/budget_bar.js";
import { issueKey } from "../keys/issue_dialog.js";
import { keysTable, textsOf } from "../keys/keys_table.js";
import { summarizeLimits } from "../keys/limits_fields.js";
import { go, toHash } from "../state/router.js";
import { archiveTenant, editTenantLimits, editTenantModels, renameTenant } from "../tenants/actions.js";
import { matches, middleCut } from "../text/search.js";
import { formatDate, formatMoment } from "../text/time.js";

export function tenantView(context) {
  const { session, path, signal } = context;
  const content = h("div");
  load(content, () => session.api.project(path[1], signal), (project) => show({ ...context, project }), { signal, rows: 8 });
  return content;
}

function show(context) {
  const { session, project, refresh } = context;
  const { manageTenants, manageKeys, oversee } = session.abilities;
  const active = project.status === "active";
  const act = (action) => async () => {
    if (await action(context)) refresh();
  };
  const button = (text, action, kind) => h("button", { type: "button", class: kind, on: { click: act(action) } }, text);
  const actions = [];
  if (active && manageTenants) actions.push(button("Rename", renameTenant), button("Archive", archiveTenant, "danger-quiet"));
  if (active && manageKeys) actions.push(h("button", { type: "button", class: "primary", on: { click: () => issue(context) } }, icon("plus"), "Issue key"));
  return page(
    { title: middleCut(project.name, 80), crumbs: [["Tenants", toHash(["tenants"])]], actions },
    h("div", { class: "id-line" }, h("code", {}, project.id), copyButton(project.id, "Copy id"), h("span", { class: `badge ${active ? "good" : "off"}` }, project.status), h("span", { class: "muted" }, `created ${formatDate(project.created_at)}`), active ? null : h("span", { class: "muted" }, `archived ${formatMoment(project.archived_at)}`)),
    oversee ? h("div", { class: "columns" }, budgetCard(context), policyCard(context, active && manageTenants)) : null,
    keysCard(context),
    oversee ? membersCard(context) : null,
  );
}

async function issue(context) {
  const key = await issueKey(context);
  if (key) go(["tenants", context.project.id, "keys", key.id]);
}

function budgetCard({ session, project, signal }) {
  const content = h("div");
  load(content, () => session.api.projectBudget(project.id, signal), (budget) => budgetBars(budget), { signal, rows: 2 });
  return card("Budget", { actions: [h("a", { href: toHash(["usage"], { tenant: project.id }) }, "See its usage")] }, content);
}

function policyCard(context, editable) {
  const { session, project, signal, refresh } = context;
  const content = h("div");
  const ask = async () => {
    const [limits, models] = await Promise.all([session.api.projectLimits(project.id, signal), session.api.projectModels(project.id, signal)]);
    return { limits: limits.body, models };
  };
  const edit = (action) => async () => {
    if (await action(context)) refresh();
  };
  load(content, ask, ({ limits, models }) => facts([
    ["Limits", summarizeLimits(limits) ?? "none: each key's own hold"],
    limits.budget_mode === "clamp" ? ["Near the budget", "answers are shortened"] : null,
    ["Models", modelsOf(models)],
  ]), { signal, rows: 2 });
  const actions = editable ? [h("button", { type: "button", class: "small", on: { click: edit(editTenantLimits) } }, "Edit limits"), h("button", { type: "button", class: "small", on: { click: edit(editTenantModels) } }, "Edit models")] : [];
  return card("Limits and models", { actions }, content);
}

function modelsOf(permissions) {
  if (permissions.mode === "deny_list" && permissions.model_ids.length === 0) return "all models";
  const list = h("ul", { class: "chips still" }, permissions.model_ids.slice(0, 12).map((id) => h("li", { class: "clip" }, id)));
  const more = permissions.model_ids.length > 12 ? ` and ${permissions.model_ids.length - 12} more` : "";
  return h("div", {}, permissions.mode === "allow_list" ? (permissions.model_ids.length ? "only" : "none") : "all but", list, more);
}

function keysCard(context) {
  const { session, directory, project, signal } = context;
  const content = h("div");
  let rows = [];
  let table = null;
  const none = () => (rows.length === 0
    ? emptyState("No keys yet", "Issue one for each person or program: each has its own budget, list of models and usage.", session.abilities.manageKeys && project.status === "active" ? h("button", { type: "button", class: "primary", on: { click: () => issue(context) } }, "Issue the first key") : null)
    : emptyState("No key matches", "Search by name, id, owner, or the last characters of the key."));
  const search = searchField("Search keys", (text) => table?.update(rows.filter((row) => matches(text, textsOf(row)))));
  load(content, () => directory.keysOf(project.id), (keys) => {
    rows = keys.map((key) => ({ project, key }));
    table = keysTable({ rows, withTenant: false, empty: none });
    return table;
  }, { signal });
  return card("Keys", { actions: [search] }, content);
}

/** Members are shown by servers that have them. */
function membersCard({ session, project, signal }) {
  const content = h("div");
  const box = card("Members", {}, content);
  const ask = async () => {
    try {
      return await session.api.members(project.id, signal);
    } catch (error) {
      if (error instanceof ApiError && [403, 404, 405].includes(error.status)) return null;
      throw error;
    }
  };
  load(content, ask, (members) => {
    if (members === null) {
      box.remove();
      return null;
    }
    return createTable({
      caption: "Members",
      rows: members,
      empty: () => emptyState("No members", "Members sign in through your identity provider, and see this tenant alone. The admin API and the command line add them."),
      columns: [
        { label: "Name", cell: (member) => h("div", {}, middleCut(member.name ?? member.id, 48), h("span", { class: "sub" }, member.email ?? "")), value: (member) => member.name ?? member.id },
        { label: "Id", cell: (member) => h("code", {}, middleCut(member.id, 40)), value: (member) => member.id },
        { label: "Role", cell: (member) => member.role, value: (member) => member.role },
        { label: "Added", numeric: true, cell: (member) => formatDate(member.added_at), value: (member) => member.added_at },
      ],
    });
  }, { signal, rows: 2 });
  return box;
}
