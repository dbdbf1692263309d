/** Who changed what, when, and from what to what. */

import { ApiError } from "../api/client.js";
import { openDialog } from "../dom/dialog.js";
import { fill, h } from "../dom/element.js";
import { emptyState, load } from "../dom/feedback.js";
import { copyButton, selectField, textField } from "../dom/fields.js";
import { facts, page } from "../dom/page.js";
import { createTable } from "../dom/table.js";
import { fail } from "../dom/toast.js";
import { replaceQuery } from "../state/router.js";
import { middleCut } from "../text/search.js";
import { DAY_SECONDS, formatMoment, fromDateInput } from "../text/time.js";

const PAGE = 50;
const FILTERS = ["type", "actor", "resource", "tenant", "from", "to"];

export function auditView({ session, directory, query, signal }) {
  const chosen = Object.fromEntries(FILTERS.map((name) => [name, query[name] ?? ""]));
  const tenantNames = new Map();
  const content = h("div");
  const more = h("div", { class: "more" });
  let entries = [];
  let table = null;

  function filters(after = null) {
    const until = fromDateInput(chosen.to);
    return {
      limit: PAGE,
      after,
      "effective_at[gte]": fromDateInput(chosen.from),
      "effective_at[lt]": until === null ? null : until + DAY_SECONDS,
      event_types: listOf(chosen.type),
      actor_ids: listOf(chosen.actor),
      resource_ids: listOf(chosen.resource),
      project_ids: listOf(chosen.tenant),
    };
  }

  /** Entries name no tenant: it may have another name by now. Without the list, ids are shown. */
  async function nameTenants() {
    const projects = await directory.projects({ archived: true }).catch(() => []);
    projects.forEach((project) => tenantNames.set(project.id, project.name));
  }

  async function ask() {
    try {
      const [answer] = await Promise.all([session.api.auditLogs(filters(), signal), nameTenants()]);
      return answer;
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) return null;
      throw error;
    }
  }

  function show(answer) {
    if (answer === null) {
      fill(more);
      return emptyState("The audit trail is not available here", "This gateway does not show it over its API, or your role may not read it. What was changed is recorded all the same.");
    }
    entries = answer.data;
    table = createTable({ caption: "Audit trail", rows: entries, columns: columns(tenantNames), empty: () => emptyState("Nothing was recorded", "No entry matches these filters. Every change is recorded as it is made, and every attempt that was refused.") });
    offerMore(answer);
    return table;
  }

  function offerMore(answer) {
    const next = async (event) => {
      event.target.disabled = true;
      try {
        const further = await session.api.auditLogs(filters(answer.last_id ?? entries.at(-1).id), signal);
        entries = [...entries, ...further.data];
        table.update(entries);
        offerMore(further);
      } catch (error) {
        event.target.disabled = false;
        if (!signal.aborted) fail(error);
      }
    };
    fill(more, answer.has_more ? h("button", { type: "button", on: { click: next } }, "Show older entries") : null);
  }

  const draw = () => load(content, ask, show, { signal });
  const filter = (label, name, type = "text", placeholder = "") => {
    const field = textField({ label, type, placeholder, value: chosen[name], required: true });
    field.input.removeAttribute("aria-required");
    return { name, ...field };
  };
  const fields = [filter("Event", "type", "text", "api_key.created"), filter("Actor id", "actor"), filter("Resource id", "resource", "text", "key_…"), filter("From", "from", "date"), filter("To", "to", "date")];
  const tenants = h("div");
  const apply = (event) => {
    event?.preventDefault();
    fields.forEach((field) => { chosen[field.name] = field.input.value.trim(); });
    replaceQuery(["audit"], chosen);
    draw();
  };
  directory.projects({ archived: true }).then((projects) => {
    const options = [["", "All tenants"], ...projects.map((project) => [project.id, middleCut(project.name, 40)])];
    if (!signal.aborted) tenants.append(selectField({ label: "Tenant", options, value: chosen.tenant, onChange: (tenant) => { chosen.tenant = tenant; apply(); } }).node);
  }, () => {});
  draw();
  return page(
    { title: "Audit trail", lead: "Every change, in the transaction that made it, and every attempt that was refused. It never holds a secret." },
    h("form", { class: "toolbar filters", on: { submit: apply } }, tenants, fields.map((field) => field.node), h("button", { type: "submit" }, "Filter")),
    content,
    more,
  );
}

