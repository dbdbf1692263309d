"""A tenant's rates hold exactly, over all keys and processes, and nobody who is gone stays in."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter

import pytest

from awswire.retries import Timing
from tenants.account import Bound, Hold
from tenants.dynamo_tenant_gate import TenantGate
from tenants.errors import LedgerUnavailable, LimitExceeded
from tenants.limits import NO_LIMITS, Limits, RateLimit
from tenants.standing import Standing
from tenants.tables import GATE_SORT, gate_partition
from tests.engines import ON_ONE_ENGINE
from tests.tenants.faults import LOST_REPLIES, NOT_APPLIED, Fault
from tests.tenants.samples import CALL, HOLD_SECONDS, NOW_MS, TENANT, a_hold
from tests.tenants.stores import ATTEMPTS, Store

BOUND = Bound(60, 40)
MINUTE_MS = 60_000


def new_gate(store: Store, now_ms: int = NOW_MS) -> TenantGate:
    """That of another process, by whose clock it is `now_ms`."""
    timing = Timing(time.monotonic, asyncio.sleep, random.random)
    return TenantGate(store.client, store.tables, timing, lambda: now_ms)


def asking(number: int, at_ms: int = NOW_MS, bound: Bound = BOUND) -> Hold:
    return a_hold(f"req_{number}", f"key_{number % 7}", at_ms, bound)


def rates(model: str | None = None, **limits: int) -> Limits:
    return Limits(rates=(RateLimit(model, **limits),))


async def gate_item(store: Store) -> dict[str, int]:
    """The gate's counters, and how many are in by name."""
    key = {"pk": {"S": gate_partition(TENANT.id)}, "sk": {"S": GATE_SORT}}
    body = {"TableName": store.tables.usage, "Key": key, "ConsistentRead": True}
    item = (await store.client.call("GetItem", body, repeatable=True)).get("Item", {})
    counters = {name: int(value["N"]) for name, value in item.items() if "N" in value and name != "ttl"}
    return counters | {"visits": sum(name[0] == "p" and name != "pk" for name in item)}


async def enter_all(gates: list[TenantGate], limits: Limits, number: int) -> Counter[str]:
    async def enter(each: int) -> str:
        try:
            await gates[each % len(gates)].enter(TENANT.id, asking(each), limits)
        except LimitExceeded as refused:
            return refused.refusal.kind
        return "in"

    return Counter(await asyncio.gather(*(enter(each) for each in range(number))))


@ON_ONE_ENGINE
@pytest.mark.parametrize("model", [None, CALL.model], ids=["all models", "one model"])
@pytest.mark.parametrize(
    ("limits", "kind"),
    [
        ({"requests_per_minute": 37}, "requests"),
        ({"tokens_per_minute": 3_799}, "tokens"),
        ({"parallel_requests": 37}, "parallel"),
    ],
    ids=["requests", "tokens", "parallel"],
)
async def test_a_rate_for_37_lets_in_37_of_100_at_once_over_4_processes(
    store: Store, limits: dict[str, int], kind: str, model: str | None
) -> None:
    gates = [new_gate(store) for _ in range(4)]
    assert await enter_all(gates, rates(model, **limits), 100) == {"in": 37, kind: 63}
    item = await gate_item(store)
    assert (item["n"], item["visits"]) == (37, 37)


async def test_what_is_refused_uses_up_nothing_of_any_rate(store: Store) -> None:
    gate = new_gate(store)
    limits = Limits(rates=(RateLimit(None, 10, 1_000, 10), RateLimit(CALL.model, parallel_requests=1)))
    await gate.enter(TENANT.id, asking(1), limits)
    before = await gate_item(store)
    with pytest.raises(LimitExceeded):
        await gate.enter(TENANT.id, asking(2), limits)
    assert await gate_item(store) == before


