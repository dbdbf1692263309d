"""What a request costs in write units, as the store itself reports it: `ReturnConsumedCapacity`, sizes and all.

dynoxide alone reports them as DynamoDB does: by the item's size, a transaction's steps twice.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from awswire.dynamodb import ConditionFailed, DynamoDb, TransactionCanceled
from awswire.retries import Timing
from tenants.account import Bound, Hold
from tenants.demand import Demand
from tenants.dynamo_ledger import DynamoLedger
from tenants.dynamo_tenant_gate import TenantGate
from tenants.event import Settlement, UsageEvent, UsageStatus
from tenants.limits import NO_LIMITS, Currency, Interval, Limits, RateLimit, SpendLimit
from tenants.principal import Fence
from tenants.usage import TokenCounts
from tests.engines import connected
from tests.tenants.item_size import WRITE_UNIT_BYTES, to_size_bytes
from tests.tenants.limited import MINUTE_MS
from tests.tenants.projects import BOUND as PROJECT_BOUND
from tests.tenants.projects import EVERY_POOL, USED_ALL, limits_for, open_project
from tests.tenants.samples import AMPLE, CALL, KEY, NOW_MS, a_hold
from tests.tenants.stores import Store, open_ground, open_store

REQUESTS = 60
# Every key's first grant, and the last of a budget, cost the same however large it is.
BUDGETED = 1_000
BOUND = Bound(200_000, 64_000, 10**12)
USED = TokenCounts(150_000, 10_000, 7_000, 3_000, 1_000)
EVERY_RATE = (RateLimit(None, AMPLE, AMPLE, AMPLE), RateLimit(CALL.model, AMPLE, AMPLE, AMPLE))
EVERY_BUDGET = tuple(SpendLimit(interval, currency, AMPLE) for interval in Interval for currency in Currency)
# As long as those that the gateway makes.
LONG_KEY_ID = "key_abcdefghijkl"
LONG_TENANT_ID = "proj_abcdefghijklmnopqrstuvwx"


class MeteredDynamoDb(DynamoDb):
    """Another client's calls, with what the store says they consumed. A write refused by its condition consumes as
    much as one that is done, and is answered without saying so (developer guide, "Read and write operations")."""

    def __init__(self, client: DynamoDb) -> None:
        self._client = client
        self.write_units = 0.0
        self.reads = 0

    async def call(self, operation: str, body: Mapping[str, Any], *, repeatable: bool) -> dict[str, Any]:
        if operation in ("GetItem", "Query", "BatchGetItem"):
            self.reads += 1
            return await self._client.call(operation, body, repeatable=repeatable)
        metered = {**body, "ReturnConsumedCapacity": "TOTAL"}
        try:
            answer = await self._client.call(operation, metered, repeatable=repeatable)
        except ConditionFailed as refused:
            self.write_units += max(1, -(-to_size_bytes(refused.item or {}) // WRITE_UNIT_BYTES))
            raise
        except TransactionCanceled:
            self.write_units += 2 * len(body["TransactItems"])
            raise
        consumed = answer["ConsumedCapacity"]
        each = consumed if isinstance(consumed, list) else [consumed]
        self.write_units += sum(float(table["CapacityUnits"]) for table in each)
        return answer

    async def batch_write(self, table: str, puts: Any) -> None:
        """As the other client's, which would call itself."""
        for first in range(0, len(puts), 25):
            requests = [{"PutRequest": {"Item": item}} for item in puts[first : first + 25]]
            answer = await self.call("BatchWriteItem", {"RequestItems": {table: requests}}, repeatable=True)
            assert not answer["UnprocessedItems"]


@dataclass(frozen=True, slots=True)
class Meter:
    """A store, and its client, which counts what is written."""

    store: Store
    client: MeteredDynamoDb


@pytest.fixture
async def meter(dynoxide_endpoint: str) -> AsyncIterator[Meter]:
    ground = await open_ground(dynoxide_endpoint)
    async with open_store(ground) as store, connected(dynoxide_endpoint) as client:
        metered = MeteredDynamoDb(client)
        yield Meter(replace(store, client=metered), metered)
    await ground.directory.close()


