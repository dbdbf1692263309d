/** What can be done with a tenant. Each resolves to what changed, or to undefined. */

import { confirmDanger, openForm } from "../dom/dialog.js";
import { h } from "../dom/element.js";
import { textField } from "../dom/fields.js";
import { fail, succeed } from "../dom/toast.js";
import { explainConflict } from "../keys/actions.js";
import { onePerBody } from "../keys/issue_dialog.js";
import { limitsFields } from "../keys/limits_fields.js";
import { modelPicker } from "../keys/model_picker.js";

export async function createTenant({ session, directory }) {
  const name = textField({ label: "Name", required: true, autofocus: true, placeholder: "Search team" });
  const idempotencyKey = onePerBody();
  const project = await openForm({
    title: "Create a tenant",
    intro: "A tenant is a team or a customer. It owns keys, and has budgets, rate limits and a list of models of its own.",
    fields: name.node,
    action: "Create tenant",
    submit: () => session.api.createProject(name.get(), idempotencyKey(name.get())),
  });
  if (project === undefined) return undefined;
  directory.forget();
  succeed(`Created: ${project.name}`);
  return project;
}

export async function renameTenant({ session, directory, project }) {
  const name = textField({ label: "Name", value: project.name, required: true, autofocus: true });
  const renamed = await openForm({ title: "Rename tenant", fields: name.node, action: "Save", submit: () => session.api.renameProject(project.id, name.get()) });
  if (renamed === undefined) return undefined;
  directory.forget();
  succeed(`Saved: ${renamed.name}`);
  return renamed;
}

export async function archiveTenant({ session, directory, project }) {
  const archived = await confirmDanger({
    title: "Archive tenant",
    text: h("span", {}, "All its keys stop at once. Nobody can bring it back; its usage stays on the ledger."),
    typed: project.name,
    action: "Archive tenant",
    submit: () => session.api.archiveProject(project.id),
  });
  if (!archived) return undefined;
  directory.forget();
  succeed(`Archived: ${project.name}`);
  return true;
}

export async function editTenantLimits({ session, project }) {
  let current;
  try {
    current = await session.api.projectLimits(project.id);
  } catch (error) {
    fail(error);
    return undefined;
  }
  const fields = limitsFields(current.body, { ofKey: false });
  const saved = await openForm({
    title: `Limits of ${project.name}`,
    intro: "They hold for all keys of the tenant together.",
    wide: true,
    fields: fields.node,
    action: "Save",
    submit: async () => {
      try {
        return await session.api.changeProjectLimits(project.id, fields.get(), current.etag);
      } catch (error) {
        throw explainConflict(error, "tenant");
      }
    },
  });
  if (saved !== undefined) succeed(`Saved: limits of ${project.name}`);
  return true;
}

export async function editTenantModels({ session, directory, project }) {
  let permissions;
  try {
    permissions = await session.api.projectModels(project.id);
  } catch (error) {
    fail(error);
    return undefined;
  }
  const none = permissions.mode === "deny_list" && permissions.model_ids.length === 0;
  const catalog = await directory.models().catch(() => new Map());
  const picker = modelPicker({ permissions: none ? null : permissions, catalog, allLabel: "All models" });
  const saved = await openForm({
    title: `Models of ${project.name}`,
    intro: "A key can narrow this further, and never widen it.",
    wide: true,
    fields: picker.node,
    action: "Save",
    submit: () => (picker.get() === null ? session.api.clearProjectModels(project.id) : session.api.setProjectModels(project.id, picker.get())),
  });
  if (saved === undefined) return undefined;
  succeed(`Saved: models of ${project.name}`);
  return true;
}
