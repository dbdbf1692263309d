"""A project's budget holds over its keys where some of them are spread over several accounts."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from random import Random

import pytest

from awswire.dynamodb import DynamoDb
from tenants import dynamo_escrow, dynamo_shards
from tenants.account import Account
from tenants.account_counts import room_name
from tenants.account_item import Item, lent_name, number_of
from tenants.account_memory import AccountMemory
from tenants.account_reserve import Reserve
from tenants.busy_keys import BusyKeys
from tenants.dynamo_accounts import DynamoAccounts
from tenants.dynamo_shards import read_shards, recall
from tenants.dynamo_tenant_spend import TenantSpend
from tenants.dynamo_usage import DynamoUsage
from tenants.errors import LedgerUnavailable, LimitExceeded
from tenants.escrow import Escrow
from tenants.limits import Currency, Interval
from tenants.window import window_of
from tests.engines import ON_ONE_ENGINE
from tests.tenants.faults import LOST_REPLIES, NOT_APPLIED
from tests.tenants.projects import BOUND, EVERY_POOL, USED_ALL, Instance, Project, limits_for, open_project
from tests.tenants.samples import DAY, HOLD_SECONDS, MONTH, NOW_MS, a_hold
from tests.tenants.spread_keys import EAGER
from tests.tenants.stores import Store

pytestmark = ON_ONE_ENGINE

COST = BOUND.cost_pico_usd or 0


async def take_at_once(project: Project, instance: Instance, key_id: str, requests: int) -> int:
    """How many of them were taken; they go on."""

    async def take(number: int) -> bool:
        hold = a_hold(f"req_{key_id}{id(instance)}n{number}", key_id, bound=BOUND)
        try:
            await project.take(instance, hold)
        except LimitExceeded:
            return False
        return True

    return sum(await asyncio.gather(*(take(number) for number in range(requests))))


@pytest.mark.parametrize("pool", EVERY_POOL)
async def test_the_last_of_a_budget_is_found_on_the_accounts_of_a_busy_key(
    store: Store, pool: tuple[Interval, Currency]
) -> None:
    project = await open_project(store, limits_for(20, pool), keys=2)
    busy, other = project.new_instance(spread=EAGER), project.new_instance()
    assert await take_at_once(project, busy, "key_0", 4) == 4
    assert (await store.get_account("key_0")).shards > 1
    assert await take_at_once(project, other, "key_1", 20) == 16
    standing = await other.budgets.standing(project.tenant.id, MONTH, DAY)
    assert (standing.in_flight, standing.of(*pool).spent) == (20, 20 * (COST if pool[1] is Currency.USD else 1_000))
    await project.assert_balanced()


@pytest.mark.parametrize("pool", EVERY_POOL)
async def test_what_a_busy_keys_accounts_have_not_spent_of_a_lowered_budget_is_taken_back(
    store: Store, pool: tuple[Interval, Currency]
) -> None:
    project = await open_project(store, limits_for(200, pool), keys=1)
    busy = project.new_instance(spread=EAGER)
    assert await take_at_once(project, busy, "key_0", 8) == 8
    await project.change(limits_for(8, pool))
    await busy.budgets.shrink(project.tenant, window_of(NOW_MS))
    for instance in (busy, project.new_instance(spread=EAGER), project.new_instance()):
        assert await take_at_once(project, instance, "key_0", 4) == 0
    await project.assert_balanced()


async def test_the_last_of_a_budget_is_taken_back_from_an_account_that_spends_all_the_time(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = await open_project(store, limits_for(40), keys=2)
    busy, other = project.new_instance(spread=EAGER), project.new_instance()
    assert await take_at_once(project, busy, "key_0", 2) == 2
    spending = DynamoAccounts(store.client, store.tables.usage, store.monotonic, AccountMemory(), BusyKeys(EAGER))
    numbers = itertools.count()

    async def overtaken(client: DynamoDb, table: str, key: tuple[str, str], shards: Iterable[int]) -> dict[int, Item]:
        found = await read_shards(client, table, key, shards)
        if 1 in found:
            hold = a_hold(f"req_meanwhile{next(numbers)}", "key_0", bound=BOUND)
            await spending.reserve(Reserve(project.fence("key_0"), hold, project.demand(hold)), 1)
        return found

    monkeypatch.setattr(dynamo_shards, "read_shards", overtaken)
    assert await take_at_once(project, other, "key_1", 26) == 26
    assert next(numbers) > 0
    await project.assert_balanced()


async def test_two_busy_keys_of_four_processes_spend_a_budget_to_its_last_request(store: Store) -> None:
    project = await open_project(store, limits_for(17), keys=2)
    asking = (
        take_at_once(project, project.new_instance(spread=EAGER), key_id, 10)
        for key_id in project.key_ids
        for _ in range(2)
    )
    assert sum(await asyncio.gather(*asking)) == 17
    await project.assert_balanced()


async def test_nobody_is_refused_while_another_process_takes_back_what_is_missing(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = await open_project(store, limits_for(20), keys=2)
    assert await take_at_once(project, project.new_instance(spread=EAGER), "key_0", 4) == 4
    taken_back = 0

    async def overtaken(client: DynamoDb, table: str, escrow: Escrow, key_id: str) -> bool:
        nonlocal taken_back
        taken_back += await recall(client, table, escrow, key_id)
        return await recall(client, table, escrow, key_id)

    monkeypatch.setattr(dynamo_escrow, "recall", overtaken)
    assert await take_at_once(project, project.new_instance(), "key_1", 20) == 16
    assert taken_back > 0


@pytest.mark.parametrize("seed", range(3))
async def test_faults_leave_the_books_of_a_busy_key_whole_and_what_alerts_are_told_by(store: Store, seed: int) -> None:
    project = await open_project(store, limits_for(31, *EVERY_POOL), keys=2)
    instances = [project.new_instance(spread=EAGER) for _ in range(4)]
    random = Random(seed)
    for operation in ("UpdateItem", "TransactWriteItems"):
        store.transport.plan(operation, *random.choices((*LOST_REPLIES, *NOT_APPLIED), k=30))

    async def serve(number: int) -> None:
        instance, hold = instances[number % 4], a_hold(f"req_{number}", f"key_{int(number % 5 == 0)}", bound=BOUND)
        with suppress(LimitExceeded):
            try:
                held = (await project.take(instance, hold)).hold
            except LedgerUnavailable:  # as the data plane does
                await until_done(lambda: instance.ledger.drop_hold(hold))
            else:
                await until_done(lambda: instance.ledger.settle(held, USED_ALL))

    await asyncio.gather(*(serve(number) for number in range(90)))
    for operation in ("UpdateItem", "TransactWriteItems"):
        store.transport.forget(operation)
    for number in range(90, 150):
        await serve(number)
    accounts = [await store.get_account(key_id) for key_id in project.key_ids]
    assert accounts[0].shards > 2
    assert [account.in_flight for account in accounts] == [0, 0]
    assert sum(account.requests for account in accounts) == 31
    spend = TenantSpend(store.client, store.tables, DynamoUsage(store.client, store.tables, HOLD_SECONDS))
    sums = await spend.sum_accounts(project.tenant.id, MONTH, DAY)
    expected = {Currency.USD: 31 * COST, Currency.TOKENS: 31 * BOUND.tokens}
    assert sums == {pool: expected[pool[1]] for pool in EVERY_POOL}
    await project.assert_balanced()
    for account in accounts:
        await assert_all_lent_is_found(store, account)


async def until_done(call: Callable[[], Awaitable[object]]) -> None:
    for _ in range(20):
        with suppress(LedgerUnavailable):
            await call()
            return
    raise AssertionError("the store never comes back")


async def assert_all_lent_is_found(store: Store, account: Account) -> None:
    """What the bank counts as lent is what shards have left or have spent."""
    bank = await store.get_item(account.key_id)
    shards = [await store.find_item(account.key_id, shard) for shard in range(1, account.shards)]
    for counter in ("mu", "mk", "du", "dk", "n"):
        found = sum(number_of(item, room_name(counter)) + number_of(item, counter) for item in shards)
        assert number_of(bank, lent_name(counter)) == found
