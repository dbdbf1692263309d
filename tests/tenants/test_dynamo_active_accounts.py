"""An account is registered before anything is written to it, once an hour and process."""

from __future__ import annotations

import asyncio

import pytest

from tenants.active_accounts import HOUR_MS, ActiveAccount, active_item, hour_of
from tenants.dynamo_active_accounts import ActiveAccounts, SweepRecord
from tenants.errors import LedgerUnavailable
from tenants.principal import Fence
from tests.tenants.faults import LOST_REPLIES, NOT_APPLIED, Fault
from tests.tenants.samples import KEY, MONTH, NOW_MS, SETTLEMENT, a_hold, asking
from tests.tenants.stores import ATTEMPTS, Store

HOUR = hour_of(NOW_MS)
ACCOUNT = ActiveAccount(KEY.id, MONTH)


@pytest.fixture
def active(store: Store) -> ActiveAccounts:
    return ActiveAccounts(store.client, store.tables)


@pytest.fixture
def record(store: Store) -> SweepRecord:
    return SweepRecord(store.client, store.tables)


def puts(store: Store) -> int:
    return [operation for operation, _ in store.transport.sent].count("PutItem")


async def test_an_account_is_listed_in_the_hour_that_it_was_noted_for(active: ActiveAccounts) -> None:
    await active.note(KEY.id, MONTH, NOW_MS)
    await active.note("key_2", "2026-10", NOW_MS + HOUR_MS - 1)
    await active.note(KEY.id, MONTH, NOW_MS + HOUR_MS)
    assert await active.list(HOUR) == [ACCOUNT, ActiveAccount("key_2", "2026-10")]
    assert await active.list(hour_of(NOW_MS + HOUR_MS)) == [ACCOUNT]
    assert await active.list(hour_of(NOW_MS - 1)) == []


async def test_many_hours_of_many_accounts_are_looked_up_at_once(store: Store, active: ActiveAccounts) -> None:
    noted = [(ActiveAccount(f"key_{number}", MONTH), hour_of(NOW_MS + number * HOUR_MS)) for number in range(60)]
    for number, (account, _) in enumerate(noted):
        await active.note(account.key_id, MONTH, NOW_MS + number * HOUR_MS)
    missing = [(account, hour_of(NOW_MS - HOUR_MS)) for account, _ in noted]
    assert await active.find_noted([*noted, *missing, *noted]) == frozenset(noted)
    assert [operation for operation, _ in store.transport.sent].count("BatchGetItem") == 2
    assert await active.find_noted([]) == frozenset()


async def test_an_account_costs_one_write_an_hour_however_many_requests_come_at_once(
    store: Store, active: ActiveAccounts
) -> None:
    await asyncio.gather(*(active.note(KEY.id, MONTH, NOW_MS + number) for number in range(100)))
    await active.note(KEY.id, MONTH, NOW_MS + HOUR_MS - 1)
    assert puts(store) == 1
    await active.note(KEY.id, MONTH, NOW_MS + HOUR_MS)
    assert puts(store) == 2


@pytest.mark.parametrize("fault", [*LOST_REPLIES, *NOT_APPLIED])
async def test_a_note_that_is_not_answered_raises_and_the_next_one_tries_again(
    fault: Fault, store: Store, active: ActiveAccounts
) -> None:
    store.transport.plan("PutItem", *[fault] * ATTEMPTS)
    notes = [active.note(KEY.id, MONTH, NOW_MS) for _ in range(3)]
    errors = await asyncio.gather(*notes, return_exceptions=True)
    assert [type(error) for error in errors] == [LedgerUnavailable] * 3
    await active.note(KEY.id, MONTH, NOW_MS)
    assert await active.list(HOUR) == [ACCOUNT]


async def test_a_note_that_is_cancelled_leaves_the_others_that_wait_for_it_alone(
    store: Store, active: ActiveAccounts
) -> None:
    first = asyncio.create_task(active.note(KEY.id, MONTH, NOW_MS))
    second = asyncio.create_task(active.note(KEY.id, MONTH, NOW_MS))
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert await active.list(HOUR) == [ACCOUNT]


async def test_a_list_longer_than_a_page_is_read_whole(store: Store, active: ActiveAccounts) -> None:
    # A page of Query ends at 1 MB: what a list holds besides its accounts is not for it to know.
    expected = [ActiveAccount(f"key_{number}", MONTH) for number in range(4)]
    filling = {"S": "x" * 350_000}
    for each in expected:
        item = {**active_item(each, HOUR), "filling": filling}
        await store.client.call("PutItem", {"TableName": store.tables.usage, "Item": item}, repeatable=True)
    assert await active.list(HOUR) == expected
    assert [operation for operation, _ in store.transport.sent].count("Query") > 1


async def test_clearing_removes_the_entries_named_and_nothing_else(
    store: Store, active: ActiveAccounts, opened: Fence
) -> None:
    ledger = store.new_ledger()
    for request_id in ("req_1", "req_2"):
        hold, demand = asking(a_hold(request_id))
        await ledger.settle((await ledger.reserve(opened, hold, demand)).hold, SETTLEMENT)
    before = await store.get_item()
    await active.clear_outbox(ACCOUNT, ["req_1", "req_never"])
    after = await store.get_item()
    assert {name: value for name, value in before.items() if name != "o1"} == after


async def test_clearing_makes_no_account(store: Store, active: ActiveAccounts) -> None:
    await active.clear_outbox(ActiveAccount("key_gone", MONTH), ["req_1"])
    assert await store.new_ledger().find_account("key_gone", MONTH) is None


async def test_of_processes_that_ask_at_once_one_has_the_turn(record: SweepRecord) -> None:
    turns = await asyncio.gather(*(record.take_turn(NOW_MS, 60_000) for _ in range(8)))
    assert turns.count(True) == 1
    assert not await record.take_turn(NOW_MS + 59_999, 60_000)
    assert await record.take_turn(NOW_MS + 60_000, 60_000)


async def test_hours_that_are_done_with_never_come_back(record: SweepRecord) -> None:
    assert await record.find_through() is None
    await record.finish_hour("2026-11-20T10")
    await record.finish_hour("2026-11-20T09")
    assert await record.find_through() == "2026-11-20T10"
    await record.take_turn(NOW_MS, 60_000)
    await record.finish_hour("2026-11-20T11")
    assert await record.find_through() == "2026-11-20T11"