def a_request(number: int, started_at_ms: int, key_id: str = LONG_KEY_ID) -> Hold:
    """With ids and a bound as long as they are in earnest."""
    hold = a_hold(f"req_{number:024}", key_id, started_at_ms, BOUND)
    return replace(hold, call=replace(hold.call, tenant_id=CALL.tenant_id, user_id="user_abcdefghijklmnop"))


async def serve(ledger: DynamoLedger, fence: Fence, hold: Hold, limits: Limits) -> None:
    """From the hold to the event."""
    demand = Demand(hold.window, hold.call.model, limits)
    held = (await ledger.reserve(fence, hold, demand)).hold
    settlement = Settlement(UsageStatus.OK, hold.call.started_at_ms + 2_000, USED, 10**11)
    assert await ledger.settle(held, settlement)
    await ledger.put_events([UsageEvent(held.call, settlement)])


@pytest.mark.parametrize(
    "limits",
    [
        NO_LIMITS,
        Limits(EVERY_BUDGET),
        Limits(rates=EVERY_RATE),
        Limits(EVERY_BUDGET, EVERY_RATE),
    ],
    ids=["none", "budgets", "rates", "all"],
)
async def test_a_request_costs_three_write_units_and_no_read_whatever_limits_its_key_has(
    meter: Meter, limits: Limits
) -> None:
    fence = await meter.store.add_key(replace(KEY, id=LONG_KEY_ID))
    ledger = meter.store.new_ledger()
    await serve(ledger, fence, a_request(REQUESTS, NOW_MS), limits)  # its process learns what day the account has
    meter.client.write_units, meter.client.reads = 0.0, 0
    for number in range(REQUESTS):
        # Ten seconds apart: every sixth begins a minute.
        await serve(ledger, fence, a_request(number, NOW_MS + number * MINUTE_MS // 6), limits)
    assert meter.client.write_units == 3 * REQUESTS
    assert meter.client.reads == 0


@pytest.mark.parametrize("requests_budgeted", [10 * BUDGETED, BUDGETED], ids=["ample", "to the end"])
async def test_a_projects_budgets_add_less_than_a_fifth_of_a_write_unit(meter: Meter, requests_budgeted: int) -> None:
    project = await open_project(meter.store, limits_for(requests_budgeted, *EVERY_POOL), 5, LONG_TENANT_ID)
    instance = project.new_instance()
    meter.client.write_units = 0.0
    for number in range(BUDGETED):
        event = await project.serve(instance, f"req_{number:024}", project.key_ids[number % 5])
        await instance.ledger.put_events([event])
    added = meter.client.write_units / BUDGETED - 3
    assert 0 < added < 0.2


async def test_a_small_budget_adds_as_little_where_requests_use_less_than_they_may(meter: Meter) -> None:
    project = await open_project(meter.store, limits_for(BUDGETED * 0.3, *EVERY_POOL), 5, LONG_TENANT_ID)
    instance = project.new_instance()
    quarter = replace(USED_ALL, tokens=TokenCounts(175, 75), cost_pico_usd=(PROJECT_BOUND.cost_pico_usd or 0) // 4)
    meter.client.write_units = 0.0
    for number in range(BUDGETED):
        event = await project.serve(instance, f"req_{number:024}", project.key_ids[number % 5], quarter)
        await instance.ledger.put_events([event])
    assert 0 < meter.client.write_units / BUDGETED - 3 < 0.1


async def test_a_projects_rates_add_two_write_units(meter: Meter) -> None:
    gate = TenantGate(meter.client, meter.store.tables, Timing(time.monotonic, asyncio.sleep, random.random), now_ms)
    limits = Limits(rates=EVERY_RATE)
    for number in range(REQUESTS + 1):
        hold = a_request(number, NOW_MS)
        await gate.enter(CALL.tenant_id, hold, limits)
        await gate.leave(hold, USED.total_tokens)
        if number == 0:  # its process learns what minute the gate has
            meter.client.write_units = 0.0
    assert meter.client.write_units == 2 * REQUESTS


def now_ms() -> int:
    return NOW_MS
