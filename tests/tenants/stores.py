"""The store under test on one engine, and as many processes of it as a test needs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from awswire.credentials import Credentials, StaticCredentials
from awswire.dynamodb import DynamoDb
from awswire.endpoints import Endpoint
from awswire.http import Origin, Timeouts
from awswire.retries import RetryPolicy, Timing
from awswire.service import AwsService, SigV4Authorizer
from awswire.sigv4 import SigV4
from awswire.transport_lean import LeanTransport
from tenants.account import Account
from tenants.account_item import account_key
from tenants.dynamo_directory import DynamoDirectory
from tenants.dynamo_ledger import DynamoKeyReader, DynamoLedger
from tenants.dynamo_models import DynamoAccess, bind
from tenants.key import ApiKey
from tenants.principal import Fence
from tenants.tables import TableNames
from tenants.tenant import Tenant
from tests.engines import ACCESS_KEY, REGION, SECRET_KEY
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
class Store:
    """One engine's tables, a client whose faults can be planned, and a directory that takes it to be `NOW_MS`."""

    client: DynamoDb
    transport: FaultyTransport
    tables: TableNames
    access: DynamoAccess
    directory: DynamoDirectory
    monotonic: Hand

    @property
    def reader(self) -> DynamoKeyReader:
        return DynamoKeyReader(self.client, self.tables)

    def new_ledger(self) -> DynamoLedger:
        """That of another process: nothing of what one remembers is known to the other."""
        return DynamoLedger(self.client, self.tables, self.monotonic)

    def new_directory(self, clock_ms: Callable[[], int]) -> DynamoDirectory:
        return DynamoDirectory(bind(self.access, self.tables), clock_ms)

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

    async def get_item(self, key_id: str = KEY.id, month: str = MONTH) -> dict[str, Any]:
        """The account as DynamoDB has it."""
        body = {"TableName": self.tables.usage, "Key": account_key(key_id, month), "ConsistentRead": True}
        item: dict[str, Any] = (await self.client.call("GetItem", body, repeatable=True))["Item"]
        return item

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
async def open_store(access: DynamoAccess, tables: TableNames) -> AsyncIterator[Store]:
    """With TENANT in it."""
    assert access.endpoint_url is not None
    directory = DynamoDirectory(bind(access, tables), lambda: NOW_MS)
    async with open_client(access.endpoint_url) as (client, transport):
        await directory.create_tenant(TENANT, an_audit())
        yield Store(client, transport, tables, access, directory, Hand())
    await directory.close()


def later(record: ApiKey, **changes: Any) -> ApiKey:
    """The next version of a key."""
    return replace(record, version=record.version + 1, **changes)


def later_tenant(tenant: Tenant, **changes: Any) -> Tenant:
    """The next version of a tenant."""
    return replace(tenant, version=tenant.version + 1, **changes)
