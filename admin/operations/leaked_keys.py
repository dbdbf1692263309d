"""Keys that were found in public: the secret that was found ends at once, and for ever."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from admin.auth import BOOTSTRAP_ACTOR_ID
from admin.control_plane import Change, ControlPlane, Requester, to_audit_event
from admin.identifiers import ADMIN_KEY
from admin.operations.audit_fields import admin_key_fields, differing, key_fields
from tenants.admin_key import AdminKey
from tenants.audit import ORGANIZATION, AuditAction
from tenants.errors import ChangedMeanwhile, MalformedSecret, NotFound, TooContended
from tenants.imported import secrets_in
from tenants.key import ApiKey, KeyStatus
from tenants.leak import LeakedKey
from tenants.principal import KeyRecord
from tenants.secret import ADMIN_PREFIX, Fingerprint, Peppers, Secret

_AT_ONCE = 8
_ATTEMPTS = 5

Tell = Callable[[LeakedKey], None]
"""Told of every key that was found. It may not wait for anything."""


class ReportSignatures(Protocol):
    """Who signs reports without having an admin key: a secret scanner."""

    async def verify(self, key_id: str, signature: str, body: bytes) -> None:
        """Raises IncorrectSignature, SignatureUnverifiable."""
        ...


@dataclass(frozen=True, slots=True)
class LeakReporting:
    """Whom to tell of leaked keys, and who besides the administrators may report them; None for nobody."""

    tell: Tell = lambda leaked: None
    signatures: ReportSignatures | None = None


TOLD_TO_NOBODY = LeakReporting()


@dataclass(frozen=True, slots=True)
class LeakReport:
    """A text that somebody takes for one of our keys, and where it was found."""

    token: str = field(repr=False)
    type: str
    url: str = ""
    source: str = ""


async def end_leaked_keys(
    control: ControlPlane, requester: Requester, reports: Sequence[LeakReport], tell: Tell
) -> list[bool]:
    """Whether each report is of a key of ours: its secret works nowhere any more once this returns, and its key is
    disabled, unless a newer secret of it was not found. An admin key, which has one secret, is deleted.

    What cannot be a key costs no read. Raises LedgerUnavailable, TooContended; repeating it is safe, so that an
    idempotency key adds nothing. Under its claim, a key's second secret could not be ended: that is the same step.
    """
    gate = asyncio.Semaphore(_AT_ONCE)
    requester = replace(requester, claim=None)

    async def end(report: LeakReport) -> bool:
        async with gate:
            return await _end_one(control, requester, report, tell)

    first = {report.token: report for report in reversed(reports)}
    found = await asyncio.gather(*(end(report) for report in first.values()))
    genuine = dict(zip(first, found, strict=True))
    return [genuine[report.token] for report in reports]


async def _end_one(control: ControlPlane, requester: Requester, report: LeakReport, tell: Tell) -> bool:
    if _is_bootstrap(control, report.token):
        tell(LeakedKey(BOOTSTRAP_ACTOR_ID, None, None, report.url, report.source, False, works_on=True))
        return True
    try:
        secrets = secrets_in(report.token, control.peppers, imported_keys=control.imported_keys)
    except MalformedSecret:
        return False
    if secrets[0].prefix == ADMIN_PREFIX:
        return await _end_admin_key(control, requester, secrets[0], report, tell)
    found = await _find(control, secrets)
    if found is None:
        return False
    record, secret = found
    ended = await _end_secret(control, requester, record, secret, report)
    key = record.key
    tell(LeakedKey(key.id, key.tenant_id, key.owner.id, report.url, report.source, ended))
    return True


def _is_bootstrap(control: ControlPlane, token: str) -> bool:
    digests = [hashlib.sha256(text.encode(errors="replace")).digest() for text in (token, control.admin_keys.bootstrap)]
    return hmac.compare_digest(*digests)


async def _end_admin_key(
    control: ControlPlane, requester: Requester, secret: Secret, report: LeakReport, tell: Tell
) -> bool:
    """Whether it was a key's. One that was deleted is forgotten: it is nobody's in a later report."""
    key = await control.administrators.find_admin_key(ADMIN_KEY + secret.id_chars)
    if key is None or not key.accepts(secret, control.peppers):
        return False
    deleted = await _delete_admin_key(control, requester, key, report)
    ended = deleted and not key.has_expired(control.now_seconds())
    tell(LeakedKey(key.id, key.binding.project_id, key.owner_id, report.url, report.source, ended))
    return True


async def _delete_admin_key(control: ControlPlane, requester: Requester, key: AdminKey, report: LeakReport) -> bool:
    """Whether this call did it."""
    tenant_id = key.binding.project_id or ORGANIZATION
    fields = admin_key_fields(key)
    change = Change(AuditAction.ADMIN_API_KEY_DELETED, tenant_id, key.id, before=fields, after=_place_of(report))
    try:
        await control.administrators.delete_admin_key(key, to_audit_event(control, requester, change))
    except NotFound:
        return False
    return True


def _place_of(report: LeakReport) -> dict[str, object]:
    """For the audit trail."""
    return {"leak": {"url": report.url, "source": report.source}}


async def _find(control: ControlPlane, secrets: Sequence[Secret]) -> tuple[KeyRecord, Secret] | None:
    """The key that one of these is a secret of, or was since its last rotation; None where none is."""
    for secret in secrets:
        record = await control.keys.find_key(secret.key_id)
        if record is not None and any(control.peppers.matches(secret, each) for each in record.key.fingerprints):
            return record, secret
    return None


async def _end_secret(
    control: ControlPlane, requester: Requester, record: KeyRecord, secret: Secret, report: LeakReport
) -> bool:
    """Whether there was anything to end."""
    key = record.key
    for _ in range(_ATTEMPTS):
        ended = _without(key, secret, control.peppers, control.now_seconds())
        if ended == key:
            return False
        before, after = differing(key_fields(key), key_fields(ended))
        after |= _place_of(report)
        change = Change(AuditAction.API_KEY_LEAKED, key.tenant_id, key.id, before, after)
        try:
            await control.directory.update_key(ended, to_audit_event(control, requester, change))
            return True
        except NotFound:
            return False  # deleted meanwhile
        except ChangedMeanwhile:
            key = await control.directory.get_key(key.tenant_id, key.id)
    raise TooContended("The key is being changed by others at the moment. Please try again.")


def _without(key: ApiKey, secret: Secret, peppers: Peppers, now: int) -> ApiKey:
    """The key without that secret, at its next version; the key itself where it had ended. What ended stays known, so
    that the same token is known again where it turns up in another place."""

    def without(each: Fingerprint) -> Fingerprint:
        ends_at = now if each.expires_at is None else min(now, each.expires_at)
        return replace(each, expires_at=ends_at) if peppers.matches(secret, each) else each

    fingerprints = tuple(without(each) for each in key.fingerprints)
    if fingerprints == key.fingerprints:
        return key
    ended = replace(key, fingerprints=fingerprints, version=key.version + 1)
    if ended.has_working_secret(now) or key.status is KeyStatus.DISABLED:
        return ended
    return replace(ended, status=KeyStatus.DISABLED, user_may_enable=True)  # once the user has rotated it
