"""What the control plane works with, as one value, and who asks for a change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from admin.auth import AdminKeys
from admin.identifiers import AUDIT_EVENT
from tenants.audit import Actor, AuditAction, AuditEvent
from tenants.ids import TIME_CHARS, time_ordered
from tenants.secret import Peppers
from tenants.store import ActiveHours, Directory, KeyReader, Ledger

# The store sends the last 36 characters of an audit id as the transaction's token: they have to be unguessably unique.
_AUDIT_ID_CHARS = 24


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """Stores and peppers, and the two things that are not functions of values: clock and randomness.

    `clock_ms` gives Unix milliseconds; `randomness` gives as many secret-grade random bytes as asked for.
    `keys` finds a key whatever project it is of. `imported_keys`: the data plane accepts keys that other gateways made.
    Without `hours`, a key's last use is known to the day.
    """

    directory: Directory
    ledger: Ledger
    keys: KeyReader
    peppers: Peppers
    admin_keys: AdminKeys
    clock_ms: Callable[[], int]
    randomness: Callable[[int], bytes]
    imported_keys: bool = False
    hours: ActiveHours | None = None

    def now_seconds(self) -> int:
        return self.clock_ms() // 1000

    def new_id(self, prefix: str, width: int = 16) -> str:
        """A fresh id: `prefix` and `width` base62 characters, sorting by the millisecond of its making."""
        return prefix + time_ordered(self.clock_ms(), self.randomness(width - TIME_CHARS), width)


@dataclass(frozen=True, slots=True)
class Requester:
    """Who asks, and in which request: what an audit event says of a change's origin."""

    actor: Actor
    request_id: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What is done to what. `before` and `after` hold the fields that differ, never a secret or a fingerprint."""

    action: AuditAction
    tenant_id: str
    target_id: str
    before: Mapping[str, object] | None = None
    after: Mapping[str, object] | None = None


def to_audit_event(control: ControlPlane, requester: Requester, change: Change) -> AuditEvent:
    """The entry that the directory writes in the change's own transaction."""
    return AuditEvent(
        id=control.new_id(AUDIT_EVENT, _AUDIT_ID_CHARS),
        at_ms=control.clock_ms(),
        action=change.action,
        actor=requester.actor,
        tenant_id=change.tenant_id,
        target_id=change.target_id,
        request_id=requester.request_id,
        before=change.before,
        after=change.after,
    )