async def test_leaving_makes_room_and_corrects_the_tokens_of_the_minute(store: Store) -> None:
    gate = new_gate(store)
    limits = rates(tokens_per_minute=250, parallel_requests=2)
    for number in range(2):
        await gate.enter(TENANT.id, asking(number), limits)
    with pytest.raises(LimitExceeded):
        await gate.enter(TENANT.id, asking(2), limits)
    await gate.leave(asking(0), 30)
    standing = await gate.enter(TENANT.id, asking(2), limits)
    assert standing.tokens is not None
    assert (standing.tokens.remaining, await gate_item(store)) == (
        20, {"n": 2, "w": NOW_MS // MINUTE_MS, "wr": 3, "wt": 230, "visits": 2},
    )  # fmt: skip


async def test_a_request_that_is_turned_away_was_never_there(store: Store) -> None:
    gate = new_gate(store)
    limits = Limits(rates=(RateLimit(None, 10, 1_000, 10), RateLimit(CALL.model, 10, 1_000, 10)))
    await gate.enter(TENANT.id, asking(1), limits)
    await gate.turn_away(asking(1))
    left = await gate_item(store)
    assert {name: number for name, number in left.items() if name[0] not in "wW" and number} == {}
    assert (left["wr"], left["wt"]) == (0, 0)


async def test_leaving_twice_or_without_having_entered_changes_nothing(store: Store) -> None:
    gate = new_gate(store)
    await gate.enter(TENANT.id, asking(1), rates(parallel_requests=5))
    await gate.leave(asking(1), 10)
    before = await gate_item(store)
    await gate.leave(asking(1), 10)
    await gate.turn_away(asking(1))
    await new_gate(store).leave(asking(2), 10)
    assert await gate_item(store) == before


async def test_a_minute_begins_empty_and_what_ends_in_it_leaves_it_alone(store: Store) -> None:
    gate, limits = new_gate(store), rates(requests_per_minute=1, tokens_per_minute=150)
    await gate.enter(TENANT.id, asking(1), limits)
    later = asking(2, NOW_MS + MINUTE_MS)
    await gate.enter(TENANT.id, later, limits)
    await gate.leave(asking(1), 0)
    item = await gate_item(store)
    assert (item["wr"], item["wt"], item["n"]) == (1, 100, 1)
    # One process still has the minute before; another one knows of none.
    for other in (gate, new_gate(store)):
        with pytest.raises(LimitExceeded):
            await other.enter(TENANT.id, asking(3), limits)


async def test_requests_of_a_killed_process_are_taken_off_once_they_have_expired(store: Store) -> None:
    limits = rates(parallel_requests=3)
    killed = new_gate(store)
    for number in range(3):
        await killed.enter(TENANT.id, asking(number), limits)
    with pytest.raises(LimitExceeded):
        await new_gate(store).enter(TENANT.id, asking(3), limits)
    late_ms = NOW_MS + HOLD_SECONDS * 1000
    gates = [new_gate(store, late_ms) for _ in range(4)]
    outcomes = await asyncio.gather(
        *(gate.enter(TENANT.id, asking(10 + each, late_ms), limits) for each, gate in enumerate(gates)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, Standing) for each in outcomes) == 3
    assert sum(isinstance(each, LimitExceeded) for each in outcomes) == 1
    # It was only slow: it comes too late, and takes nobody else off.
    await killed.leave(asking(0), 5)
    item = await gate_item(store)
    assert (item["n"], item["visits"]) == (3, 3)


async def test_what_is_expired_is_taken_off_where_nobody_limits_it_either(store: Store) -> None:
    limits = rates(requests_per_minute=100)
    await new_gate(store).enter(TENANT.id, asking(1), limits)
    late_ms = NOW_MS + HOLD_SECONDS * 1000
    await new_gate(store, late_ms).enter(TENANT.id, asking(2, late_ms), limits)
    item = await gate_item(store)
    assert (item["n"], item["visits"]) == (1, 1)


@pytest.mark.parametrize("fault", [*LOST_REPLIES, *NOT_APPLIED], ids=str)
async def test_a_request_enters_and_leaves_once_whatever_happens_on_the_way(store: Store, fault: Fault) -> None:
    gate, limits = new_gate(store), rates(requests_per_minute=5, tokens_per_minute=500, parallel_requests=5)
    store.transport.plan("UpdateItem", *[fault] * (ATTEMPTS - 1))
    standing = await gate.enter(TENANT.id, asking(1), limits)
    assert standing.requests is not None
    assert standing.requests.remaining == 4
    store.transport.plan("UpdateItem", *[fault] * (ATTEMPTS - 1))
    await gate.leave(asking(1), 70)
    assert await gate_item(store) == {"n": 0, "w": NOW_MS // MINUTE_MS, "wr": 1, "wt": 70, "visits": 0}
    assert store.transport.pending == 0


@pytest.mark.parametrize("fault", LOST_REPLIES, ids=str)
async def test_a_request_whose_entry_was_never_answered_can_be_turned_away(store: Store, fault: Fault) -> None:
    gate, limits = new_gate(store), rates(requests_per_minute=1)
    store.transport.plan("UpdateItem", *[fault] * ATTEMPTS)
    with pytest.raises(LedgerUnavailable):
        await gate.enter(TENANT.id, asking(1), limits)
    await gate.turn_away(asking(1))
    await gate.enter(TENANT.id, asking(2), limits)


async def test_leaving_can_be_repeated_when_the_store_was_away(store: Store) -> None:
    gate, limits = new_gate(store), rates(parallel_requests=1)
    await gate.enter(TENANT.id, asking(1), limits)
    store.transport.plan("UpdateItem", *[Fault.NOT_SENT] * ATTEMPTS)
    with pytest.raises(LedgerUnavailable):
        await gate.leave(asking(1), 1)
    await gate.leave(asking(1), 1)
    await gate.enter(TENANT.id, asking(2), limits)


async def test_a_tenant_without_rates_costs_nothing(store: Store) -> None:
    gate = new_gate(store)
    store.transport.sent.clear()
    for limits in (NO_LIMITS, rates("another-model", requests_per_minute=1)):
        assert await gate.enter(TENANT.id, asking(1), limits) == Standing()
        await gate.leave(asking(1), 10)
    assert store.transport.sent == []


async def test_a_steady_tenant_writes_twice_a_request(store: Store) -> None:
    gate, limits = new_gate(store), rates(requests_per_minute=100, tokens_per_minute=10_000, parallel_requests=5)
    await gate.enter(TENANT.id, asking(0), limits)
    await gate.leave(asking(0), 10)
    store.transport.sent.clear()
    for number in range(1, 11):
        await gate.enter(TENANT.id, asking(number), limits)
        await gate.leave(asking(number), 10)
    assert [operation for operation, _ in store.transport.sent] == ["UpdateItem"] * 20
