/** Keys as rows. */

import { h } from "../dom/element.js";
import { createTable } from "../dom/table.js";
import { toHash } from "../state/router.js";
import { middleCut } from "../text/search.js";
import { formatDate, formatRelative } from "../text/time.js";
import { summarizeLimits } from "./limits_fields.js";
import { summarizeModels } from "./model_picker.js";

const SOON_SECONDS = 14 * 86_400;

export function ownerOf(key) {
  const owner = key.owner.user ?? key.owner.service_account;
  return { kind: key.owner.type === "user" ? "user" : "service account", id: owner.id, name: owner.name, email: owner.email ?? "" };
}

/** What a search looks through. */
export function textsOf({ project, key }) {
  const owner = ownerOf(key);
  return [key.name, key.id, key.redacted_value, owner.id, owner.name, owner.email, project.name, project.id];
}

export function statusBadge(key) {
  const now = Date.now() / 1000;
  if (key.owner_project_access === "inactive") return h("span", { class: "badge off" }, "archived");
  if (key.status === "disabled") return h("span", { class: "badge off" }, "disabled");
  if (key.expires_at !== null && key.expires_at <= now) return h("span", { class: "badge bad" }, "expired");
  if (key.expires_at !== null && key.expires_at - now < SOON_SECONDS) return h("span", { class: "badge warn" }, `expires ${formatRelative(key.expires_at, now)}`);
  return h("span", { class: "badge good" }, "active");
}

export function keyLink(project, key) {
  return h("a", { href: toHash(["tenants", project.id, "keys", key.id]), class: "strong", title: key.name }, middleCut(key.name, 48));
}

/** `rows` are `{ project, key }`. `withTenant`: they are of several tenants. */
export function keysTable({ rows, withTenant, empty }) {
  const tenant = { label: "Tenant", cell: ({ project }) => h("a", { href: toHash(["tenants", project.id]), title: project.name }, middleCut(project.name, 32)), value: ({ project }) => project.name };
  return createTable({
    caption: "API keys",
    rows,
    empty,
    columns: [
      { label: "Name", cell: ({ project, key }) => h("div", {}, keyLink(project, key), h("code", { class: "sub" }, key.redacted_value)), value: ({ key }) => key.name },
      ...(withTenant ? [tenant] : []),
      { label: "Owner", cell: ({ key }) => ownerCell(key), value: ({ key }) => ownerOf(key).name },
      { label: "Status", cell: ({ key }) => statusBadge(key), value: ({ key }) => key.status },
      { label: "Models", cell: ({ key }) => middleCut(summarizeModels(key.models), 44), value: ({ key }) => summarizeModels(key.models) },
      { label: "Limits", cell: ({ key }) => summarizeLimits(key) ?? "none", value: ({ key }) => summarizeLimits(key) },
      { label: "Created", cell: ({ key }) => h("span", { class: "clip" }, formatDate(key.created_at)), value: ({ key }) => key.created_at, numeric: true },
    ],
  });
}

function ownerCell(key) {
  const owner = ownerOf(key);
  return h("div", {}, middleCut(owner.name, 32), h("span", { class: "sub" }, owner.email && owner.email !== owner.name ? owner.email : owner.kind));
}
