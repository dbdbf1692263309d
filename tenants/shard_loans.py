"""Loans: how a busy key's limits hold on several accounts at once. Pure.

A key's first account is the bank of the others, its shards. A loan is one transaction: it counts an amount as used on
the bank, within the key's limits and what its tenant granted, and adds it to what a shard may spend. A request on a
shard writes that shard alone, and asks for no limit but for what was lent. So of every counter, with the sums over all
shards,

    the bank's counter = its own + sum(room + spent of each shard) <= limit                         at every moment:

reserve and settle move an amount between `room` and `spent` of one shard, a transaction between a shard and the bank,
and nothing else moves it. Applied twice, a loan is two loans: both sides have moved, within the limits. Everything is
lent that a request is counted in, limited or not: a limit that is set later finds it counted.

The fence: a change of the key raises the bank, and shuts every shard in the same transaction, by taking its version
away. The next loan opens it again, on condition that the bank has the version and keeps within that version's limits
with all that is lent. So what was lent by former limits is not spent past new ones.

Days and minutes begin on a shard with a loan of that day or minute. What was lent for one that is over is forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from tenants.account import Entry
from tenants.account_caps import caps_of
from tenants.account_counts import GRANT_OF, amounts_of_bound, counts_of, entry_of, grants_of, room_name, seen_in
from tenants.account_item import DAY, SHARDS, Item, lent_name, number_of, to_number
from tenants.account_limits import AccountItem
from tenants.account_reserve import Reserve
from tenants.account_text import NOT_ENTERED
from tenants.escrow import POOLS, Escrow

Items = Mapping[int, Item]
"""A key's accounts of a month as they were read, by shard: the bank, which is 0, and one or all of the others."""

_GRANTS = {pool.spent: GRANT_OF[pool.interval, pool.currency] for pool in POOLS}


@dataclass(frozen=True, slots=True)
class Line:
    """A counter that a request is counted in: the day or minute it counts, how much the request asks, how far the
    counter may go, and the tenant's grant that is drawn on with it. None where there is no such thing."""

    counter: str
    window: str | None
    at: int
    asked: int
    limit: int | None
    grant: str | None

    def used(self, bank: AccountItem) -> int:
        return number_of(bank, self.counter) if self._counts(bank) else 0

    def room(self, shard: AccountItem) -> int:
        """What is left of what the shard was lent. Below zero where a request used more than its bound."""
        return number_of(shard, room_name(self.counter)) if self._counts(shard) else 0

    def free(self, bank: AccountItem) -> int | None:
        """What may still be counted on the bank. None without a limit; below zero where that was lowered."""
        return None if self.limit is None else self.limit - self.used(bank)

    def granted(self, bank: AccountItem) -> int | None:
        """What is left of the tenant's grant; None where there is none to be drawn on."""
        if self.grant is None:
            return None
        return number_of(bank, self.grant) if self._counts(bank) else 0

    def _counts(self, item: AccountItem) -> bool:
        return self.window is None or number_of(item, self.window) == self.at


@dataclass(frozen=True, slots=True)
class Book:
    """Whose counters are moved, by which versions: `key_version` is None where no limit of the key is asked."""

    key_id: str
    month: str
    tenant_id: str
    key_version: int | None
    tenant_version: int
    lines: tuple[Line, ...]
    slot: str | None = None


@dataclass(frozen=True, slots=True)
class Loan:
    """A movement between the bank, the shard that asks (`lends`, by counter; below zero is given back) and others
    (`takes`). `forced` asks for no limit: it counts what was used already."""

    shard: int
    lends: Mapping[str, int] = field(default_factory=dict)
    takes: Mapping[int, Mapping[str, int]] = field(default_factory=dict)
    forced: bool = False

    def counted(self, counter: str) -> int:
        """What the bank's counter is raised by."""
        return self.lends.get(counter, 0) - sum(take.get(counter, 0) for take in self.takes.values())


def shards_of(bank: AccountItem) -> int:
    """How many accounts the key has, the bank among them."""
    return number_of(bank, SHARDS) or 1


def entered_on_bank(wanted: Reserve, items: Items) -> Reserve:
    """The request as the bank counts it: in today and this minute, or in those that an account is ahead with."""
    names = seen_in(entry_of(wanted.demand, {}))
    seen = {name: max(number_of(item, name) for item in items.values()) for name in names}
    return with_entry(wanted, entry_of(wanted.demand, seen))


def with_entry(wanted: Reserve, entry: Entry) -> Reserve:
    return replace(wanted, hold=replace(wanted.hold, entry=entry))


def book_of(wanted: Reserve) -> Book:
    """Everything that a request is counted in. Its entry has to be the bank's."""
    fence, hold = wanted.fence, wanted.hold
    entry = replace(hold.entry or NOT_ENTERED, grants=())
    limits = {cap.meter.counter: cap.limit for cap in caps_of(wanted.demand, hold.bound)}
    granted = grants_of(wanted.demand)
    lines = []

    def add(counter: str, asked: int, window: str | None = None, at: int = 0) -> None:
        grant = _GRANTS.get(counter)
        lines.append(Line(counter, window, at, asked, limits.get(counter), grant if grant in granted else None))

    counts = counts_of(entry, amounts_of_bound(hold.bound))
    for counter, asked in counts.always.items():
        add(counter, asked)
    for window in counts.windows:
        for counter, asked in window.adds.items():
            add(counter, asked, window.name, window.at)
    versions = (fence.key_version, fence.tenant_version)
    return Book(fence.key_id, hold.call.month, fence.tenant_id, *versions, tuple(lines), entry.slot)


def recall_book(key: tuple[str, str], escrow: Escrow, bank: Item) -> Book:
    """What a tenant's budgets may want back of a key's shards."""
    lines = []
    for pool in POOLS:
        window, at = (DAY, number_of(bank, DAY)) if pool.daily else (None, 0)
        lines.append(Line(pool.spent, window, at, 0, None, pool.room if pool in escrow.caps else None))
    return Book(*key, escrow.tenant_id, None, escrow.tenant_version, tuple(lines))


def bank_after(book: Book, loan: Loan, items: Items) -> Item:
    """The bank's counters once the loan is made."""
    bank = dict(items[0])
    for line in book.lines:
        bank[line.counter] = to_number(line.used(bank) + loan.counted(line.counter))
    for line in book.lines:
        if line.window is not None:
            bank[line.window] = to_number(line.at)
    lent_slots = number_of(bank, lent_name("n")) + loan.counted("n")
    return {**bank, lent_name("n"): to_number(lent_slots)}
