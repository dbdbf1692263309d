"""The store under test on one engine, and as many processes of it as a test needs."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from awswire.credentials import Credentials
from awswire.dynamodb import DynamoDb
from awswire.endpoints import Endpoint
from awswire.http import Origin, Timeouts
from awswire.retries import RetryPolicy, Timing
from awswire.service import AwsService, SigV4Authorizer
from awswire.sigv4 import SigV4
from awswire.transport_lean import LeanTransport
from migrations.runner import migrate
from tenants.account import Account
from tenants.account_item import account_key
from tenants.busy_keys import Spread
from tenants.dynamo_access import DynamoAccess
from tenants.dynamo_directory import DynamoDirectory
from tenants.dynamo_ledger import SPREAD, DynamoKeyReader, DynamoLedger
from tenants.dynamo_models import bind
from tenants.key import ApiKey
from tenants.principal import Fence
from tenants.tables import ALL, TableNames
from tenants.tenant import Tenant
from tests.awswire.fakes import StaticCredentials
from tests.engines import ACCESS_KEY, REGION, SECRET_KEY, new_run
from tests.tenants.faults import FaultyTransport
from tests.tenants.samples import KEY, MONTH, NOW_MS, TENANT, an_audit

# An engine that serves one request at a time, on a busy machine, under hundreds of requests at once.
PATIENT = Timeouts(connect_seconds=60.0, read_seconds=60.0)
ATTEMPTS = 4


@asynccontextmanager
async def open_client(endpoint_url: str) -> AsyncIterator[tuple[DynamoDb, FaultyTransport]]:
    """The hot path's client, patient, and without pauses between its attempts."""
    parts = urlsplit(endpoint_url)
    endpoint = Endpoint(Origin(parts.hostname or "", parts.port or 80), "", REGION, "dynamodb")
    transport = FaultyTransport(LeanTransport(max_connections=50))
    credentials = StaticCredentials(Credentials(ACCESS_KEY, SECRET_KEY))
    service = AwsService(transport, endpoint, SigV4Authorizer(SigV4(REGION, "dynamodb", time.time), credentials))
    timing = Timing(time.monotonic, asyncio.sleep, lambda: 0.0)
    try:
        yield DynamoDb(service, timing, RetryPolicy(ATTEMPTS, deadline_seconds=300.0), PATIENT), transport
    finally:
        await transport.aclose()


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True, slots=True)
class Ground:
    """One engine's tables, and a directory on them that takes it to be `NOW_MS`."""

    access: DynamoAccess
    tables: TableNames
    directory: DynamoDirectory


async def open_ground(endpoint_url: str) -> Ground:
    """New tables on the engine. Its directory has to be closed."""
    tables = TableNames(f"t{uuid.uuid4().hex[:12]}")
    access = DynamoAccess(REGION, endpoint_url, ACCESS_KEY, SECRET_KEY)
    async with open_client(endpoint_url) as (client, _):
        await migrate(client, tables, new_run())
    return Ground(access, tables, DynamoDirectory(bind(access, tables), lambda: NOW_MS))


@dataclass(frozen=True, slots=True)
class Store:
    """A ground, and a client whose faults can be planned."""

    ground: Ground
    client: DynamoDb
    transport: FaultyTransport
    monotonic: Hand

    @property
    def tables(self) -> TableNames:
        return self.ground.tables

    @property
    def directory(self) -> DynamoDirectory:
        return self.ground.directory

    @property
    def reader(self) -> DynamoKeyReader:
        return DynamoKeyReader(self.client, self.tables)

    def new_ledger(self, spread: Spread = SPREAD) -> DynamoLedger:
        """That of another process: nothing of what one remembers is known to the other."""
        return DynamoLedger(self.client, self.tables, self.monotonic, spread=spread)

    def new_directory(self, clock_ms: Callable[[], int]) -> DynamoDirectory:
        return DynamoDirectory(bind(self.ground.access, self.tables), clock_ms)

    async def add_key(self, key: ApiKey = KEY) -> Fence:
        """A new key of TENANT, its account opened for MONTH."""
        await self.directory.create_key(key, an_audit())
        fence = Fence(key.id, key.tenant_id, key.version, TENANT.version)
        await self.new_ledger().open_account(fence, MONTH)
        return fence

    async def get_account(self, key_id: str = KEY.id, month: str = MONTH) -> Account:
        account = await self.new_ledger().find_account(key_id, month)
        assert account is not None
        return account

    async def get_item(self, key_id: str = KEY.id, month: str = MONTH, shard: int = 0) -> dict[str, Any]:
        """The account as DynamoDB has it."""
        body = {"TableName": self.tables.usage, "Key": account_key(key_id, month, shard), "ConsistentRead": True}
        item: dict[str, Any] = (await self.client.call("GetItem", body, repeatable=True))["Item"]
        return item

    async def find_item(self, key_id: str, shard: int, month: str = MONTH) -> dict[str, Any]:
        """As `get_item`; empty where there is none."""
        body = {"TableName": self.tables.usage, "Key": account_key(key_id, month, shard), "ConsistentRead": True}
        item: dict[str, Any] = (await self.client.call("GetItem", body, repeatable=True)).get("Item", {})
        return item

    async def grant(self, counter: str, amount: int, key_id: str = KEY.id, *, day: int | None = None) -> None:
        """What an escrow draw leaves on an account: so much more of one grant, and the day that it is drawn for."""
        begun = "" if day is None else " SET dd = :dd, du = if_not_exists(du, :z), dk = if_not_exists(dk, :z)"
        days = {} if day is None else {":dd": {"N": str(day)}, ":z": {"N": "0"}}
        body = {
            "TableName": self.tables.usage,
            "Key": account_key(key_id, MONTH),
            "UpdateExpression": f"ADD #g :g{begun}",
            "ExpressionAttributeNames": {"#g": counter},
            "ExpressionAttributeValues": {":g": {"N": str(amount)}, **days},
        }
        await self.client.call("UpdateItem", body, repeatable=False)

    async def list_audit_ids(self) -> list[str]:
        body = {
            "TableName": self.tables.audit,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": MONTH}},
            "ConsistentRead": True,
        }
        answer = await self.client.call("Query", body, repeatable=True)
        return [item["sk"]["S"] for item in answer["Items"]]


@asynccontextmanager
async def open_store(ground: Ground) -> AsyncIterator[Store]:
    """With TENANT and nothing else in it."""
    assert ground.access.endpoint_url is not None
    async with open_client(ground.access.endpoint_url) as (client, transport):
        for spec in ALL:
            await empty(client, ground.tables.of(spec))
        await ground.directory.create_tenant(TENANT, an_audit())
        yield Store(ground, client, transport, Hand())


async def empty(client: DynamoDb, table: str) -> None:
    """Delete everything in it."""
    body = {"TableName": table, "ProjectionExpression": "pk, sk", "ConsistentRead": True}
    left: list[dict[str, Any]] = (await client.call("Scan", body, repeatable=True))["Items"]
    for first in range(0, len(left), 25):
        deletes = [{"DeleteRequest": {"Key": key}} for key in left[first : first + 25]]
        await client.call("BatchWriteItem", {"RequestItems": {table: deletes}}, repeatable=True)


def later(record: ApiKey, **changes: Any) -> ApiKey:
    """The next version of a key."""
    return replace(record, version=record.version + 1, **changes)


def later_tenant(tenant: Tenant, **changes: Any) -> Tenant:
    """The next version of a tenant."""
    return replace(tenant, version=tenant.version + 1, **changes)
