"""API keys as they stand: read, update, disable, enable, delete. What makes a new secret is in `issued_keys`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypedDict

from admin.control_plane import Change, ControlPlane, Requester, to_audit_event
from admin.operations.audit_fields import differing, key_fields
from admin.operations.limits import LimitsEdit, require_enforceable, revise_limits
from admin.operations.policies import PolicyEdit, revise
from admin.operations.preconditions import Precondition
from admin.operations.projects import require_active
from tenants.audit import AuditAction
from tenants.errors import AnswerLost, Conflict, InsufficientPermissions, InvalidArgument, NotFound
from tenants.key import ApiKey, KeyStatus, OwnerKind
from tenants.permissions import ModelPermissions
from tenants.principal import KeyRecord
from tenants.roles import Permission
from tenants.store import Page
from tenants.tenant import Tenant

_READ_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class KeyTarget:
    """One key, and the versions it may have for the change to be made; None for any.

    `user_id`: the user whose key it has to be; None for anybody's.
    """

    project_id: str
    key_id: str
    versions: frozenset[int] | None = None
    user_id: str | None = None

    @property
    def precondition(self) -> Precondition:
        return Precondition("key", self.versions)


class KeyEdit(TypedDict, total=False):
    """The fields that an update changes; absent ones stay. `expires_at` is in Unix seconds. None clears a field, but
    of `policy` and `limits` only the fields in their edits change."""

    name: str
    expires_at: int | None
    models: ModelPermissions | None
    policy: PolicyEdit
    limits: LimitsEdit


@dataclass(frozen=True, slots=True)
class KeyRevision:
    """A key as it was read and as it shall be, but for its version."""

    action: AuditAction
    read: KeyRecord
    wanted: ApiKey


async def get_key(control: ControlPlane, target: KeyTarget) -> KeyRecord:
    """The key with its project. Raises NotFound, also where it is not of the target's user; StaleVersion where it has
    none of the target's versions."""
    tenant = await control.directory.get_tenant(target.project_id)
    key = await control.directory.get_key(target.project_id, target.key_id)
    if target.user_id is not None and not is_of_user(key, target.user_id):
        raise NotFound(f"No such API key '{target.key_id}' in project '{target.project_id}'.")
    target.precondition.require(key.version)
    return KeyRecord(key, tenant)


@dataclass(frozen=True, slots=True)
class KeyListing:
    """A project's keys, those past the one with id `after`; of one user, or of all owners where `user_id` is None."""

    project_id: str
    after: str | None = None
    user_id: str | None = None


async def list_keys(control: ControlPlane, listing: KeyListing, limit: int) -> tuple[Tenant, Page[ApiKey]]:
    """The project and the first keys of the listing, in order of creation. Other users' are read over, not counted.

    Raises NotFound where there is no such project.
    """
    tenant = await control.directory.get_tenant(listing.project_id)
    if listing.user_id is None:
        return tenant, await control.directory.list_keys(tenant.id, listing.after, limit)
    own: list[ApiKey] = []
    after = listing.after
    while len(own) <= limit:
        page = await control.directory.list_keys(tenant.id, after, _READ_AT_ONCE)
        own.extend(key for key in page.items if is_of_user(key, listing.user_id))
        if not page.has_more or not page.items:
            break
        after = page.items[-1].id
    return tenant, Page(tuple(own[:limit]), has_more=len(own) > limit)


def is_of_user(key: ApiKey, user_id: str) -> bool:
    """A service account's key is no user's, whatever the account's id."""
    return key.owner.kind is OwnerKind.USER and key.owner.id == user_id


