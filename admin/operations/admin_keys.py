"""Admin keys: make, list, read, delete. The secret leaves here once, inside a MadeAdminKey, and is stored nowhere."""

from __future__ import annotations

from dataclasses import dataclass

from admin.control_plane import Change, ControlPlane, Requester, to_audit_event
from admin.identifiers import ADMIN_KEY, unknown
from admin.operations.audit_fields import admin_key_fields
from tenants.admin_key import AdminKey
from tenants.audit import ORGANIZATION, AuditAction
from tenants.errors import InsufficientPermissions
from tenants.roles import Permission, RoleBinding
from tenants.secret import ADMIN_PREFIX, ID_CHARS, SECRET_CHARS, Secret, new_secret
from tenants.store import Page

_READ_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class AdminKeyDraft:
    """An admin key to be made."""

    name: str
    binding: RoleBinding
    expires_in_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class MadeAdminKey:
    """An admin key with its secret."""

    key: AdminKey
    secret: Secret


async def create_admin_key(control: ControlPlane, requester: Requester, draft: AdminKeyDraft) -> MadeAdminKey:
    """A new admin key. Raises NotFound for a project that is not there or not the requester's to see, and
    InsufficientPermissions for a role that is larger than the requester's."""
    project_id = draft.binding.project_id
    if project_id is not None:
        if not requester.access.sees_project(project_id):
            raise unknown("project", project_id)
        await control.directory.get_tenant(project_id)
    if not requester.access.includes(draft.binding):
        raise InsufficientPermissions(Permission.ORGANIZATION_MANAGE)
    now = control.now_seconds()
    id_chars = control.new_id("", ID_CHARS)
    secret = new_secret(ADMIN_PREFIX, id_chars, control.randomness(SECRET_CHARS))
    key = AdminKey(
        id=ADMIN_KEY + id_chars,
        name=draft.name,
        binding=draft.binding,
        fingerprint=control.peppers.fingerprint(secret),
        hint=secret.hint,
        created_at=now,
        created_by=requester.actor.id,
        expires_at=None if draft.expires_in_seconds is None else now + draft.expires_in_seconds,
    )
    change = Change(AuditAction.ADMIN_API_KEY_CREATED, project_id or ORGANIZATION, key.id, after=admin_key_fields(key))
    await control.administrators.create_admin_key(key, to_audit_event(control, requester, change))
    return MadeAdminKey(key, secret)


async def get_admin_key(control: ControlPlane, requester: Requester, key_id: str) -> AdminKey:
    """Raises NotFound, also for a key that the requester does not see."""
    key = await control.administrators.find_admin_key(key_id)
    if key is None or not _sees(requester, key):
        raise unknown("admin key", key_id)
    return key


async def list_admin_keys(
    control: ControlPlane, requester: Requester, after: str | None, limit: int, *, descending: bool
) -> Page[AdminKey]:
    """The keys that the requester sees, in order of creation, at most `limit`. Others are read over, not counted."""
    seen: list[AdminKey] = []
    while len(seen) <= limit:
        page = await control.administrators.list_admin_keys(after, _READ_AT_ONCE, descending=descending)
        seen.extend(key for key in page.items if _sees(requester, key))
        if not page.has_more or not page.items:
            break
        after = page.items[-1].id
    return Page(tuple(seen[:limit]), has_more=len(seen) > limit)


async def delete_admin_key(control: ControlPlane, requester: Requester, key_id: str) -> None:
    """When this returns, the key is refused everywhere. Raises NotFound; InsufficientPermissions for a key that the
    requester sees by one role, and none of its roles may delete."""
    key = await get_admin_key(control, requester, key_id)
    if not requester.access.includes(key.binding):
        raise InsufficientPermissions(Permission.ADMIN_KEYS_MANAGE)
    tenant_id = key.binding.project_id or ORGANIZATION
    change = Change(AuditAction.ADMIN_API_KEY_DELETED, tenant_id, key.id, before=admin_key_fields(key))
    await control.administrators.delete_admin_key(key, to_audit_event(control, requester, change))


def _sees(requester: Requester, key: AdminKey) -> bool:
    """Owners of a project see its keys; that of an owner of the organization is not in it."""
    projects = requester.access.projects_with(Permission.ADMIN_KEYS_READ)
    return projects is None or key.binding.project_id in projects
