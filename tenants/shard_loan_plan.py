"""How much to lend to a shard, and what to take back from which others. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tenants.account_item import find_number, number_of, to_number
from tenants.account_limits import AccountItem, find_refusal
from tenants.account_reserve import Reserve
from tenants.errors import FenceStale, GrantNeeded, TenantsError
from tenants.shard_loans import Book, Items, Line, Loan, book_of, shards_of

LOAN_REQUESTS = 50
"""The most that is lent ahead, in requests as costly as the one that asks."""

LEAST_REQUESTS = 5
"""The least, where there is as much: the last of a budget would take a transaction for each request."""


@dataclass(frozen=True, slots=True)
class ReadAll:
    """What the bank has left does not do: the other shards have to be looked at."""


def plan_recall(book: Book, items: Items, part: int = 1) -> Loan | None:
    """All that shards have left goes back to the bank, or one `part` of it, rounded up. None where nothing is left."""
    takes = {
        shard: {line.counter: -(-line.room(item) // part) for line in book.lines if line.room(item) > 0}
        for shard, item in items.items()
        if shard
    }
    takes = {shard: amounts for shard, amounts in takes.items() if amounts}
    return Loan(0, takes=takes, forced=True) if takes else None


def plan_loan(wanted: Reserve, shard: int, items: Items, waiting: int) -> Loan | ReadAll | TenantsError:
    """What to lend to the shard, or with shard 0 to give back to the bank itself, so that the request has room there;
    or why there is none: FenceStale, LimitExceeded, GrantNeeded. `waiting` requests of its size ask together.

    `items` has the bank and the shard, empty where it does not exist; all of the key's before anything is refused or
    taken from others. The entry has to be the bank's.
    """
    bank, book = items[0], book_of(wanted)
    versions = (find_number(bank, "kv"), find_number(bank, "tv"))
    if versions != (book.key_version, book.tenant_version):
        return FenceStale(*versions)
    debts = _find_debts(book, items)
    if debts:
        return Loan(0, takes=debts, forced=True)
    lends, missing = {}, {}
    for line in book.lines:
        lends[line.counter], missing[line.counter] = _ask(line, shard, items, waiting)
    if any(missing.values()):
        if any(each not in items for each in range(shards_of(bank))):
            return ReadAll()
        refusal = find_refusal(_with_all_back(book, items), wanted)
        if refusal is not None:
            return refusal
    loan = Loan(shard, _moved(lends), _take(book, shard, items, missing))
    if any(_overdraws(line, loan, bank) for line in book.lines):
        return GrantNeeded()
    return loan


def _ask(line: Line, shard: int, items: Items, waiting: int) -> tuple[int, int]:
    """What to lend of a counter, and what other shards have to give for that."""
    free = line.free(items[0])
    if shard == 0:
        return 0, 0 if free is None else max(0, line.asked - free)
    need = line.asked - line.room(items[shard])
    if free is None or free >= max(need, 0):
        return (_loan_size(line, need, items, waiting) if need > 0 else 0), 0
    short = max(need, 0) - free
    given = min(short, max(-need, 0))
    return (need if need > 0 else -given), short - given


def _loan_size(line: Line, need: int, items: Items, waiting: int) -> int:
    """An equal part of the limit's rest for every shard, and half of a grant, which is a part already, within
    LEAST_REQUESTS and LOAN_REQUESTS; but at least what is waited for, as far as there is so much."""
    bank = items[0]
    free, granted = line.free(bank), line.granted(bank)
    least, most = LEAST_REQUESTS * line.asked, LOAN_REQUESTS * line.asked
    parts = [most if free is None else free // shards_of(bank), most if granted is None else granted // 2]
    wished = max(least, min(most, *parts), need + (waiting - 1) * line.asked)
    return max(need, min(each for each in (wished, free, granted) if each is not None))


def _find_debts(book: Book, items: Items) -> dict[int, dict[str, int]]:
    """What shards used beyond what they were lent, as requests passed their bounds: below zero, to be counted."""
    debts: dict[int, dict[str, int]] = {}
    for shard, item in items.items():
        for line in book.lines if shard else ():
            # Of a day or minute that is over on the bank nobody asks any more.
            if line.room(item) < 0 and (line.window is None or number_of(items[0], line.window) == line.at):
                debts.setdefault(shard, {})[line.counter] = line.room(item)
    return debts


def _with_all_back(book: Book, items: Items) -> AccountItem:
    """The bank as it would be if all shards gave back what they have not spent."""
    bank = dict(items[0])
    for line in book.lines:
        unspent = sum(line.room(item) for shard, item in items.items() if shard)
        if unspent:
            bank[line.counter] = to_number(number_of(bank, line.counter) - unspent)
            if line.grant is not None:
                bank[line.grant] = to_number(number_of(bank, line.grant) + unspent)
    return bank


def _take(book: Book, shard: int, items: Items, missing: Mapping[str, int]) -> dict[int, dict[str, int]]:
    takes: dict[int, dict[str, int]] = {}
    for line in book.lines:
        left = missing[line.counter]
        others = sorted((each for each in items if each not in (0, shard)), key=lambda each: -line.room(items[each]))
        for other in others:
            amount = min(left, line.room(items[other]))
            if amount > 0:
                takes.setdefault(other, {})[line.counter] = amount
                left -= amount
    return takes


def _overdraws(line: Line, loan: Loan, bank: AccountItem) -> bool:
    granted, counted = line.granted(bank), loan.counted(line.counter)
    return granted is not None and counted > 0 and counted > granted


def _moved(amounts: Mapping[str, int]) -> dict[str, int]:
    return {counter: amount for counter, amount in amounts.items() if amount}
