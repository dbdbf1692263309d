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
from admin.operations.audit_fields import differing, key_fields
from tenants.audit import AuditAction
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
    disabled, unless a newer secret of it was not found.

    What cannot be a key costs no read. Raises LedgerUnavailable, TooContended; repeating it is safe.
    """
    gate = asyncio.Semaphore(_AT_ONCE)

    async def end(report: LeakReport) -> bool:
        async with gate:
            return await _end_one(control, requester, report, tell)

    first = {report.token: report for report in reversed(reports)}
    found = await asyncio.gather(*(end(report) for report in first.values()))
    genuine = dict(zip(first, found, strict=True))
    return [genuine[report.token] for report in reports]


async def _end_one(control: ControlPlane, requester: Requester, report: LeakReport, tell: Tell) -> bool:
    if _is_bootstrap(control, report.token):
        tell(LeakedKey(BOOTSTRAP_ACTOR_ID, None, None, report.url, report.source, ended=False))
        return True
    found = await _find(control, report.token)
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


async def _find(control: ControlPlane, token: str) -> tuple[KeyRecord, Secret] | None:
    """The key that the token is a secret of, or was since its last rotation; None where it is of none."""
    try:
        secrets = secrets_in(token, control.peppers, imported_keys=control.imported_keys)
    except MalformedSecret:
        return None
    for secret in secrets:
        record = None if secret.prefix == ADMIN_PREFIX else await control.keys.find_key(secret.key_id)
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
        leak = {"leak": {"url": report.url, "source": report.source}}
        change = Change(AuditAction.API_KEY_LEAKED, key.tenant_id, key.id, before, {**after, **leak})
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
    works = replace(key, fingerprints=fingerprints).has_working_secret(now)
    status = key.status if works else KeyStatus.DISABLED
    return replace(key, fingerprints=fingerprints, status=status, version=key.version + 1)
