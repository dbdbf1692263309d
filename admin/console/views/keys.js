/** The keys of all tenants. */

import { fill, h } from "../dom/element.js";
import { emptyState, errorState, skeleton } from "../dom/feedback.js";
import { isAbort } from "../api/client.js";
import { openDialog } from "../dom/dialog.js";
import { searchField } from "../dom/fields.js";
import { icon } from "../dom/icons.js";
import { page } from "../dom/page.js";
import { issueKey } from "../keys/issue_dialog.js";
import { keysTable, textsOf } from "../keys/keys_table.js";
import { go, replaceQuery, toHash } from "../state/router.js";
import { plural } from "../text/numbers.js";
import { matches, middleCut } from "../text/search.js";

export function keysView({ session, directory, query, signal }) {
  let wanted = query.q ?? "";
  let rows = [];
  let table = null;
  const content = h("div", {}, skeleton());
  const progress = h("p", { class: "muted", role: "status" });
  const found = () => rows.filter((row) => matches(wanted, textsOf(row)));
  const none = () => (rows.length === 0
    ? emptyState("No keys yet", "Keys belong to tenants: create a tenant, then issue a key for each person or program in it.", h("a", { class: "button primary", href: toHash(["tenants"]) }, "Go to tenants"))
    : emptyState("No key matches", "Search by name, id, owner, tenant, or the last characters of the key."));

  function show(some, tenantsRead, tenants) {
    if (signal.aborted) return;
    rows = some;
    progress.textContent = tenantsRead < tenants ? `${plural(rows.length, "key")} so far, ${tenantsRead} of ${tenants} tenants read` : `${plural(rows.length, "key")} in ${plural(tenants, "tenant")}`;
    if (table === null) {
      table = keysTable({ rows: found(), withTenant: true, empty: none });
      fill(content, table);
    } else {
      table.update(found());
    }
  }

  async function read() {
    content.setAttribute("aria-busy", "true");
    try {
      const all = await directory.allKeys(show, signal);
      if (all.length === 0) show([], 0, 0);
    } catch (error) {
      if (!isAbort(error) && !signal.aborted) fill(content, errorState(error, read));
    } finally {
      content.removeAttribute("aria-busy");
    }
  }

  async function issue() {
    const projects = await directory.projects();
    const project = projects.length === 1 ? projects[0] : await chooseTenant(projects);
    if (project === undefined) return;
    const key = await issueKey({ session, directory, project });
    if (key) go(["tenants", project.id, "keys", key.id]);
  }

  const search = searchField("Search by name, owner, id or last characters", (text) => {
    wanted = text;
    replaceQuery(["keys"], { q: wanted });
    table?.update(found());
  }, wanted);
  const button = session.abilities.manageKeys ? [h("button", { type: "button", class: "primary", on: { click: issue } }, icon("plus"), "Issue key")] : [];
  read();
  return page({ title: "Keys", lead: "Every key of every tenant. A secret is shown once, when it is issued or rotated.", actions: button }, h("div", { class: "toolbar" }, search, progress), content);
}

function chooseTenant(projects) {
  if (projects.length === 0) {
    go(["tenants"]);
    return Promise.resolve(undefined);
  }
  return openDialog({
    title: "Issue a key for which tenant?",
    build: (close) => {
      const list = h("div", { class: "options" });
      const draw = (text) => fill(list, projects.filter((project) => matches(text, [project.name, project.id])).slice(0, 100).map((project) => h("button", { type: "button", class: "option", on: { click: () => close(project) } }, h("span", { class: "clip" }, middleCut(project.name, 60)), h("code", { class: "sub" }, project.id))));
      draw("");
      return h("div", { class: "dialog-body" }, searchField("Search tenants", draw), list);
    },
  });
}
