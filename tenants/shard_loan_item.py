"""A loan as DynamoDB's transaction: the bank, the shard that asks, and those that give back. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tenants.account_counts import WindowCount, room_name
from tenants.account_item import SHARDS, Item, account_key, lent_name, number_of, to_number
from tenants.account_reserve import slot_version_name
from tenants.account_windows import begin, go_on
from tenants.periods import account_expiry
from tenants.shard_loans import Book, Items, Line, Loan, shards_of
from tenants.tables import TTL_ATTRIBUTE
from tenants.update_draft import UpdateDraft

LOANS = "lc"
"""How often something was lent or given back: who reads all of a key's accounts sees whether anything moved."""


def loan_transaction(table: str, book: Book, loan: Loan, items: Items) -> dict[str, Any]:
    """The TransactWriteItems. Its first step is the bank, on condition of the versions, and that no limit is passed."""
    steps = [_bank_update(table, book, loan, items)]
    if loan.shard and not loan.forced:
        steps.append(_lend_update(table, book, loan, items[loan.shard]))
    for shard, amounts in loan.takes.items():
        steps.append(_take_update(table, book, shard, amounts))
    return {"TransactItems": [{"Update": step.to_request()} for step in steps]}


def _bank_update(table: str, book: Book, loan: Loan, items: Items) -> UpdateDraft:
    bank = items[0]
    draft = UpdateDraft(table, account_key(book.key_id, book.month))
    draft.require_equal("tv", book.tenant_version)
    if book.key_version is not None:
        draft.require_equal("kv", book.key_version)
    draft.add(LOANS, 1)
    if loan.shard >= shards_of(bank):
        if SHARDS in bank:
            draft.require_equal(SHARDS, shards_of(bank))
        else:
            draft.require_absent(SHARDS)
        draft.set_number(SHARDS, loan.shard + 1)
    anew = _count_lent(draft, book, loan, bank)
    for line in book.lines:
        counted = loan.counted(line.counter)
        if line.limit is not None and not loan.forced and line.window not in anew:
            draft.require_at_most(line.counter, line.limit - counted)
        if line.grant is not None and counted:
            draft.add(line.grant, -counted)
            if counted > 0 and not loan.forced:
                draft.require_at_least(line.grant, counted)
    return draft


def _count_lent(draft: UpdateDraft, book: Book, loan: Loan, bank: Item) -> set[str]:
    """Count what is lent as used, and beside it as lent. The days and minutes that begin with it."""
    for line in book.lines:
        counted = loan.counted(line.counter)
        if line.window is None and counted:
            draft.add(line.counter, counted)
            draft.add(lent_name(line.counter), counted)
    anew = set()
    for window in _windows(book, loan):
        if loan.forced and not any(window.adds.values()):
            continue
        if number_of(bank, window.name) < window.at:
            begin(draft, window)
            anew.add(window.name)
        else:
            go_on(draft, window)
        _count_lent_in(draft, window, bank)
    return anew


def _count_lent_in(draft: UpdateDraft, window: WindowCount, bank: Item) -> None:
    name = lent_name(window.name)
    if number_of(bank, name) == window.at:
        draft.require_equal(name, window.at)
        for counter, number in window.adds.items():
            draft.add(lent_name(counter), number)
        return
    draft.require_behind(name, window.at)
    draft.set_number(name, window.at)
    for counter, number in window.adds.items():
        draft.set_number(lent_name(counter), number)


def _windows(book: Book, loan: Loan) -> list[WindowCount]:
    adds: dict[tuple[str, int], dict[str, int]] = {}
    for line in book.lines:
        if line.window is not None:
            adds.setdefault((line.window, line.at), {})[line.counter] = loan.counted(line.counter)
    return [WindowCount(name, at, counted) for (name, at), counted in adds.items()]


def _lend_update(table: str, book: Book, loan: Loan, item: Item) -> UpdateDraft:
    """Opens the shard for the versions, too."""
    draft = UpdateDraft(table, account_key(book.key_id, book.month, loan.shard))
    draft.set_number("kv", book.key_version or 0)
    draft.set_number("tv", book.tenant_version)
    draft.set_missing("t", {"S": book.tenant_id})
    draft.set_missing(TTL_ATTRIBUTE, to_number(account_expiry(book.month)))
    if book.slot is not None:
        draft.set_number(slot_version_name(book.slot), book.key_version or 0)
    begun = _enter_windows(draft, book, item)
    for line in book.lines:
        amount = loan.lends.get(line.counter, 0)
        if line.window in begun:
            draft.set_number(line.counter, 0)
            draft.set_number(room_name(line.counter), amount)
        elif amount:
            draft.add(room_name(line.counter), amount)
            if amount < 0:
                draft.require_at_least(room_name(line.counter), -amount)
    return draft


def _enter_windows(draft: UpdateDraft, book: Book, item: Item) -> set[str | None]:
    """The shard's days and minutes that begin."""
    begun: set[str | None] = set()
    for name, at in {(line.window, line.at): None for line in book.lines if line.window is not None}:
        if number_of(item, name) == at:
            draft.require_equal(name, at)
        else:
            draft.require_behind(name, at)
            draft.set_number(name, at)
            begun.add(name)
    return begun


def _take_update(table: str, book: Book, shard: int, amounts: Mapping[str, int]) -> UpdateDraft:
    draft = UpdateDraft(table, account_key(book.key_id, book.month, shard))
    lines: dict[str, Line] = {line.counter: line for line in book.lines}
    for counter, amount in amounts.items():
        draft.add(room_name(counter), -amount)
        if amount < 0:
            # A debt, which others have read, too: counted twice, it would be lent to the shard past all limits.
            draft.require_equal(room_name(counter), amount)
        else:
            draft.require_at_least(room_name(counter), amount)
    for window, at in {(lines[counter].window, lines[counter].at): None for counter in amounts}:
        if window is not None:
            draft.require_equal(window, at)
    return draft