function listOf(text) {
  return text.split(",").map((each) => each.trim()).filter(Boolean);
}

/** OpenAI's actor is a session or a key, with a person or a service account behind it. */
function actorOf({ actor }) {
  if (!actor) return { name: "—", id: "", address: "" };
  const key = actor.api_key;
  const person = actor.session?.user ?? key?.user ?? key?.service_account ?? {};
  const id = key?.id ?? person.id ?? actor.id ?? "";
  return { name: person.email || actor.name || person.name || id || "—", id, address: actor.session?.ip_address ?? actor.ip_address ?? "" };
}

function targetOf(entry) {
  return entry[entry.type]?.id ?? entry.resource_id ?? entry.target_id ?? "";
}

function tenantOf({ project }, tenantNames) {
  return project?.name ?? tenantNames.get(project?.id) ?? project?.id ?? "—";
}

function columns(tenantNames) {
  return [
    { label: "When", cell: (entry) => formatMoment(entry.effective_at), value: (entry) => entry.effective_at },
    { label: "Event", cell: (entry) => h("div", {}, h("code", {}, entry.type), h("span", { class: "sub" }, middleCut(targetOf(entry), 40))), value: (entry) => entry.type },
    { label: "Actor", cell: (entry) => h("div", {}, middleCut(actorOf(entry).name, 40), h("span", { class: "sub" }, actorOf(entry).address)), value: (entry) => actorOf(entry).name },
    { label: "Tenant", cell: (entry) => middleCut(tenantOf(entry, tenantNames), 32), value: (entry) => tenantOf(entry, tenantNames) },
    { label: "Outcome", cell: (entry) => outcomeBadge(entry.outcome), value: (entry) => outcomeOf(entry.outcome) },
    { label: "Details", quiet: true, cell: (entry) => h("button", { type: "button", class: "small", "aria-label": `Details of ${entry.type} at ${formatMoment(entry.effective_at)}`, on: { click: () => showEntry(entry, tenantNames) } }, "Details") },
  ];
}

function outcomeOf(outcome) {
  return typeof outcome === "string" ? outcome : (outcome?.status ?? outcome?.code ?? "done");
}

function outcomeBadge(outcome) {
  const text = String(outcomeOf(outcome));
  return h("span", { class: `badge ${/den|refus|fail|error|^4|^5/.test(text) ? "bad" : "good"}` }, text);
}

function showEntry(entry, tenantNames) {
  const actor = actorOf(entry);
  const { before, after } = entry;
  return openDialog({
    title: entry.type,
    wide: true,
    build: () => h(
      "div",
      { class: "dialog-body" },
      facts([
        ["When", formatMoment(entry.effective_at)],
        ["Actor", `${actor.name} ${actor.id !== actor.name ? actor.id : ""}`],
        actor.address ? ["Address", actor.address] : null,
        ["Tenant", entry.project ? `${middleCut(tenantOf(entry, tenantNames), 80)} ${entry.project.id ?? ""}` : "—"],
        ...attemptOf(entry),
        ["Resource", targetOf(entry) || "—"],
        entry.request_id ? ["Request", h("code", {}, entry.request_id)] : null,
      ]),
      entry.attempt ? null : h("div", { class: "columns" }, json("Before", before), json("After", after)),
      copyButton(() => JSON.stringify(entry, null, 2), "Copy as JSON"),
    ),
  });
}

/** What was asked for and refused; `more`: how many others like it are told of by this entry. */
function attemptOf({ attempt }) {
  if (!attempt) return [];
  return [
    ["Asked for", attempt.route ? h("code", {}, `${attempt.method} ${attempt.route}`) : "—"],
    ["Refused", [attempt.error, attempt.message].filter(Boolean).join(": ")],
    attempt.more ? ["Others", `${attempt.more} since ${formatMoment(attempt.since)}`] : null,
  ];
}

function json(title, value) {
  return h("section", { class: "snippet" }, h("header", {}, h("h3", {}, title)), h("pre", { tabindex: "0" }, value ? JSON.stringify(value, null, 2) : "—"));
}
