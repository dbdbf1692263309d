/** What Overview and Usage have in common: ranges of time, dimensions, and names of what was grouped by. */

import { OTHER } from "../charts/series.js";
import { middleCut } from "../text/search.js";
import { DAY_SECONDS, startOfDay } from "../text/time.js";

export const PERIODS = [["7", "7 days"], ["30", "30 days"], ["90", "90 days"]];

/** What results are grouped by. A key is told with its tenant: that is where its name is found. */
export const DIMENSIONS = {
  model: { label: "Model", cost: ["line_item"], usage: ["model"], keyOf: (result) => result.line_item ?? result.model },
  tenant: { label: "Tenant", cost: ["project_id"], usage: ["project_id"], keyOf: (result) => result.project_id },
  key: { label: "Key", cost: ["project_id", "api_key_id"], usage: ["project_id", "api_key_id"], keyOf: (result) => `${result.project_id}/${result.api_key_id}` },
};

/** The last days, today included, as the API takes them. */
export function lastDays(days) {
  return { start_time: startOfDay(Date.now() / 1000) - (days - 1) * DAY_SECONDS };
}

/** The actor of one tenant may ask for that tenant alone. */
export function scopeOf(session, projectId = null) {
  const only = projectId ?? session.abilities.projectId;
  return only ? { project_ids: [only] } : {};
}

export const costOf = (result) => (result.amount ? Number(result.amount.value) : 0);
export const tokensOf = (result) => result.input_tokens + (result.output_tokens ?? 0);

/** Chats and embeddings together, bucket by bucket. */
export function merged(completions, embeddings) {
  return completions.map((bucket, index) => ({ ...bucket, results: [...bucket.results, ...(embeddings[index]?.results ?? [])] }));
}

/**
 * Names for ids: `label(dimension, id)`. Keys' names are asked for tenant by tenant, for those tenants that are shown;
 * what is gone, or may not be seen, keeps its id.
 */
export async function namesFor(directory, dimension, ids) {
  const projects = dimension === "model" ? [] : await directory.projects({ archived: true }).catch(() => []);
  const tenants = new Map(projects.map((project) => [project.id, project.name]));
  const keys = new Map();
  if (dimension === "key") {
    const owners = [...new Set(ids.map((id) => id.split("/")[0]))].filter((id) => tenants.has(id)).slice(0, 20);
    const lists = await Promise.all(owners.map((id) => directory.keysOf(id).catch(() => [])));
    lists.flat().forEach((key) => keys.set(key.id, key.name));
  }
  return (id) => {
    if (id === OTHER) return "Others";
    if (dimension === "model") return id;
    const [projectId, keyId] = id.split("/");
    const tenant = tenants.get(projectId) ?? projectId;
    return keyId === undefined ? middleCut(tenant, 60) : `${middleCut(keys.get(keyId) ?? keyId, 48)} · ${middleCut(tenant, 32)}`;
  };
}
