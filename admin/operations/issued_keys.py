"""Keys with a new secret: issue and rotate. The secret leaves here once, inside an IssuedKey, and is stored nowhere."""

from __future__ import annotations

from dataclasses import dataclass, replace

from admin.control_plane import Change, ControlPlane, Requester, to_audit_event
from admin.identifiers import API_KEY, USER
from admin.operations.api_keys import KeyRevision, KeyTarget, get_key, require_usable, save
from admin.operations.audit_fields import key_fields
from admin.operations.limits import require_enforceable
from admin.operations.projects import require_active
from tenants.audit import AuditAction
from tenants.errors import AnswerLost
from tenants.key import ApiKey, Owner, OwnerKind
from tenants.limits import NO_LIMITS, Limits
from tenants.permissions import ModelPermissions
from tenants.policy import NO_POLICY, Policy
from tenants.principal import KeyRecord
from tenants.secret import ID_CHARS, KEY_PREFIX, SECRET_CHARS, Secret, new_secret
from tenants.tenant import Tenant


@dataclass(frozen=True, slots=True)
class UserOwner:
    """A person, under the id that usage is attributed to. Without one, the key is a user of its own."""

    user_id: str | None = None
    name: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class ServiceAccountOwner:
    service_account_id: str


@dataclass(frozen=True, slots=True)
class KeyDraft:
    """A key to be issued. Without `models`, it may call whatever its project may."""

    name: str
    owner: UserOwner | ServiceAccountOwner
    expires_in_seconds: int | None = None
    models: ModelPermissions | None = None
    policy: Policy = NO_POLICY
    limits: Limits = NO_LIMITS


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key with its new secret."""

    record: KeyRecord
    secret: Secret


@dataclass(frozen=True, slots=True)
class RotatedKey:
    """`previous_expires_at`: until when, in Unix seconds, the replaced secret works."""

    issued: IssuedKey
    previous_expires_at: int


async def issue_key(control: ControlPlane, requester: Requester, project_id: str, draft: KeyDraft) -> IssuedKey:
    """A new key. Raises NotFound (project, service account), Conflict for an archived project, InvalidArgument for an
    enforcement that its project's limits do not allow."""
    tenant = await get_tenant_for(control, project_id, draft)
    secret = new_key_secret(control)
    made = await to_key(control, tenant, draft, secret)
    key = await create_key(control, requester, AuditAction.API_KEY_CREATED, made)
    return IssuedKey(KeyRecord(key, tenant), secret)


async def get_tenant_for(control: ControlPlane, project_id: str, draft: KeyDraft) -> Tenant:
    """The project that such a key can be made in. Raises NotFound, Conflict, InvalidArgument."""
    tenant = await control.directory.get_tenant(project_id)
    require_active(tenant)
    require_enforceable(draft.limits, tenant)
    return tenant


def new_key_secret(control: ControlPlane) -> Secret:
    """The secret of a key that is yet to be made, with the key's id in it."""
    return _new_secret(control, control.new_id(API_KEY, ID_CHARS))


async def to_key(control: ControlPlane, tenant: Tenant, draft: KeyDraft, secret: Secret) -> ApiKey:
    """The key of a secret, which is stored nowhere yet. Raises NotFound where its service account is missing."""
    now = control.now_seconds()
    return ApiKey(
        id=secret.key_id,
        tenant_id=tenant.id,
        name=draft.name,
        owner=await _get_owner(control, tenant.id, draft, secret.key_id),
        fingerprints=(control.peppers.fingerprint(secret),),
        hint=secret.hint,
        created_at=now,
        expires_at=None if draft.expires_in_seconds is None else now + draft.expires_in_seconds,
        models=draft.models,
        policy=draft.policy,
        limits=draft.limits,
    )


async def create_key(control: ControlPlane, requester: Requester, action: AuditAction, key: ApiKey) -> ApiKey:
    """Store a key that was made. Returns what is stored: another one where an earlier attempt of the request made it,
    whose secret was lost with its answer. Raises NotFound, Conflict."""
    change = Change(action, key.tenant_id, key.id, after=key_fields(key))
    try:
        await control.directory.create_key(key, to_audit_event(control, requester, change))
    except AnswerLost:
        return await control.directory.get_key(key.tenant_id, key.id)
    return key


async def rotate_key(
    control: ControlPlane, requester: Requester, target: KeyTarget, grace_period_seconds: int
) -> RotatedKey:
    """The same key with a new secret; the former one works on for `grace_period_seconds`, 0 ends it at once.

    At most two secrets work at any time: one still in the grace of an earlier rotation ends now. Usage, budget and
    audit go on, for the id stays. Raises NotFound, StaleVersion, Conflict.
    """
    record = await get_key(control, target)
    key, now = record.key, control.now_seconds()
    require_usable(record, now)
    secret = _new_secret(control, key.id)
    ends_at = now + grace_period_seconds if key.expires_at is None else min(now + grace_period_seconds, key.expires_at)
    former = [replace(each, expires_at=ends_at) for each in key.fingerprints if each.expires_at is None]
    fingerprints = (control.peppers.fingerprint(secret), *(former if ends_at > now else ()))
    rotated = replace(key, fingerprints=fingerprints, hint=secret.hint, imported=False)
    saved = await save(control, requester, target, KeyRevision(AuditAction.API_KEY_ROTATED, record, rotated))
    if saved.key.hint != secret.hint:  # rotated by an earlier attempt, whose answer was lost
        ends_at = max((each.expires_at for each in saved.key.fingerprints if each.expires_at is not None), default=now)
    elif not former:  # one that was found in public has no grace: it ended then
        ends_at = now
    return RotatedKey(IssuedKey(saved, secret), previous_expires_at=ends_at)


async def _get_owner(control: ControlPlane, project_id: str, draft: KeyDraft, key_id: str) -> Owner:
    if isinstance(draft.owner, ServiceAccountOwner):
        account = await control.directory.get_service_account(project_id, draft.owner.service_account_id)
        return Owner(OwnerKind.SERVICE_ACCOUNT, account.id, account.name, account.created_at)
    user_id = draft.owner.user_id or USER + key_id.removeprefix(API_KEY)
    name = draft.owner.name or draft.owner.user_id or draft.name
    return Owner(OwnerKind.USER, user_id, name, control.now_seconds(), draft.owner.email)


def _new_secret(control: ControlPlane, key_id: str) -> Secret:
    return new_secret(KEY_PREFIX, key_id.removeprefix(API_KEY), control.randomness(SECRET_CHARS))
