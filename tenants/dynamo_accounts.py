"""The writes on account items: each is one conditional UpdateItem, made for the days and minutes that the account was
last seen with, and made anew where its refusal shows others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from awswire.dynamodb import ConditionFailed, DynamoDb
from tenants.account import Account, Hold
from tenants.account_caps import draws_of
from tenants.account_counts import Seen, entry_of, seen_in, seen_on
from tenants.account_item import DAY, account_from_item, account_key, hold_name, outbox_name
from tenants.account_limits import find_refusal, has_loans, standing_after
from tenants.account_memory import AccountId, AccountMemory, account_id_of
from tenants.account_reserve import Reserve, reserve_update
from tenants.account_settle import soft_update
from tenants.account_shards import merge
from tenants.account_text import NOT_ENTERED
from tenants.busy_keys import BusyKeys
from tenants.demand import Demand
from tenants.dynamo_calls import call_store
from tenants.dynamo_shards import read_shards
from tenants.errors import FenceStale, GrantNeeded, LedgerUnavailable, TenantsError
from tenants.event import UsageEvent
from tenants.known_grants import KnownGrants
from tenants.standing import Reserved, Settled, Standing

# How often a reserve reads its account along, so that what a crashed process left behind is seen and finished.
INSPECT_EVERY_SECONDS = 30.0
# A day, a minute and a model's minute may each have begun unseen; by then one more may have. Every attempt learns all.
_WINDOW_ATTEMPTS = 6

# Makes the update that ends a hold, of the hold with its entry, what was seen, and the entries it may remove.
HoldUpdate = Callable[[Hold, Seen, Sequence[str]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing was reserved, and the account that refused; None where it is not there yet."""

    error: TenantsError
    account: Account | None


@dataclass(frozen=True, slots=True)
class LoanNeeded:
    """Nothing was reserved on a shard: it is not open for the versions, or was lent too little."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A hold was ended; the account as exactly this write left it, None where nobody asked for it."""

    account: Account | None


@dataclass(frozen=True, slots=True)
class Gone:
    """A hold is not there any more; the account as it stands, None where there is none."""

    account: Account | None


