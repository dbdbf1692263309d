"""A tenant's budget holds over all of its keys and all processes, and none of it is lost."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tenants.dynamo_escrow import SPENT_SECONDS, TRANSFERS
from tenants.errors import FenceStale, LedgerUnavailable, LimitExceeded
from tenants.event import Settlement, UsageStatus
from tenants.limits import NO_LIMITS, Currency, Interval, Limits
from tenants.usage import TokenCounts
from tenants.window import window_of
from tests.engines import ON_ONE_ENGINE
from tests.tenants.faults import LOST_REPLIES, NOT_APPLIED, Fault
from tests.tenants.projects import (
    BOUND,
    EVERY_POOL,
    MONTHLY,
    USED_ALL,
    Project,
    limits_for,
    open_project,
    spend,
    write_units,
)
from tests.tenants.samples import DAY, KEY, MONTH, NOW_MS, TENANT, a_hold, an_audit
from tests.tenants.stores import ATTEMPTS, Store, open_ground, open_store

COST = BOUND.cost_pico_usd or 0
DAY_MS = 24 * 3600 * 1000
each_pool = pytest.mark.parametrize("pool", EVERY_POOL, ids=lambda pool: "-".join(pool))


async def ask_at_once(project: Project, instances: int, requests: int) -> Counter[str]:
    """How many of them were served, and how many refused."""
    running = [project.new_instance() for _ in range(instances)]

    async def ask(number: int) -> str:
        hold = a_hold(f"req_{number}", project.key_ids[number % len(project.key_ids)], bound=BOUND)
        try:
            await project.take(running[number % instances], hold)
        except LimitExceeded as refused:
            return f"refused by the {refused.refusal.scope}"
        return "served"

    return Counter(await asyncio.gather(*(ask(number) for number in range(requests))))


@ON_ONE_ENGINE
@each_pool
async def test_a_budget_for_37_requests_serves_37_of_200_at_once_over_20_keys_and_4_processes(
    store: Store, pool: tuple[Interval, Currency]
) -> None:
    project = await open_project(store, limits_for(37, pool), keys=20)
    assert await ask_at_once(project, instances=4, requests=200) == {"served": 37, "refused by the project": 163}
    (cap,) = (limit.threshold for limit in project.tenant.limits.spend)
    assert list((await project.books()).values()) == [(cap, 0, cap)]


async def test_of_several_budgets_the_smallest_holds(store: Store) -> None:
    limits = Limits(
        spend=(
            spend(Interval.MONTH, Currency.USD, 90),
            spend(Interval.MONTH, Currency.TOKENS, 80.5),
            spend(Interval.DAY, Currency.USD, 70.5),
            spend(Interval.DAY, Currency.TOKENS, 23.5),
        )
    )
    project = await open_project(store, limits, keys=5)
    assert await ask_at_once(project, instances=2, requests=60) == {"served": 23, "refused by the project": 37}
    await project.assert_balanced()


async def test_a_refusal_tells_what_is_used_and_when_the_budget_is_whole_again(store: Store) -> None:
    project = await open_project(store, limits_for(2.5, (Interval.DAY, Currency.USD)), keys=2)
    instance = project.new_instance()
    for number in range(2):
        await project.serve(instance, f"req_{number}", f"key_{number}")
    with pytest.raises(LimitExceeded) as refused:
        await project.take(instance, a_hold("req_x", "key_0", bound=BOUND))
    refusal = refused.value.refusal
    assert (refusal.scope, refusal.kind, refusal.interval, refusal.currency) == ("project", "spend", "day", "usd")
    assert (refusal.limit, refusal.used, refusal.asked) == (int(2.5 * COST), 2 * COST, COST)
    assert refusal.resets_at_ms == NOW_MS + DAY_MS


async def test_what_requests_did_not_use_can_be_spent_by_other_keys(store: Store) -> None:
    project = await open_project(store, limits_for(4, *EVERY_POOL), keys=4)
    instance = project.new_instance()
    half = Settlement(UsageStatus.OK, NOW_MS, TokenCounts(350, 150), COST // 2)
    for number in range(7):
        await project.serve(instance, f"req_{number}", f"key_{number % 4}", half)
        await project.assert_balanced()
    with pytest.raises(LimitExceeded):
        await project.serve(instance, "req_x", "key_3")
    standing = await instance.budgets.standing(project.tenant.id, MONTH, DAY)
    assert standing.of(*MONTHLY).remaining(4 * COST) == COST // 2


async def test_what_idle_keys_were_granted_comes_back_before_anybody_is_refused(store: Store) -> None:
    project = await open_project(store, limits_for(40, *EVERY_POOL), keys=4)
    instance = project.new_instance()
    for number in range(4):
        await project.serve(instance, f"req_{number}", f"key_{number}")
    (_, idle_room, _), *_ = (await project.books()).values()
    assert idle_room > 10 * COST
    for number in range(4, 40):
        await project.serve(instance, f"req_{number}", "key_0")
    assert {(room, spent) for _, room, spent in (await project.books()).values()} == {(0, 40 * COST), (0, 40_000)}


async def test_what_a_deleted_key_was_granted_comes_back_and_what_it_spent_stays_spent(store: Store) -> None:
    project = await open_project(store, limits_for(10), keys=2)
    instance = project.new_instance()
    await project.serve(instance, "req_0", "key_0")
    assert (await project.books())[next(iter(await project.books()))][1] > 0
    key = await store.directory.get_key(project.tenant.id, "key_0")
    await store.directory.delete_key(key, an_audit())
    for number in range(1, 10):
        await project.serve(project.new_instance(), f"req_{number}", "key_1")
    await project.assert_balanced()
    with pytest.raises(LimitExceeded):
        await project.serve(project.new_instance(), "req_x", "key_1")
    standing = await instance.budgets.standing(project.tenant.id, MONTH, DAY)
    assert (standing.of(*MONTHLY).settled, standing.of(*MONTHLY).held) == (10 * COST, 0)


async def test_a_day_starts_with_the_whole_of_its_budget_and_the_rest_of_the_months(store: Store) -> None:
    limits = Limits(spend=(spend(Interval.DAY, Currency.USD, 3), spend(Interval.MONTH, Currency.USD, 5)))
    project = await open_project(store, limits, keys=2)
    instance = project.new_instance()
    for number in range(3):
        await project.serve(instance, f"req_{number}", f"key_{number % 2}")
    with pytest.raises(LimitExceeded) as refused:
        await project.serve(instance, "req_x", "key_0")
    assert refused.value.refusal.interval == "day"
    served = 0
    with pytest.raises(LimitExceeded) as refused:
        for number in range(3):
            hold = a_hold(f"req_t{number}", f"key_{number % 2}", NOW_MS + DAY_MS, BOUND)
            await project.take(project.new_instance(), hold)
            served += 1
    assert (served, refused.value.refusal.interval) == (2, "month")
    await project.assert_balanced(day=21)


async def test_a_process_whose_clock_is_behind_spends_from_the_day_that_has_begun(store: Store) -> None:
    project = await open_project(store, limits_for(3, (Interval.DAY, Currency.TOKENS)), keys=2)
    ahead, behind = project.new_instance(), project.new_instance()
    await project.take(ahead, a_hold("req_0", "key_0", NOW_MS + DAY_MS, BOUND))
    for number in range(1, 3):
        await project.take(behind, a_hold(f"req_{number}", "key_1", NOW_MS + DAY_MS - 1, BOUND))
    with pytest.raises(LimitExceeded):
        await project.take(behind, a_hold("req_x", "key_1", NOW_MS + DAY_MS - 1, BOUND))
    await project.assert_balanced(day=21)


async def test_a_budget_that_is_set_later_counts_what_was_spent_before(store: Store) -> None:
    project = await open_project(store, NO_LIMITS, keys=3)
    instance = project.new_instance()
    for number in range(4):
        await project.serve(instance, f"req_{number}", f"key_{number % 2}")
    await project.change(limits_for(6, *EVERY_POOL))
    for number in range(4, 6):
        await project.serve(instance, f"req_{number}", "key_2")
    with pytest.raises(LimitExceeded) as refused:
        await project.serve(instance, "req_x", "key_2")
    assert refused.value.refusal.used == 6 * COST
    await project.assert_balanced()


async def test_what_was_held_before_there_was_a_budget_is_free_again_once_it_is_settled(store: Store) -> None:
    project = await open_project(store, NO_LIMITS, keys=2)
    instance = project.new_instance()
    former = await project.take(instance, a_hold("req_0", "key_0", bound=BOUND))
    await project.change(limits_for(2))
    await project.serve(instance, "req_1", "key_1")
    assert await instance.ledger.settle(former.hold, Settlement(UsageStatus.ERROR, NOW_MS))
    await project.serve(instance, "req_2", "key_1")
    await project.assert_balanced()


async def test_a_budget_that_was_lifted_and_set_again_counts_what_was_spent_in_between(store: Store) -> None:
    project = await open_project(store, limits_for(10), keys=2)
    instance = project.new_instance()
    await project.serve(instance, "req_0", "key_0")
    await project.change(NO_LIMITS)
    for number in range(1, 6):
        await project.serve(instance, f"req_{number}", "key_1")
    await project.change(limits_for(7))
    await instance.budgets.shrink(project.tenant, window_of(NOW_MS))
    await project.serve(instance, "req_6", "key_1")
    with pytest.raises(LimitExceeded):
        await project.serve(instance, "req_x", "key_0")
    await project.assert_balanced()


async def test_a_lowered_budget_takes_back_what_is_not_spent_at_once(store: Store) -> None:
    project = await open_project(store, limits_for(100, *EVERY_POOL), keys=3)
    instance = project.new_instance()
    for number in range(6):
        await project.serve(instance, f"req_{number}", f"key_{number % 3}")
    await project.change(limits_for(8, *EVERY_POOL))
    await instance.budgets.shrink(project.tenant, window_of(NOW_MS))
    await project.assert_balanced()
    for number in range(6, 8):
        await project.serve(instance, f"req_{number}", "key_0")
    with pytest.raises(LimitExceeded):
        await project.serve(instance, "req_x", "key_1")


async def test_a_budget_lowered_below_what_is_spent_grants_nothing_and_can_be_raised_again(store: Store) -> None:
    project = await open_project(store, limits_for(10), keys=2)
    instance = project.new_instance()
    for number in range(5):
        await project.serve(instance, f"req_{number}", f"key_{number % 2}")
    await project.change(limits_for(3))
    await instance.budgets.shrink(project.tenant, window_of(NOW_MS))
    for key_id in project.key_ids:
        with pytest.raises(LimitExceeded) as refused:
            await project.serve(instance, "req_x", key_id)
        assert (refused.value.refusal.limit, refused.value.refusal.used) == (3 * COST, 5 * COST)
    await project.change(limits_for(6))
    await project.serve(instance, "req_5", "key_0")
    await project.assert_balanced()


async def test_a_request_that_cost_more_than_its_bound_is_paid_from_the_budget_in_full(store: Store) -> None:
    project = await open_project(store, limits_for(4), keys=2)
    instance = project.new_instance()
    dear = replace(USED_ALL, cost_pico_usd=3 * COST)
    await project.serve(instance, "req_0", "key_0", dear)
    await project.assert_balanced()
    await project.serve(instance, "req_1", "key_0")
    for key_id in project.key_ids:
        with pytest.raises(LimitExceeded) as refused:
            await project.serve(instance, "req_2", key_id)
        assert refused.value.refusal.used == 4 * COST
    await project.assert_balanced()


async def test_a_spent_budget_is_not_looked_for_again_at_once_and_then_is(store: Store) -> None:
    project = await open_project(store, limits_for(1), keys=2)
    instance = project.new_instance()
    reserved = await project.take(instance, a_hold("req_0", "key_0", bound=BOUND))
    hold = a_hold("req_1", "key_1", bound=BOUND)
    with pytest.raises(LimitExceeded):
        await project.take(instance, hold)
    store.transport.sent.clear()
    with pytest.raises(LimitExceeded):
        await project.take(instance, hold)
    assert [operation for operation, _ in store.transport.sent] == ["UpdateItem"]
    assert await instance.ledger.settle(reserved.hold, Settlement(UsageStatus.ERROR, NOW_MS))
    store.monotonic.now += SPENT_SECONDS
    await project.take(instance, hold)


@pytest.mark.parametrize("fault", [*LOST_REPLIES, *NOT_APPLIED], ids=str)
async def test_a_draw_balances_whatever_happens_to_its_writes(store: Store, fault: Fault) -> None:
    project = await open_project(store, limits_for(5), keys=2)
    instance = project.new_instance()
    store.transport.plan("TransactWriteItems", fault, fault)
    for number in range(5):
        await project.serve(instance, f"req_{number}", f"key_{number % 2}")
        await project.assert_balanced()
    assert store.transport.pending == 0
    with pytest.raises(LimitExceeded):
        await project.serve(instance, "req_x", "key_0")


async def test_a_draw_that_meets_conflicts_for_too_long_is_unavailable_and_took_nothing(store: Store) -> None:
    project = await open_project(store, limits_for(5), keys=1)
    instance = project.new_instance(replace(TRANSFERS, attempts=3))  # the first one opens the tenant's item
    store.transport.plan("TransactWriteItems", *[Fault.CONFLICT] * (2 * ATTEMPTS))
    with pytest.raises(LedgerUnavailable) as unavailable:
        await project.serve(instance, "req_0", "key_0")
    assert not unavailable.value.may_have_applied
    assert store.transport.pending == 0
    assert list((await project.books()).values()) == [(0, 0, 0)]
    await project.serve(instance, "req_0", "key_0")


async def test_a_draw_by_a_stale_fence_is_refused_and_grants_nothing(store: Store) -> None:
    project = await open_project(store, limits_for(5), keys=1)
    hold = a_hold("req_0", "key_0", bound=BOUND)
    fence, demand = project.fence("key_0"), project.demand(hold)
    await project.change(limits_for(1))
    for stale in (fence, replace(project.fence("key_0"), key_version=7)):
        with pytest.raises(FenceStale):
            await project.new_instance().budgets.draw(stale, hold, demand)
    assert list((await project.books()).values()) == [(0, 0, 0)]


async def test_no_account_is_granted_to_before_every_account_has_the_new_limits(store: Store) -> None:
    """A change that broke off between the tenant's record and the accounts' fences is finished by the first draw."""
    project = await open_project(store, NO_LIMITS, keys=3)
    former = project.fence("key_1")
    await project.change(limits_for(2))
    item_key = {"pk": {"S": "A#key_1"}, "sk": {"S": MONTH}}
    values = {":tv": {"N": str(former.tenant_version)}}
    body = {
        "TableName": store.tables.usage,
        "Key": item_key,
        "UpdateExpression": "SET tv = :tv",
        "ExpressionAttributeValues": values,
    }
    await store.client.call("UpdateItem", body, repeatable=True)
    instance = project.new_instance()
    await project.serve(instance, "req_0", "key_0")
    hold = a_hold("req_1", "key_1", bound=BOUND)
    with pytest.raises(FenceStale):
        await instance.ledger.reserve(former, hold, replace(project.demand(hold), tenant_limits=NO_LIMITS))


async def test_an_ordinary_request_writes_nothing_of_its_tenants(store: Store) -> None:
    project = await open_project(store, limits_for(1_000), keys=1)
    instance = project.new_instance()
    await project.serve(instance, "req_0", "key_0")
    store.transport.sent.clear()
    for number in range(1, 40):
        await project.serve(instance, f"req_{number}", "key_0")
    assert Counter(operation for operation, _ in store.transport.sent) == {"UpdateItem": 78}


@pytest.fixture
async def dynoxide_store(dynoxide_endpoint: str) -> AsyncIterator[Store]:
    """A store on the faster engine alone, for what counts requests and not what the engine does with them."""
    ground = await open_ground(dynoxide_endpoint)
    async with open_store(ground) as store:
        yield store
    await ground.directory.close()


@pytest.mark.parametrize("requests_budgeted", [10_000, 1_000], ids=["ample", "to the end"])
async def test_tenant_budgets_add_less_than_a_fifth_of_a_write_unit_to_a_request(
    dynoxide_store: Store, requests_budgeted: int
) -> None:
    project = await open_project(dynoxide_store, limits_for(requests_budgeted, *EVERY_POOL), keys=5)
    instance = project.new_instance()
    dynoxide_store.transport.sent.clear()
    for number in range(1_000):
        event = await project.serve(instance, f"req_{number}", project.key_ids[number % 5])
        await instance.ledger.put_events([event])
    added = write_units(dynoxide_store.transport.sent) - 2 * 1_000
    assert 0 < added < 200


@pytest.mark.parametrize("used", [USED_ALL, replace(USED_ALL, tokens=TokenCounts(100, 50), cost_pico_usd=700_000)])
async def test_requests_of_one_key_at_the_same_time_draw_once_for_all(dynoxide_store: Store, used: Settlement) -> None:
    project = await open_project(dynoxide_store, limits_for(1_000, *EVERY_POOL), keys=1)
    instance = project.new_instance()
    await project.serve(instance, "req_first", "key_0")  # its process learns what the account has
    dynoxide_store.transport.sent.clear()
    numbers = iter(range(900))

    async def ask_one_after_the_other() -> None:
        for number in numbers:
            event = await project.serve(instance, f"req_{number}", "key_0", used)
            await instance.ledger.put_events([event])

    await asyncio.gather(*(ask_one_after_the_other() for _ in range(16)))
    added = write_units(dynoxide_store.transport.sent) - 2 * 900
    assert 0 < added < 180
    await project.assert_balanced()


async def test_what_another_process_drew_is_found_by_one_that_believed_that_nothing_was_left(store: Store) -> None:
    project = await open_project(store, limits_for(200), keys=1)
    one, other = project.new_instance(), project.new_instance()
    for number in range(25):
        await project.serve(one, f"req_one_{number}", "key_0")
        await project.serve(other, f"req_other_{number}", "key_0")  # by now the grant of 50 is used up
    await project.serve(other, "req_drawing", "key_0")
    store.transport.sent.clear()
    await project.serve(one, "req_finding", "key_0")
    assert "TransactWriteItems" not in {operation for operation, _ in store.transport.sent}
    await project.assert_balanced()


async def test_a_standing_tells_settled_from_held_and_counts_every_key(store: Store) -> None:
    project = await open_project(store, limits_for(10, *EVERY_POOL), keys=2)
    instance = project.new_instance()
    await project.serve(instance, "req_0", "key_0")
    await project.take(instance, a_hold("req_1", "key_1", bound=BOUND))
    standing = await instance.budgets.standing(project.tenant.id, MONTH, DAY)
    assert standing.in_flight == 1
    for interval, currency in EVERY_POOL:
        amount = COST if currency is Currency.USD else BOUND.tokens
        pool = standing.of(interval, currency)
        assert (pool.settled, pool.held, pool.spent, pool.remaining(10 * amount)) == (
            amount, amount, 2 * amount, 8 * amount,
        )  # fmt: skip
        assert 2 * amount <= pool.granted <= 10 * amount
    tomorrow = await instance.budgets.standing(project.tenant.id, MONTH, "2026-11-21")
    assert tomorrow.of(Interval.DAY, Currency.USD).spent == 0


async def test_a_standing_counts_keys_that_were_deleted_also_without_a_budget(store: Store) -> None:
    project = await open_project(store, NO_LIMITS, 2)
    instance = project.new_instance()
    for key_id in project.key_ids:
        await project.serve(instance, f"req_{key_id}", key_id)
    await store.directory.delete_key(replace(KEY, id="key_1"), an_audit())
    standing = await instance.budgets.standing(TENANT.id, MONTH, DAY)
    assert standing.of(Interval.MONTH, Currency.TOKENS).settled == 2 * BOUND.tokens


async def test_the_standing_of_a_tenant_that_never_asked_is_zero(store: Store) -> None:
    project = await open_project(store, limits_for(10), keys=0)
    standing = await project.new_instance().budgets.standing(project.tenant.id, MONTH, DAY)
    assert (standing.in_flight, standing.of(*MONTHLY).spent, standing.of(*MONTHLY).remaining(7)) == (0, 0, 7)
