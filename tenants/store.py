"""What the store promises. One suite of tests (`tests/tenants/test_store_contract.py`) holds every engine to it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from tenants.account import Account, Hold
from tenants.active_accounts import ActiveAccount
from tenants.demand import Demand
from tenants.event import Call, Settlement, UsageEvent
from tenants.key import ApiKey
from tenants.principal import Fence, KeyRecord
from tenants.standing import Reserved, Settled
from tenants.tenant import ServiceAccount, Tenant

if TYPE_CHECKING:  # the data plane writes no audit trail
    from tenants.audit import AuditEvent

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A slice of a listing, in order of creation."""

    items: tuple[T, ...]
    has_more: bool


class Directory(Protocol):
    """Tenants, service accounts and keys. Reads are strongly consistent; every change and its audit entry are one.

    A change names the version it was made to: Conflict where the record has another by now. A change of a key or a
    tenant raises the fence of every account it concerns before the call returns.
    """

    async def create_tenant(self, tenant: Tenant, audit: AuditEvent) -> None: ...

    async def get_tenant(self, tenant_id: str) -> Tenant:
        """Raises NotFound."""
        ...

    async def list_tenants(self, after: str | None, limit: int) -> Page[Tenant]:
        """Tenants of any status made after the one with id `after`."""
        ...

    async def update_tenant(self, tenant: Tenant, audit: AuditEvent) -> None:
        """Replace the record whose version is `tenant.version - 1`. Raises NotFound, Conflict.

        Returns when the accounts of all its keys are fenced. Repeating a call that broke off in between is safe:
        `fence_tenant` alone does that part again.
        """
        ...

    async def fence_tenant(self, tenant: Tenant) -> None:
        """Raise the tenant's version on the accounts of all its keys. Safe to repeat; never lowers one."""
        ...

    async def create_service_account(self, account: ServiceAccount, audit: AuditEvent) -> None: ...

    async def get_service_account(self, tenant_id: str, account_id: str) -> ServiceAccount: ...

    async def list_service_accounts(self, tenant_id: str, after: str | None, limit: int) -> Page[ServiceAccount]: ...

    async def update_service_account(self, account: ServiceAccount, audit: AuditEvent) -> None:
        """Replace the record; of two at once the later one stays. Raises NotFound."""
        ...

    async def delete_service_account(self, account: ServiceAccount, audit: AuditEvent) -> None:
        """Raises NotFound. Its keys are for the caller to delete first."""
        ...

    async def create_key(self, key: ApiKey, audit: AuditEvent) -> None:
        """Raises NotFound where the tenant is missing or archived, Conflict where the id is taken."""
        ...

    async def get_key(self, tenant_id: str, key_id: str) -> ApiKey:
        """Raises NotFound; also for a key of another tenant."""
        ...

    async def list_keys(self, tenant_id: str, after: str | None, limit: int) -> Page[ApiKey]: ...

    async def update_key(self, key: ApiKey, audit: AuditEvent) -> None:
        """Replace the record whose version is `key.version - 1`, and fence its accounts. Raises NotFound, Conflict."""
        ...

    async def delete_key(self, key: ApiKey, audit: AuditEvent) -> None:
        """Delete the record of exactly this version, and fence its accounts. Raises NotFound, Conflict."""
        ...

    async def record(self, audit: AuditEvent) -> None:
        """Write the entry of what changed nothing. Raises LedgerUnavailable."""
        ...

    async def close(self) -> None: ...


class KeyReader(Protocol):
    """The hot path's one read."""

    async def find_key(self, key_id: str) -> KeyRecord | None:
        """The key with its tenant, strongly consistent. No answer is LedgerUnavailable, never None."""
        ...


class ActiveHours(Protocol):
    """The lists of the hours in which accounts were used; they are kept for eight days."""

    async def find_noted(self, entries: Collection[tuple[ActiveAccount, str]]) -> frozenset[tuple[ActiveAccount, str]]:
        """Those of the accounts that are listed for their hours (`2026-11-20T14`). Raises LedgerUnavailable."""
        ...


class Ledger(Protocol):
    """Accounts and events. `tenants/account.py` says what holds of them."""

    async def reserve(self, fence: Fence, hold: Hold, demand: Demand) -> Reserved:
        """Write the hold in one conditional update, if the fence is current and every limit has room for its bound. A
        busy key has several accounts, which keep its limits together; what is said of its account is of all of them.

        Of the key's limits all hold, of the tenant's its budgets, as far as they were granted to this account. A
        bound without a cost takes no money: whether such a request may be served under a budget in money is for the
        caller to say (`Limits.counts_money`, ModelNotPriced). Holds that have expired by the time the request began
        are finished before they refuse another one.

        The hold returned is the one to settle. The account comes along now and then, so that leftovers are seen.
        Raises, in this order, FenceStale, LimitExceeded, GrantNeeded; or LedgerUnavailable. Then nothing is held, and
        nothing is used up: not a request, not a token; but LedgerUnavailable may have held it (`may_have_applied`).
        Once for each request GrantNeeded may come before the others, `foreseen`, without a write.
        """
        ...

    async def open_account(self, fence: Fence, month: str) -> None:
        """Make or raise the account's fence, if key and tenant still have these versions.

        Raises FenceStale where they have not, LedgerUnavailable.
        """
        ...

    async def settle(self, hold: Hold, settlement: Settlement, *, watched: bool = False) -> Settled:
        """Replace the hold by what the request used and store its usage record, in one write.

        True when this call did it, or an earlier one whose entry is still in the outbox; False when the hold was
        gone: settled by somebody else after it had expired, or delivered by now. Raises LedgerUnavailable.

        What was used is charged in full, beyond the bound, too (`exceeds`). A hold without an entry costs a read more.
        `watched` asks for the account that it leaves, which costs nothing more.
        """
        ...

    async def settle_soft(
        self, hold: Hold, settlement: Settlement, demand: Demand, *, repeated: bool = False, watched: bool = False
    ) -> Settled:
        """Count what a request used that reserved nothing, and store its usage record, in one write.

        It asks for no fence and no limit, and counts in the month, the day and the tenant's grants alone. True when
        this call did it or an earlier one did the same. Raises LedgerUnavailable; then the caller says `repeated`
        when it tries again: that looks first for what an earlier attempt left, two reads more. What remains is an
        earlier attempt that DynamoDB applies only after the later one's entry was delivered and removed. `watched` as
        in `settle`.
        """
        ...

    async def drop_hold(self, hold: Hold) -> None:
        """Remove a hold as if it had never been taken: one that came back after its request was settled."""
        ...

    async def find_event(self, call: Call) -> UsageEvent | None:
        """The event of a request, strongly consistent."""
        ...

    async def find_account(self, key_id: str, month: str) -> Account | None:
        """The account as it stands, strongly consistent."""
        ...

    async def put_events(self, events: Sequence[UsageEvent]) -> None:
        """Store events under their request ids. Storing the same event again changes nothing."""
        ...

    async def list_events(self, tenant_id: str, day: str, after: str | None, limit: int) -> Page[UsageEvent]:
        """A tenant's events of one UTC day (`2026-11-20`, when the requests began), by request id.

        Only tests read events so far: no route serves OpenAI's usage reports yet.
        """
        ...
