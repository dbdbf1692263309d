/** Issue a key: for whom, until when, for which models, within which limits. */

import { openForm } from "../dom/dialog.js";
import { h } from "../dom/element.js";
import { segmented, selectField, textField } from "../dom/fields.js";
import { fail, succeed } from "../dom/toast.js";
import { DAY_SECONDS } from "../text/time.js";
import { limitsFields } from "./limits_fields.js";
import { modelPicker } from "./model_picker.js";
import { showSecret } from "./secret_dialog.js";

const EXPIRIES = [["", "Never"], ["7", "In 7 days"], ["30", "In 30 days"], ["90", "In 90 days"], ["365", "In a year"]];
const USER_ID = /^[0-9A-Za-z._:@$=/+,-]{1,128}$/;

function readUserId(text) {
  const id = text.trim();
  if (id && !USER_ID.test(id)) throw new RangeError("A user id has letters, digits and . _ : @ $ = / + , - alone, without blanks.");
  return id || null;
}

/** Who a key is for. `accounts` are the tenant's service accounts. */
function ownerFields(accounts) {
  let type = "user";
  const userId = textField({ label: "User id", hint: "Usage is attributed to it. Without one, the key is a user of its own.", placeholder: "ada@example.com", read: readUserId });
  const email = textField({ label: "E-mail", type: "email" });
  const account = selectField({ label: "Service account", options: accounts.map((each) => [each.id, each.name]) });
  const user = h("div", { class: "grid two" }, userId.node, email.node);
  account.node.hidden = true;
  const choice = segmented({
    label: "Owner",
    options: [["user", "A person"], ["service_account", "A service account"]],
    value: type,
    onChange: (value) => {
      type = value;
      user.hidden = type !== "user";
      account.node.hidden = type === "user";
    },
  });
  const get = () => {
    if (type === "user") return { type, user_id: userId.get(), email: email.get() };
    return { type, service_account_id: account.get() };
  };
  return { node: h("fieldset", {}, h("legend", {}, "Owner"), accounts.length ? choice : null, user, account.node), get };
}

/** Resolves to the issued key, or to undefined where it was given up. */
export async function issueKey({ session, directory, project }) {
  let accounts;
  let catalog;
  try {
    [accounts, catalog] = await Promise.all([session.api.serviceAccounts(project.id).catch(() => []), directory.models().catch(() => new Map())]);
  } catch (error) {
    fail(error);
    return undefined;
  }
  const name = textField({ label: "Name", required: true, autofocus: true, placeholder: "laptop, nightly batch, …" });
  const owner = ownerFields(accounts);
  const expiry = selectField({ label: "Expires", options: EXPIRIES, value: "90" });
  const models = modelPicker({ permissions: null, catalog, allLabel: "All that the tenant may call" });
  const limits = limitsFields(null, { ofKey: true });
  const idempotencyKey = onePerBody();
  const issued = await openForm({
    title: `Issue a key for ${project.name}`,
    wide: true,
    action: "Issue key",
    fields: [
      h("div", { class: "grid two" }, name.node, expiry.node),
      owner.node,
      h("fieldset", {}, h("legend", {}, "Models"), models.node),
      h("details", { class: "more-fields" }, h("summary", {}, "Budgets and rate limits"), limits.node),
    ],
    submit: async () => {
      const body = { name: name.get(), owner: owner.get(), models: models.get(), ...limits.get() };
      if (expiry.get()) body.expires_in_seconds = Number(expiry.get()) * DAY_SECONDS;
      return session.api.issueKey(project.id, body, idempotencyKey(body));
    },
  });
  if (issued === undefined) return undefined;
  directory.forget();
  await tellSecret(issued, "Key issued");
  return issued.body;
}

/** Shows a new secret once. A replayed answer has none: the first one went to somebody who did not receive it. */
export async function tellSecret({ body, replayed }, title, note) {
  if (!body.value) {
    fail(new Error(`${body.name}: this was done before, and the key was shown then${replayed ? " (or was lost on its way)" : ""}. Rotate it for a new one.`));
    return;
  }
  await showSecret({ title: `${title}: ${body.name}`, key: body, note });
  succeed(`${title}: ${body.name}`);
}

/** Names for attempts: the same one as long as the same is asked for, so that a second click changes nothing. */
export function onePerBody() {
  let last = null;
  return (body) => {
    const text = JSON.stringify(body);
    if (last?.text !== text) last = { text, name: crypto.randomUUID() };
    return last.name;
  };
}
