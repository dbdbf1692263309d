"""Reserving for keys with more than one account, and the loans that this takes, on DynamoDB.

A key that is not busy has one account, and pays nothing for this: not a write, not a read.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from awswire.dynamodb import DynamoDb
from awswire.retries import Attempts, RetryPolicy, Timing
from tenants.account import Account
from tenants.account_counts import entry_of, seen_in
from tenants.account_item import Item, account_from_item, number_of
from tenants.account_limits import has_loans
from tenants.account_reserve import Reserve
from tenants.account_shards import merge
from tenants.busy_keys import BusyKeys, may_spread
from tenants.dynamo_accounts import DynamoAccounts, LoanNeeded, Refused
from tenants.dynamo_calls import transact
from tenants.dynamo_shards import read_shards
from tenants.errors import FenceStale, LedgerUnavailable, LimitExceeded
from tenants.shard_loan_item import LOANS, loan_transaction
from tenants.shard_loan_plan import ReadAll, plan_loan
from tenants.shard_loans import (
    Items,
    Loan,
    bank_after,
    book_of,
    entered_on_bank,
    shards_of,
    with_entry,
)
from tenants.standing import Reserved

# A loan that meets others, or requests on the accounts it moves between, is planned anew.
LOAN_RETRIES = RetryPolicy(attempts=30, deadline_seconds=5.0, first_pause_seconds=0.005, longest_pause_seconds=0.2)
# Others may take what was lent before the request has it.
_MOST_LOANS = 50

Place = tuple[str, str, int]
"""A key, a month, and the shard that asks."""


@dataclass(frozen=True, slots=True)
class _Found:
    """What came of a round: a loan to the shard, or a refusal of what was asked."""

    round: int
    shard: int
    asked: Reserve
    refused: Refused | None

    def answers(self, shard: int, wanted: Reserve) -> bool:
        """Whether it is worth another attempt to the request, or its refusal, too: limits are those of all shards."""
        if self.refused is None:
            return self.shard == shard
        same = (wanted.fence, wanted.demand, wanted.hold.bound)
        return (self.asked.fence, self.asked.demand, self.asked.hold.bound) == same


@dataclass(slots=True)
class _Line:
    """The requests of a key that wait in this process for a loan: one plans at a time, for all of its shard. What it
    found holds for those that waited already when it began to read."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: Counter[int] = field(default_factory=Counter)
    begun: int = 0
    found: _Found | None = None


class SpreadAccounts:
    """One per process."""

    def __init__(
        self,
        client: DynamoDb,
        usage_table: str,
        accounts: DynamoAccounts,
        busy: BusyKeys,
        timing: Timing,
    ) -> None:
        self._client = client
        self._table = usage_table
        self._accounts = accounts
        self._busy = busy
        self._timing = timing
        self._lines: dict[tuple[str, str], _Line] = {}

    async def reserve(self, wanted: Reserve) -> Reserved | Refused:
        """Take the hold on the account of the key that has the least to do. Raises LedgerUnavailable."""
        key = (wanted.fence.key_id, wanted.hold.call.month)
        shard = self._busy.choose(key, self._timing.monotonic()) if may_spread(wanted.demand) else 0
        self._busy.begin((key, shard))
        try:
            return await self._reserve_on((*key, shard), wanted)
        finally:
            self._busy.end((key, shard))

    async def _reserve_on(self, place: Place, wanted: Reserve) -> Reserved | Refused:
        for _ in range(_MOST_LOANS):
            outcome = await self._accounts.reserve(wanted, place[2])
            if isinstance(outcome, Refused):
                spread = outcome.account is not None and outcome.account.shards > 1
                if not (spread and isinstance(outcome.error, LimitExceeded)):
                    return outcome
            elif not isinstance(outcome, LoanNeeded):
                return outcome
            refused = await self._lend(place, wanted)
            if refused is not None:
                return refused
        raise LedgerUnavailable()

    async def _lend(self, place: Place, wanted: Reserve) -> Refused | None:
        """None where the shard, or with 0 the bank itself, had room for the request a moment ago."""
        key, shard = place[:2], place[2]
        line = self._lines.setdefault(key, _Line())
        arrived = line.begun
        line.waiting[shard] += 1
        try:
            async with line.lock:
                if line.found is not None and line.found.round > arrived and line.found.answers(shard, wanted):
                    return line.found.refused
                line.begun += 1
                this_round = line.begun
                refused = await self._settle_up(place, wanted, line.waiting)
                line.found = _Found(this_round, shard, wanted, refused)
                return refused
        finally:
            line.waiting[shard] -= 1
            if not line.waiting.total():
                del self._lines[key]

    async def _settle_up(self, place: Place, wanted: Reserve, waiting: Counter[int]) -> Refused | None:
        shard, attempts, every = place[2], Attempts(LOAN_RETRIES, self._timing), False
        while True:
            items = await self._read(place, every=every)
            if not items[0]:
                return Refused(FenceStale(None, None), None)
            if shard and _has_room(wanted, shard, items[shard]):
                return None
            on_bank = entered_on_bank(wanted, items)
            plan = plan_loan(on_bank, shard, items, waiting[shard])
            if isinstance(plan, ReadAll):
                every = True
                continue
            if isinstance(plan, Loan):
                if await self._make(on_bank, plan, items):
                    return None
            elif not isinstance(plan, LimitExceeded) or await self._unmoved(place, items[0]):
                return Refused(plan, _merged(items))
            if not await attempts.wait():
                raise LedgerUnavailable()

    async def _make(self, on_bank: Reserve, loan: Loan, items: Items) -> bool:
        """Whether the request has room now; else the accounts are to be read again."""
        if loan.shard == 0 and not loan.takes:
            return True
        return await self._commit(on_bank, loan, items) and not loan.forced

    async def _commit(self, on_bank: Reserve, loan: Loan, items: Items) -> bool:
        """False where it was refused, or where nobody knows: then the accounts tell."""
        book = book_of(on_bank)
        if not await transact(self._client, loan_transaction(self._table, book, loan, items)):
            return False
        self._busy.note_bank((book.key_id, book.month), bank_after(book, loan, items))
        return True

    async def _read(self, place: Place, *, every: bool) -> dict[int, Item]:
        """The bank and the shard that asks, or all of the key's."""
        *key, shard = place
        found = await read_shards(self._client, self._table, (key[0], key[1]), sorted({0, shard}))
        if every:
            others = [each for each in range(1, shards_of(found[0])) if each != shard]
            found |= await read_shards(self._client, self._table, (key[0], key[1]), others)
        return found

    async def _unmoved(self, place: Place, bank: Item) -> bool:
        """Whether nothing was lent or given back while the accounts were read: what was missing may have been on its
        way from one to another."""
        now = await read_shards(self._client, self._table, place[:2], [0])
        return number_of(now[0], LOANS) == number_of(bank, LOANS)


def _has_room(wanted: Reserve, shard: int, item: Item) -> bool:
    seen = {name: number_of(item, name) for name in seen_in(entry_of(wanted.demand, {}, shard))}
    return has_loans(item, with_entry(wanted, entry_of(wanted.demand, seen, shard)))


def _merged(items: Items) -> Account:
    """All of the key's accounts that were read, for what expired on them."""
    first, *shards = (account_from_item(items[shard]) for shard in sorted(items) if items[shard])
    return merge(first, shards)
