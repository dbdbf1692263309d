"""A ledger on an engine, without a gateway: tenants, keys and requests as the hot key's runs need them."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from awswire.credentials import Credentials
from awswire.dynamodb import DynamoDb
from awswire.endpoints import Endpoint
from awswire.http import HttpRequest, HttpResponse, HttpTransport, Origin, Timeouts
from awswire.retries import Timing
from awswire.service import AwsService, SigV4Authorizer
from awswire.sigv4 import SigV4
from awswire.transport_lean import LeanTransport
from gateway.request_ids import RequestIds
from migrations.run import Run
from migrations.runner import migrate
from tenants.account import Bound, Hold
from tenants.account_item import account_key
from tenants.audit import Actor, AuditAction, AuditEvent
from tenants.busy_keys import Spread
from tenants.demand import Demand
from tenants.dynamo_access import DynamoAccess
from tenants.dynamo_directory import DynamoDirectory
from tenants.dynamo_ledger import SPREAD, DynamoLedger
from tenants.dynamo_models import bind
from tenants.event import Call, Operation, Settlement, UsageStatus
from tenants.key import ApiKey, Owner, OwnerKind
from tenants.limits import NO_LIMITS, Limits
from tenants.periods import month_of
from tenants.principal import Fence
from tenants.secret import Fingerprint
from tenants.tables import TableNames
from tenants.tenant import Tenant
from tenants.usage import TokenCounts

MODEL = "claude-sonnet-4-5"
BOUND = Bound(input_tokens=2_400, output_tokens=4_096, cost_pico_usd=68_640_000_000)
USED_ALL = TokenCounts(BOUND.input_tokens, BOUND.output_tokens)
_TABLES = TableNames("hotkey")
_REGION = "us-east-1"
_TIMING = Timing(time.monotonic, asyncio.sleep, random.random)
_BEDROCK_MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
_HOLD_SECONDS = 1_800
_CONNECTIONS = 32
AT_ONCE = 16


class CountingTransport:
    """An HttpTransport that counts what its updates and transactions cost in write units, where items are up to 1 KB:
    refused ones cost the same, steps of a transaction twice as much (developer guide, "Read and write operations")."""

    def __init__(self, transport: HttpTransport) -> None:
        self._transport = transport
        self.write_units = 0

    async def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        operation = request.headers["x-amz-target"].partition(".")[2]
        if operation == "UpdateItem":
            self.write_units += 1
        elif operation == "TransactWriteItems":
            self.write_units += 2 * len(orjson.loads(request.body)["TransactItems"])
        return await self._transport.send(request, timeouts)

    async def aclose(self) -> None:
        await self._transport.aclose()


@dataclass(frozen=True, slots=True)
class HotStore:
    """`month` is the account month of requests that are made now."""

    client: DynamoDb
    directory: DynamoDirectory
    transport: CountingTransport
    month: str = field(default_factory=lambda: month_of(clock_ms()))
    _ids: RequestIds = field(default_factory=lambda: RequestIds(clock_ms, os.urandom))
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def new_ledger(self, spread: Spread = SPREAD) -> DynamoLedger:
        return DynamoLedger(self.client, _TABLES, time.monotonic, spread=spread)

    async def add_tenant(self, limits: Limits = NO_LIMITS) -> Tenant:
        tenant = Tenant(f"proj_{next(self._numbers)}", "hot", clock_ms() // 1000, limits=limits)
        await self.directory.create_tenant(tenant, self._audit(AuditAction.PROJECT_CREATED, tenant.id, tenant.id))
        return tenant

    async def add_keys(self, count: int, tenant: Tenant) -> list[str]:
        """Keys whose accounts of this month are open."""
        owner = Owner(OwnerKind.USER, "user_1", "bench", tenant.created_at)
        key_ids = [f"key_{next(self._numbers):012}" for _ in range(count)]
        for key_id in key_ids:
            prints = (Fingerprint("p1", "ab" * 32),)
            key = ApiKey(key_id, tenant.id, "hot", owner, prints, "wxyz", tenant.created_at)
            await self.directory.create_key(key, self._audit(AuditAction.API_KEY_CREATED, tenant.id, key_id))
            await self.new_ledger().open_account(fence_of(key_id, tenant), self.month)
        return key_ids

    def new_hold(self, key_id: str, tenant: Tenant) -> Hold:
        now_ms = clock_ms()
        call = Call(self._ids.new(), key_id, tenant.id, "user_1", Operation.CHAT, MODEL, _BEDROCK_MODEL, now_ms)
        return Hold(call, BOUND, now_ms // 1000 + _HOLD_SECONDS)

    async def get_item(self, key_id: str) -> dict[str, Any]:
        """The key's account of this month as DynamoDB has it."""
        body = {"TableName": _TABLES.usage, "Key": account_key(key_id, self.month), "ConsistentRead": True}
        item: dict[str, Any] = (await self.client.call("GetItem", body, repeatable=True))["Item"]
        return item

    def _audit(self, action: AuditAction, tenant_id: str, target_id: str) -> AuditEvent:
        return AuditEvent(f"audit_{next(self._numbers)}", clock_ms(), action, Actor("bench"), tenant_id, target_id)


class _AnyCredentials:
    """An engine on loopback knows no authentication."""

    async def current(self) -> Credentials:
        return Credentials("bench", "bench")


@asynccontextmanager
async def open_hot_store(endpoint_url: str) -> AsyncIterator[HotStore]:
    """On new tables of an engine."""
    parts = urlsplit(endpoint_url)
    endpoint = Endpoint(Origin(parts.hostname or "", parts.port or 80), "", _REGION, "dynamodb")
    transport = CountingTransport(LeanTransport(_CONNECTIONS))
    service = AwsService(transport, endpoint, SigV4Authorizer(SigV4(_REGION, "dynamodb", time.time), _AnyCredentials()))
    client = DynamoDb(service, _TIMING)
    await migrate(client, _TABLES, Run(time.time, asyncio.sleep, "bench", "bench", lambda _: None))
    directory = DynamoDirectory(bind(DynamoAccess(_REGION, endpoint_url, "bench", "bench"), _TABLES), clock_ms)
    try:
        yield HotStore(client, directory, transport)
    finally:
        await directory.close()
        await transport.aclose()


def fence_of(key_id: str, tenant: Tenant) -> Fence:
    return Fence(key_id, tenant.id, 1, tenant.version)


def demand_of(hold: Hold, limits: Limits = NO_LIMITS) -> Demand:
    return Demand(hold.window, MODEL, limits)


def settlement_of(hold: Hold) -> Settlement:
    """Of a request that used all that it might."""
    return Settlement(UsageStatus.OK, hold.call.started_at_ms + 2_000, USED_ALL, BOUND.cost_pico_usd)


async def in_turn(holds: Sequence[Hold], serve: Callable[[Hold], Coroutine[Any, Any, None]]) -> None:
    """A closed loop: sixteen at a time, each followed by the next that nobody has begun."""
    waiting = iter(holds)

    async def work() -> None:
        for hold in waiting:
            await serve(hold)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())


def clock_ms() -> int:
    return time.time_ns() // 1_000_000
