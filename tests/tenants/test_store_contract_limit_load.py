"""Limits hold for requests at once in several processes, and cost a write a step: on every engine."""

from __future__ import annotations

import asyncio

import pytest

from tenants.account import Bound
from tenants.dynamo_ledger import DynamoLedger
from tenants.event import Settlement, UsageEvent, UsageStatus
from tenants.limits import Currency, Interval, Limits, RateLimit, SpendLimit
from tenants.principal import Fence
from tenants.usage import TokenCounts
from tests.engines import ON_ONE_ENGINE
from tests.tenants.item_size import WRITE_UNIT_BYTES, to_size_bytes
from tests.tenants.limited import (
    BOUND,
    DAY_USD,
    MINUTE_MS,
    take,
)
from tests.tenants.samples import ALL_LIMITS, AMPLE, CALL, NOW_MS, a_hold, asking
from tests.tenants.stores import Store


async def test_a_steady_key_needs_one_write_for_each_step(store: Store, ledger: DynamoLedger, opened: Fence) -> None:
    limits = Limits(DAY_USD.spend, (RateLimit(None, 9, 900, 9), RateLimit(CALL.model, 9, 900, 9)))
    assert await take(ledger, opened, 0, limits) is None
    store.transport.sent.clear()
    held = (await ledger.reserve(opened, *asking(a_hold("req_1", bound=BOUND), limits))).hold
    assert await ledger.settle(held, Settlement(UsageStatus.OK, NOW_MS, TokenCounts(5, 5), 7))
    assert await take(ledger, opened, 2, limits, NOW_MS + MINUTE_MS) is None
    assert [operation for operation, _ in store.transport.sent] == ["UpdateItem"] * 3


@ON_ONE_ENGINE
async def test_limits_hold_for_requests_at_once_in_four_processes(store: Store, opened: Fence) -> None:
    ledgers = [store.new_ledger() for _ in range(4)]
    limits = Limits((SpendLimit(Interval.MONTH, Currency.USD, 37 * 1_000 + 999),))
    taken = await asyncio.gather(*(take(ledgers[number % 4], opened, number, limits) for number in range(200)))
    assert taken.count(None) == 37
    account = await store.get_account()
    assert (account.committed_pico_usd, len(account.holds)) == (37_000, 37)


@ON_ONE_ENGINE
@pytest.mark.parametrize(
    "wanted", [Limits(rates=(RateLimit(None, 37),)), Limits(rates=(RateLimit(None, None, 3_799),))]
)
async def test_a_minutes_rate_holds_for_requests_at_once_in_four_processes(
    store: Store, opened: Fence, wanted: Limits
) -> None:
    ledgers = [store.new_ledger() for _ in range(4)]
    for minute in range(2):
        begun_ms = NOW_MS + minute * MINUTE_MS
        numbers = range(200 * minute, 200 * minute + 200)
        taken = await asyncio.gather(*(take(ledgers[each % 4], opened, each, wanted, begun_ms) for each in numbers))
        assert taken.count(None) == 37


@ON_ONE_ENGINE
async def test_never_more_than_the_cap_run_in_parallel(store: Store, opened: Fence) -> None:
    ledgers = [store.new_ledger() for _ in range(4)]
    limits = Limits(rates=(RateLimit(parallel_requests=5),))
    running, most, served = 0, 0, 0

    async def request(number: int) -> None:
        nonlocal running, most, served
        while await take(ledgers[number % 4], opened, number, limits) is not None:  # noqa: ASYNC110 - it is the store that says when
            await asyncio.sleep(0)
        running, served = running + 1, served + 1
        most = max(most, running)
        await store.get_account()  # the others go on meanwhile
        hold = a_hold(f"req_{number}", bound=BOUND)
        running -= 1
        assert await ledgers[number % 4].settle(hold, Settlement(UsageStatus.OK, NOW_MS, TokenCounts(1, 1), 1))

    await asyncio.gather(*(request(number) for number in range(40)))
    assert served == 40
    assert 1 < most <= 5
    assert (await store.get_item())["n"] == {"N": "0"}


async def test_a_steady_key_with_every_limit_costs_a_write_unit_for_each_step(
    store: Store, ledger: DynamoLedger, opened: Fence
) -> None:
    for grant in ("au", "ak", "eu", "ek"):
        await store.grant(grant, AMPLE, day=20)
    full = (ALL_LIMITS, ALL_LIMITS)
    await ledger.reserve(opened, *asking(a_hold("req_0", bound=BOUND), *full))  # which sees what minute it is
    store.transport.sent.clear()
    units = []
    for number in range(20):
        wanted = a_hold(
            f"req_{number:016}", started_at_ms=NOW_MS + number * 1_000, bound=Bound(200_000, 64_000, 10**12)
        )
        held = (await ledger.reserve(opened, *asking(wanted, *full))).hold
        units.append(-(-to_size_bytes(await store.get_item()) // WRITE_UNIT_BYTES))
        settlement = Settlement(UsageStatus.OK, NOW_MS, TokenCounts(150_000, 10_000, 7_000, 3_000, 1_000), 10**11)
        assert await ledger.settle(held, settlement)
        units.append(-(-to_size_bytes(await store.get_item()) // WRITE_UNIT_BYTES))
        await ledger.put_events([UsageEvent(held.call, settlement)])
    writes = [operation for operation, _ in store.transport.sent if operation == "UpdateItem"]
    assert len(writes) == len(units)
    assert set(units) == {1}
