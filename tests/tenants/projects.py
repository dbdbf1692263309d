"""A tenant with a budget and several keys, asked by as many processes as a test needs."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from dataclasses import dataclass, field, replace

import orjson

from awswire.dynamodb import DynamoDb
from awswire.retries import RetryPolicy, Timing
from tenants.account import Bound, Hold
from tenants.busy_keys import Spread
from tenants.demand import Demand
from tenants.dynamo_escrow import TRANSFERS, TenantBudgets
from tenants.dynamo_ledger import SPREAD, DynamoLedger
from tenants.errors import GrantNeeded, LimitExceeded
from tenants.escrow import POOLS, Pool
from tenants.escrow_item import funds_from_item, funds_key, share_from_item
from tenants.event import Settlement, UsageEvent, UsageStatus
from tenants.limits import Currency, Interval, Limits, SpendLimit
from tenants.principal import Fence
from tenants.standing import Reserved
from tenants.tenant import Tenant
from tenants.usage import TokenCounts
from tests.tenants.samples import KEY, MONTH, NOW_MS, TENANT, a_hold, an_audit
from tests.tenants.stores import Store, later_tenant

BOUND = Bound(700, 300, 5_000_000)
"""What every request of these tests may use at most, unless a test says otherwise."""

_PATIENT = replace(TRANSFERS, attempts=1_000, deadline_seconds=300.0)


def spend(interval: Interval, currency: Currency, requests: float, bound: Bound = BOUND) -> SpendLimit:
    """A budget for so many requests."""
    each = bound.tokens if currency is Currency.TOKENS else bound.cost_pico_usd or 0
    return SpendLimit(interval, currency, int(requests * each))


MONTHLY = (Interval.MONTH, Currency.USD)
EVERY_POOL = tuple((interval, currency) for interval in Interval for currency in Currency)


def limits_for(requests: float, *pools: tuple[Interval, Currency]) -> Limits:
    """Budgets for so many requests, in USD by the month where nothing else is named."""
    return Limits(spend=tuple(spend(interval, currency, requests) for interval, currency in pools or (MONTHLY,)))


USED_ALL = Settlement(
    UsageStatus.OK, NOW_MS + 2_000, TokenCounts(BOUND.input_tokens, BOUND.output_tokens), BOUND.cost_pico_usd
)
"""A request that used all that it was allowed to."""


@dataclass(frozen=True, slots=True)
class Instance:
    """One process."""

    ledger: DynamoLedger
    budgets: TenantBudgets


@dataclass(slots=True)
class Project:
    """A tenant as it stands, and its keys, whose accounts of MONTH are open. What it knows of them is never stale."""

    store: Store
    tenant: Tenant
    key_prefix: str = "key_"
    key_ids: list[str] = field(default_factory=list)

    def new_instance(
        self, retries: RetryPolicy = _PATIENT, client: DynamoDb | None = None, spread: Spread = SPREAD
    ) -> Instance:
        timing = Timing(self.store.monotonic, asyncio.sleep, random.random)
        budgets = TenantBudgets(client or self.store.client, self.store.tables, timing, retries)
        return Instance(self.store.new_ledger(spread), budgets)

    def fence(self, key_id: str) -> Fence:
        return Fence(key_id, self.tenant.id, KEY.version, self.tenant.version)

    def demand(self, hold: Hold) -> Demand:
        return Demand(hold.window, hold.call.model, tenant_limits=self.tenant.limits)

    async def add_keys(self, number: int) -> None:
        for _ in range(number):
            key = replace(KEY, id=f"{self.key_prefix}{len(self.key_ids)}", tenant_id=self.tenant.id)
            await self.store.directory.create_key(key, an_audit())
            await self.store.new_ledger().open_account(self.fence(key.id), MONTH)
            self.key_ids.append(key.id)

    async def change(self, limits: Limits) -> None:
        """As the control plane changes a tenant's limits, but for the taking back."""
        self.tenant = later_tenant(self.tenant, limits=limits)
        await self.store.directory.update_tenant(self.tenant, an_audit())

    async def take(self, instance: Instance, hold: Hold) -> Reserved:
        """Reserve, drawing as often as it takes. Raises LimitExceeded."""
        fence, demand = self.fence(hold.call.key_id), self.demand(hold)
        for _ in range(1_000):
            try:
                return await instance.ledger.reserve(fence, hold, demand)
            except GrantNeeded as needed:
                with suppress(*((LimitExceeded,) if needed.foreseen else ())):
                    await instance.budgets.draw(fence, hold, demand)
        raise AssertionError("what is drawn for this request is always taken by others")

    async def serve(
        self, instance: Instance, request_id: str, key_id: str, settlement: Settlement = USED_ALL
    ) -> UsageEvent:
        """Reserve and settle one request of BOUND."""
        reserved = await self.take(instance, a_hold(request_id, key_id, bound=BOUND))
        assert await instance.ledger.settle(reserved.hold, settlement)
        return UsageEvent(reserved.hold.call, settlement)

    async def books(self, day: int = 20) -> dict[Pool, tuple[int, int, int]]:
        """Of every pool with a cap: what is granted, what accounts have room for, what they have spent."""
        items = [(await self.store.get_item(key_id)) for key_id in self.key_ids]
        shares = [share_from_item(item) for item in items]
        body = {"TableName": self.store.tables.usage, "Key": funds_key(self.tenant.id, MONTH), "ConsistentRead": True}
        item = (await self.store.client.call("GetItem", body, repeatable=True)).get("Item", {})
        funds = funds_from_item(item)
        return {
            pool: (
                funds.granted(pool, day),
                sum(share.room(pool, day) for share in shares),
                sum(share.spent(pool, day) for share in shares),
            )
            for pool in POOLS
            if self.tenant.limits.spend_limit(pool.interval, pool.currency) is not None
        }

    async def assert_balanced(self, day: int = 20) -> None:
        """granted = sum(room + spent) <= cap, of every pool."""
        for pool, (granted, room, spent) in (await self.books(day)).items():
            cap = self.tenant.limits.spend_limit(pool.interval, pool.currency)
            assert cap is not None
            assert granted == room + spent
            assert granted <= cap


async def open_project(store: Store, limits: Limits, keys: int, tenant_id: str = TENANT.id) -> Project:
    """TENANT, or a new one, with `key_0` and so on, or `key_<tenant>_0`, made after it got its limits."""
    if tenant_id == TENANT.id:
        project = Project(store, TENANT)
    else:
        project = Project(store, replace(TENANT, id=tenant_id), f"key_{tenant_id}_")
        await store.directory.create_tenant(project.tenant, an_audit())
    await project.change(limits)
    await project.add_keys(keys)
    return project


def write_units(sent: list[tuple[str, bytes]]) -> int:
    """What requests on items of up to 1 KB cost in write units: refused ones cost the same, steps of a transaction
    twice as much (developer guide, "Read and write operations")."""
    units = {"UpdateItem": 1, "PutItem": 1}
    steps = [len(orjson.loads(body)["TransactItems"]) for operation, body in sent if operation == "TransactWriteItems"]
    return sum(units.get(operation, 0) for operation, _ in sent) + 2 * sum(steps)