class DynamoAccounts:
    """The accounts of one table. `monotonic` gives seconds on a clock that never goes back."""

    def __init__(
        self,
        client: DynamoDb,
        usage_table: str,
        monotonic: Callable[[], float],
        memory: AccountMemory,
        busy: BusyKeys,
    ) -> None:
        self._client = client
        self._table = usage_table
        self._monotonic = monotonic
        self._memory = memory
        self._grants = KnownGrants()
        self._busy = busy

    async def find(self, key_id: str, month: str) -> Account | None:
        """The account as it stands, strongly consistent; a busy key's with all of its shards."""
        body = {"TableName": self._table, "Key": account_key(key_id, month), "ConsistentRead": True}
        answer = await call_store(self._client, "GetItem", body)
        return await self.complete(account_from_item(answer["Item"])) if "Item" in answer else None

    async def complete(self, first: Account) -> Account:
        """A key's first account, with all that is on its shards. Raises LedgerUnavailable."""
        if first.shards == 1:
            return first
        key = (first.key_id, first.month)
        found = await read_shards(self._client, self._table, key, range(1, first.shards))
        shards = [account_from_item(item) for item in found.values() if item]
        for shard in shards:
            self._memory.mark_places(shard.shard, shard.outbox)
        return merge(first, shards)

    async def reserve(self, wanted: Reserve, shard: int = 0) -> Reserved | Refused | LoanNeeded:
        """Take the hold, which needs no entry yet, on one of the key's accounts. Raises LedgerUnavailable."""
        account_id, request_id = (
            account_id_of(wanted.fence.key_id, wanted.hold.call.month, shard),
            wanted.hold.call.request_id,
        )
        if shard or not wanted.demand.tenant_limits.spend:  # a shard draws on no grant
            return await self._reserve(account_id, wanted, shard)
        entered = _entered(wanted, self._memory.seen(account_id)).hold
        draws = draws_of(entered.entry or NOT_ENTERED, entered.bound)
        if self._grants.holds_back(account_id, request_id, draws):
            return Refused(GrantNeeded(foreseen=True), None)
        self._grants.begin(account_id, request_id, draws)
        try:
            return await self._reserve(account_id, wanted)
        except LedgerUnavailable:
            self._grants.forget(account_id)
            raise
        finally:
            self._grants.end(account_id, request_id)

    async def _reserve(self, account_id: AccountId, wanted: Reserve, shard: int = 0) -> Reserved | Refused | LoanNeeded:
        for _ in range(_WINDOW_ATTEMPTS):
            seen = self._memory.seen(account_id)
            try:
                return await self._take(account_id, _entered(wanted, seen, shard), seen)
            except ConditionFailed as refused:
                outcome = self._read_refusal(account_id, wanted, shard, refused.item)
                if outcome is not None:
                    return outcome
        raise LedgerUnavailable()

    async def _take(self, account_id: AccountId, asked: Reserve, seen: Seen) -> Reserved:
        now_seconds = self._monotonic()
        inspect = self._memory.inspection_due(account_id, now_seconds, INSPECT_EVERY_SECONDS)
        update = partial(reserve_update, self._table, asked, seen)
        attributes = await self._write(account_id, update, "ALL_NEW" if inspect else "UPDATED_NEW")
        entry = asked.hold.entry or NOT_ENTERED
        self._memory.mark_seen(account_id, seen_in(entry))
        self._grants.see(account_id, attributes, entry.grants)
        if inspect:
            self._memory.mark_inspected(account_id, now_seconds)
        key = (asked.fence.key_id, asked.hold.call.month)
        self._busy.note(key, attributes, entry, now_seconds)
        account = account_from_item(attributes) if inspect else None
        if account is not None and entry.shard:
            self._memory.mark_places(entry.shard, account.outbox)
        return Reserved(asked.hold, self._standing(attributes, asked), account)

    def _standing(self, attributes: dict[str, Any], asked: Reserve) -> Standing:
        shard = (asked.hold.entry or NOT_ENTERED).shard
        bank = self._busy.bank((asked.fence.key_id, asked.hold.call.month)) if shard else None
        return standing_after(attributes, asked, bank)

    def _read_refusal(
        self, account_id: AccountId, wanted: Reserve, shard: int, item: dict[str, Any] | None
    ) -> Reserved | Refused | LoanNeeded | None:
        """None where nothing but a day or minute was another than the account's, which is remembered."""
        if item is None:
            return LoanNeeded() if shard else Refused(FenceStale(None, None), None)
        account = account_from_item(item)
        earlier = account.holds.get(wanted.hold.call.request_id)
        if earlier is not None:  # our own attempt, whose reply was lost
            taken = replace(wanted, hold=replace(wanted.hold, entry=earlier.entry))
            return Reserved(taken.hold, self._standing(item, taken), account)
        entry = _entered(wanted, {}, shard).hold.entry or NOT_ENTERED
        seen = seen_on(item, entry)
        self._memory.mark_seen(account_id, seen)
        self._grants.see(account_id, item, entry.grants)
        entered = _entered(wanted, seen, shard)
        if shard:
            return None if has_loans(item, entered) else LoanNeeded()
        refusal = find_refusal(item, entered)
        return None if refusal is None else Refused(refusal, account)

    async def end(self, hold: Hold, update: HoldUpdate, *, watched: bool = False) -> Ended | Gone:
        """Write what ends a hold; `watched` asks for the account that this leaves. Raises LedgerUnavailable.

        A hold without an entry is one whose reserve was never answered: what it was counted in is read first.
        """
        key = (hold.call.key_id, hold.call.month)
        if hold.entry is None:
            account = await self.find(*key)
            held = None if account is None else account.holds.get(hold.call.request_id)
            if held is None:
                return Gone(account)
            hold = replace(hold, entry=held.entry or NOT_ENTERED)
        shard, grants = (hold.entry or NOT_ENTERED).shard, (hold.entry or NOT_ENTERED).grants
        account_id = account_id_of(*key, shard)
        if shard:
            self._memory.mark_places(shard, [hold.call.request_id])
        returned = _returned(watched=watched, changes=bool(grants))
        for _ in range(_WINDOW_ATTEMPTS):
            try:
                attributes = await self._write(
                    account_id, partial(update, hold, self._memory.seen(account_id)), returned
                )
            except ConditionFailed as refused:
                if refused.item is None or hold_name(hold.call.request_id) not in refused.item:
                    return Gone(None if refused.item is None else account_from_item(refused.item))
                self._memory.mark_seen(account_id, seen_on(refused.item, hold.entry or NOT_ENTERED))
            else:
                # A day's grants are not touched by what ends in a later one, and are not among what comes back.
                self._grants.see(account_id, attributes, [grant for grant in grants if grant in attributes])
                self._busy.note_end(key, shard)
                return Ended(account_from_item(attributes) if watched else None)
        raise LedgerUnavailable()

    async def record(self, event: UsageEvent, demand: Demand, *, watched: bool = False) -> Settled:
        """Count an event that had no hold, unless one of its request waits in the outbox: done where it is the same.

        Raises LedgerUnavailable.
        """
        account_id = account_id_of(event.call.key_id, event.call.month)
        for _ in range(_WINDOW_ATTEMPTS):
            seen = self._memory.seen(account_id)
            entry = entry_of(demand, seen)
            try:
                attributes = await self._write(
                    account_id, partial(soft_update, self._table, event, demand, seen), _returned(watched=watched)
                )
            except ConditionFailed as refused:
                if refused.item is not None and outbox_name(event.call.request_id) in refused.item:
                    kept = account_from_item(refused.item).outbox.get(event.call.request_id, event)
                    return Settled(kept.settlement == event.settlement)
                self._memory.mark_seen(account_id, seen_on(refused.item or {}, entry))
            else:
                self._memory.mark_seen(account_id, {DAY: entry.day or 0})
                return Settled(done=True, account=account_from_item(attributes) if watched else None)
        raise LedgerUnavailable()

    async def _write(
        self, account_id: AccountId, update: Callable[[Sequence[str]], dict[str, Any]], returned: str = "NONE"
    ) -> dict[str, Any]:
        """The attributes returned. Entries that are events by now are removed along, if the write comes about."""
        delivered = self._memory.take_delivered(account_id)
        try:
            body = {**update(delivered), "ReturnValues": returned}
            answer = await call_store(self._client, "UpdateItem", body)
        except (ConditionFailed, LedgerUnavailable):
            self._memory.mark_delivered(account_id, delivered)
            raise
        attributes: dict[str, Any] = answer.get("Attributes", {})
        return attributes


def _returned(*, watched: bool, changes: bool = False) -> str:
    """What DynamoDB gives back of an item that it wrote; each costs the write units of the write alone."""
    return "ALL_NEW" if watched else "UPDATED_NEW" if changes else "NONE"


def _entered(wanted: Reserve, seen: Seen, shard: int = 0) -> Reserve:
    return replace(wanted, hold=replace(wanted.hold, entry=entry_of(wanted.demand, seen, shard)))