async def update_key(control: ControlPlane, requester: Requester, target: KeyTarget, edit: KeyEdit) -> KeyRecord:
    """The key with `edit` applied. Raises NotFound, StaleVersion, Conflict; InvalidArgument for an expiry in the past,
    for a policy that becomes too large, and for limits that cannot be held.

    As with OpenAI, an expired key cannot be updated: whoever still holds it takes it for worthless.
    """
    record = await get_key(control, target)
    now = control.now_seconds()
    require_usable(record, now)
    expires_at = edit.get("expires_at")
    if expires_at is not None and expires_at <= now:
        raise InvalidArgument("The expiry has to be in the future. To end a key, disable or delete it.", "expires_at")
    changes: dict[str, Any] = {**edit}
    if "policy" in edit:
        changes["policy"] = revise(record.key.policy, edit["policy"], "policy.")
    if "limits" in edit:
        changes["limits"] = revise_limits(record.key.limits, edit["limits"])
        require_enforceable(changes["limits"], record.tenant)
    revision = KeyRevision(AuditAction.API_KEY_UPDATED, record, replace(record.key, **changes))
    return await save(control, requester, target, revision)


async def disable_key(control: ControlPlane, requester: Requester, target: KeyTarget) -> KeyRecord:
    """Suspend the key: when this returns, it is refused everywhere. Safe to repeat. Where somebody does who reaches
    everybody's keys, its user cannot enable it. Raises NotFound, StaleVersion, Conflict.
    """
    record = await get_key(control, target)
    users_own_doing = record.key.status is KeyStatus.ACTIVE or record.key.user_may_enable
    by_user = target.user_id is not None and users_own_doing
    disabled = replace(record.key, status=KeyStatus.DISABLED, user_may_enable=by_user)
    return await save(control, requester, target, KeyRevision(AuditAction.API_KEY_DISABLED, record, disabled))


async def enable_key(control: ControlPlane, requester: Requester, target: KeyTarget) -> KeyRecord:
    """End a suspension. Safe to repeat. Raises NotFound, StaleVersion; InsufficientPermissions for the key's user where
    somebody with a larger role disabled it; Conflict, also for a key whose only secret was found in public: it would
    seem to work."""
    record = await get_key(control, target)
    require_active(record.tenant)
    if target.user_id is not None and record.key.status is KeyStatus.DISABLED and not record.key.user_may_enable:
        raise InsufficientPermissions(Permission.KEYS_MANAGE)
    if not record.key.has_working_secret(control.now_seconds()):
        raise Conflict(f"The secret of the key '{record.key.id}' was found in public and ended. Rotate the key first.")
    enabled = replace(record.key, status=KeyStatus.ACTIVE, user_may_enable=False)
    return await save(control, requester, target, KeyRevision(AuditAction.API_KEY_ENABLED, record, enabled))


async def delete_key(control: ControlPlane, requester: Requester, target: KeyTarget) -> None:
    """Delete the key: when this returns, it is refused everywhere. Raises NotFound, StaleVersion, Conflict."""
    key = (await get_key(control, target)).key
    change = Change(AuditAction.API_KEY_DELETED, key.tenant_id, key.id, before=key_fields(key))
    with target.precondition.lost_race_is_stale():
        await control.directory.delete_key(key, to_audit_event(control, requester, change))


def require_usable(record: KeyRecord, now: int) -> None:
    """Raises Conflict where the project is archived or the key expired. A disabled key may be changed."""
    require_active(record.tenant)
    if record.key.expires_at is not None and record.key.expires_at <= now:
        raise Conflict(f"The key '{record.key.id}' has expired. Issue a new one.")


async def save(control: ControlPlane, requester: Requester, target: KeyTarget, revision: KeyRevision) -> KeyRecord:
    """Write the key as wanted, at its next version; nothing where it is so already. Raises StaleVersion, Conflict."""
    current = revision.read.key
    if revision.wanted == current:
        return revision.read
    updated = replace(revision.wanted, version=current.version + 1)
    before, after = differing(key_fields(current), key_fields(updated))
    change = Change(revision.action, current.tenant_id, current.id, before, after)
    try:
        with target.precondition.lost_race_is_stale():
            await control.directory.update_key(updated, to_audit_event(control, requester, change))
    except AnswerLost:
        updated = await control.directory.get_key(current.tenant_id, current.id)
    return KeyRecord(updated, revision.read.tenant)
