/** What can be done with a key that is there. Each resolves to true where something changed. */

import { ApiError } from "../api/client.js";
import { confirmDanger, openForm } from "../dom/dialog.js";
import { h } from "../dom/element.js";
import { selectField, textField } from "../dom/fields.js";
import { fail, succeed } from "../dom/toast.js";
import { onePerBody, tellSecret } from "./issue_dialog.js";
import { limitsFields } from "./limits_fields.js";
import { modelPicker } from "./model_picker.js";

const GRACES = [["0", "At once"], ["300", "In 5 minutes"], ["3600", "In an hour"], ["86400", "In a day"], ["604800", "In a week"]];
const STALE = 412;

async function attempt(work, done) {
  try {
    await work();
    succeed(done);
    return true;
  } catch (error) {
    fail(error);
    return false;
  }
}

/** A lost race is told with a way out: what was typed stays to be read, the current version is a click away. */
export function explainConflict(error, what) {
  if (!(error instanceof ApiError) || error.status !== STALE) return error;
  const message = `Somebody changed this ${what} since you opened it. Nothing of yours was saved. Close this dialog to see the current version, then make your change again.`;
  return new ApiError(STALE, { message }, error.requestId);
}

async function fresh(session, project, key) {
  const { body, etag } = await session.api.key(project.id, key.id);
  return { key: body, etag };
}

/** Change a key in a form: `fieldsOf(key)` gives `{ node, get }`, whose `get()` is the body. */
async function edit({ session, directory, project, key }, { title, fieldsOf, wide = false }) {
  let current;
  try {
    current = await fresh(session, project, key);
  } catch (error) {
    fail(error);
    return false;
  }
  const fields = await fieldsOf(current.key);
  const saved = await openForm({
    title,
    wide,
    action: "Save",
    fields: fields.node,
    submit: async () => {
      try {
        return await session.api.changeKey(project.id, key.id, fields.get(), current.etag);
      } catch (error) {
        throw explainConflict(error, "key");
      }
    },
  });
  directory.forget();
  if (saved !== undefined) succeed(`Saved: ${saved.body.name}`);
  return true;
}

export function renameKey(target) {
  return edit(target, {
    title: "Rename key",
    fieldsOf: (key) => {
      const name = textField({ label: "Name", value: key.name, required: true, autofocus: true });
      return { node: name.node, get: () => ({ name: name.get() }) };
    },
  });
}

export function editLimits(target) {
  return edit(target, { title: `Limits of ${target.key.name}`, wide: true, fieldsOf: (key) => limitsFields(key, { ofKey: true }) });
}

export function editModels(target) {
  return edit(target, {
    title: `Models of ${target.key.name}`,
    wide: true,
    fieldsOf: async (key) => {
      const catalog = await target.directory.models().catch(() => new Map());
      const picker = modelPicker({ permissions: key.models, catalog, allLabel: "All that the tenant may call" });
      return { node: picker.node, get: () => ({ models: picker.get() }) };
    },
  });
}

export async function rotateKey({ session, directory, project, key }) {
  const grace = selectField({ label: "The current secret stops working", options: GRACES, value: "3600", hint: "Until then both work, so that nobody is cut off while the new one is rolled out." });
  const idempotencyKey = onePerBody();
  const rotated = await openForm({
    title: `Rotate ${key.name}`,
    intro: "A new secret for the same key: its id, budgets and usage stay.",
    action: "Rotate",
    fields: grace.node,
    submit: () => session.api.rotateKey(project.id, key.id, Number(grace.get()), idempotencyKey(grace.get())),
  });
  if (rotated === undefined) return false;
  directory.forget();
  const note = grace.get() === "0" ? "The former secret has stopped working." : "The former secret works for a while longer.";
  await tellSecret(rotated, "Key rotated", note);
  return true;
}

export async function disableKey({ session, directory, project, key }) {
  const changed = await attempt(() => session.api.disableKey(project.id, key.id), `Disabled: ${key.name}. Its next request is refused.`);
  directory.forget();
  return changed;
}

export async function enableKey({ session, directory, project, key }) {
  const changed = await attempt(() => session.api.enableKey(project.id, key.id), `Enabled: ${key.name}`);
  directory.forget();
  return changed;
}

export async function revokeKey({ session, directory, project, key }) {
  const revoked = await confirmDanger({
    title: "Revoke key",
    text: h("span", {}, "The next request with ", h("strong", { class: "clip" }, key.name), ` (${key.redacted_value}) is refused, everywhere. This cannot be undone; its usage stays on the ledger.`),
    action: "Revoke key",
    submit: () => session.api.deleteKey(project.id, key.id),
  });
  if (!revoked) return false;
  directory.forget();
  succeed(`Revoked: ${key.name}`);
  return true;
}
