/** What the console offers to whom. The API decides; this only spares people buttons that it would refuse. Pure. */

/** Roles come as `org.owner`, or as an admin key has them: `owner`, `viewer`, `project_owner`, `project_member`. One that
 * is not known here is offered what a viewer is. */
function roleOf(actor) {
  const role = String(actor.role ?? "");
  if (role.startsWith("project")) return role.replace("_", ".");
  return role === "owner" || role === "org.owner" ? "org.owner" : "org.viewer";
}

/**
 * `manageTenants`: create, rename, archive them, change their limits and models. `manageKeys`: issue keys, change their
 * limits. `operateKeys`: rotate, disable, enable, revoke those that one sees. `oversee`: see a tenant's limits, budget,
 * members and audit trail. `projectId`: the only one there is, or null.
 */
export function abilitiesOf(actor) {
  const role = roleOf(actor);
  return {
    role,
    manageTenants: role === "org.owner",
    manageKeys: role === "org.owner" || role === "project.owner",
    operateKeys: role !== "org.viewer",
    oversee: role !== "project.member",
    projectId: role.startsWith("project.") ? (actor.project_id ?? null) : null,
  };
}

const NAMES = {
  "org.owner": "Owner",
  "org.viewer": "Viewer, read only",
  "project.owner": "Tenant owner",
  "project.member": "Tenant member",
};

export function roleName(actor) {
  return NAMES[roleOf(actor)];
}
