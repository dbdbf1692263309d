"""What the control plane works with, as one value, and who asks for a change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from admin.auth import AdminKeys
from admin.idempotency import ClaimedIds, Claims
from admin.identifiers import AUDIT_EVENT
from admin.oidc import IdentityProvider
from admin.refused_attempts import RefusedAttempts
from tenants.administrators import Administrators
from tenants.audit import Actor, AuditAction, AuditEvent
from tenants.idempotency import HeldClaim
from tenants.ids import TIME_CHARS, time_ordered
from tenants.roles import NO_ACCESS, Access
from tenants.secret import Peppers
from tenants.store import ActiveHours, Directory, KeyReader, Ledger
from tenants.users import Users

# Far more than would do: nobody can guess an entry's id, and claim it before.
_AUDIT_ID_CHARS = 24


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """Stores and peppers, and the two things that are not functions of values: clock and randomness.

    `clock_ms` gives Unix milliseconds; `randomness` gives as many secret-grade random bytes as asked for. Without
    `refused_attempts`, the audit trail has changes alone; without `claims`, idempotency keys are ignored.
    `claimed_ids` are those of one request that has such a key. `keys` finds a key whatever project it is of.
    `imported_keys`: the data plane accepts keys that other gateways made.
    Without `hours`, a key's last use is known to the day.
    """

    directory: Directory
    administrators: Administrators
    users: Users
    ledger: Ledger
    keys: KeyReader
    peppers: Peppers
    admin_keys: AdminKeys
    clock_ms: Callable[[], int]
    randomness: Callable[[int], bytes]
    identity_provider: IdentityProvider | None = None
    refused_attempts: RefusedAttempts | None = None
    claims: Claims | None = None
    claimed_ids: ClaimedIds | None = None
    imported_keys: bool = False
    hours: ActiveHours | None = None

    def now_seconds(self) -> int:
        return self.clock_ms() // 1000

    def new_id(self, prefix: str, width: int = 16) -> str:
        """A fresh id: `prefix` and `width` base62 characters, sorting by the millisecond of its making."""
        if self.claimed_ids is not None:
            return self.claimed_ids.next(prefix, width)
        return prefix + time_ordered(self.clock_ms(), self.randomness(width - TIME_CHARS), width)


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks, and in which request: what an audit event says of a change's origin. `access` is what it may do,
    `claim` that of the request's idempotency key."""

    actor: Actor
    request_id: str | None = None
    access: Access = NO_ACCESS
    claim: HeldClaim | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to what. `before` and `after` hold the fields that differ, never a secret or a fingerprint."""

    action: AuditAction
    tenant_id: str
    target_id: str
    before: Mapping[str, object] | None = None
    after: Mapping[str, object] | None = None


def new_audit_id(control: ControlPlane, at_ms: int) -> str:
    """An id of exactly that moment: an entry is looked for, by its id alone, in the month that the id tells."""
    return AUDIT_EVENT + time_ordered(at_ms, control.randomness(_AUDIT_ID_CHARS), _AUDIT_ID_CHARS)


def to_audit_event(control: ControlPlane, requester: Requester, change: Change) -> AuditEvent:
    """The entry that the directory writes in the change's own transaction."""
    at_ms = control.clock_ms()
    return AuditEvent(
        id=new_audit_id(control, at_ms),
        at_ms=at_ms,
        action=change.action,
        actor=requester.actor,
        tenant_id=change.tenant_id,
        target_id=change.target_id,
        request_id=requester.request_id,
        before=change.before,
        after=change.after,
        claim=requester.claim,
    )
