"""The control plane on a real store: `tests/conftest.py` gives every test an engine and tables of its own.

engine_endpoint  one engine instead of each in turn               session
budgets        where the projects of the same store stand         test
control        a ControlPlane                                     test
requester      who changes things in tests of operations          test
key_reader     the data plane's view of the same store            test
audit_trail    reads the audit events that the test has caused    test
leaks          whom that application tells of leaked keys         test
app, client    the application with it alone, and HTTP to it      test
base_url       the same application over a socket                 test
"""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn

from admin.auth import AdminKeys
from admin.control_plane import ControlPlane, Requester
from admin.operations.leaked_keys import TOLD_TO_NOBODY, LeakReporting
from admin.refused_attempts import RefusedAttempts
from admin.routes.router import Neighbours, create_router
from awswire.attributes import from_attributes
from awswire.dynamodb import DynamoDb
from awswire.retries import Timing
from gateway.local.dynoxide import find_dynoxide
from gateway.request_ids import RequestIds
from gateway.routes.application import Application, assemble
from gateway.routes.middleware import RequestEnvelope
from tenants.audit import Actor, AuditEvent
from tenants.audit_rows import audit_from_row
from tenants.dynamo_access import DynamoAccess
from tenants.dynamo_administrators import DynamoAdministrators
from tenants.dynamo_audit_books import DynamoAuditBooks
from tenants.dynamo_directory import DynamoDirectory
from tenants.dynamo_escrow import TenantBudgets
from tenants.dynamo_idempotency import DynamoClaims
from tenants.dynamo_ledger import DynamoKeyReader, DynamoLedger
from tenants.dynamo_models import bind
from tenants.dynamo_users import DynamoUsers
from tenants.periods import month_of
from tenants.secret import Peppers
from tenants.tables import TableNames

NOW_MS = 1_795_132_800_000  # 2026-11-20T00:00:00Z
BOOTSTRAP = "sk-sluice-admin_" + "0123456789" * 5
MAX_BODY_BYTES = 1_000_000
AuditTrail = Callable[[], Awaitable[list[AuditEvent]]]


@pytest.fixture(scope="session")
def engine_endpoint(request: pytest.FixtureRequest) -> str:
    """One engine, the quicker one if it is installed: what all engines promise is the store's own tests' subject."""
    engine = "moto" if find_dynoxide(os.environ, Path(sys.prefix)) is None else "dynoxide"
    url: str = request.getfixturevalue(f"{engine}_endpoint")
    return url


@pytest.fixture
def budgets(dynamodb: DynamoDb, tables: TableNames) -> TenantBudgets:
    return TenantBudgets(dynamodb, tables, Timing(time.monotonic, asyncio.sleep, lambda: 0.0))


@pytest.fixture
async def control(
    dynamodb: DynamoDb, dynamo_access: DynamoAccess, tables: TableNames, budgets: TenantBudgets
) -> AsyncIterator[ControlPlane]:
    """A control plane whose clock moves on by a millisecond each time it is read."""
    clock_ms = itertools.count(NOW_MS).__next__
    rows = bind(dynamo_access, tables)
    directory, administrators = DynamoDirectory(rows, clock_ms, budgets), DynamoAdministrators(rows, clock_ms)
    refused_attempts = RefusedAttempts(directory.record, clock_ms)
    users = DynamoUsers(rows, clock_ms)
    yield ControlPlane(
        directory=directory,
        administrators=administrators,
        users=users,
        ledger=DynamoLedger(dynamodb, tables, time.monotonic),
        keys=DynamoKeyReader(dynamodb, tables),
        peppers=Peppers({"p1": b"pepper of the tests"}, "p1"),
        admin_keys=AdminKeys(BOOTSTRAP),
        clock_ms=clock_ms,
        randomness=os.urandom,
        refused_attempts=refused_attempts,
        claims=DynamoClaims(dynamodb, tables),
    )
    await refused_attempts.close()
    await directory.close()
    await administrators.close()
    await users.close()


@pytest.fixture
def requester() -> Requester:
    return Requester(Actor("admin_test", "192.0.2.7"), "req_test")


@pytest.fixture
def key_reader(dynamodb: DynamoDb, tables: TableNames) -> DynamoKeyReader:
    """The data plane's view of the same store."""
    return DynamoKeyReader(dynamodb, tables)


@pytest.fixture
def audit_trail(dynamodb: DynamoDb, tables: TableNames) -> AuditTrail:
    """Reads all audit events of the test, oldest first."""

    async def read() -> list[AuditEvent]:
        query = {
            "TableName": tables.audit,
            "KeyConditionExpression": "pk = :month",
            "ExpressionAttributeValues": {":month": {"S": month_of(NOW_MS)}},
        }
        answer = await dynamodb.call("Query", query, repeatable=True)
        return [audit_from_row(from_attributes(item)) for item in answer["Items"]]

    return read


@pytest.fixture
def leaks() -> LeakReporting:
    """Whom the application tells of leaked keys: nobody. For tests to replace."""
    return TOLD_TO_NOBODY


@dataclass(slots=True)
class Current:
    """What the shared application's routes reach: the stores of the test that runs."""

    control: ControlPlane
    budgets: TenantBudgets
    audit: DynamoAuditBooks


class Through:
    """Stands for what `find` finds by the time that it is asked for something."""

    def __init__(self, find: Callable[[], object]) -> None:
        self._find = find

    def __getattr__(self, name: str) -> Any:
        return getattr(self._find(), name)


@pytest.fixture(scope="session")
def shared_app() -> tuple[Application, list[Current]]:
    """One application for all tests that change nothing of it, and whose stores it reaches, the last ones of the list:
    FastAPI takes half a second to make one."""
    current: list[Current] = []

    def through(find: Callable[[Current], object]) -> Any:
        return Through(lambda: find(current[-1]))

    control = ControlPlane(
        directory=through(lambda each: each.control.directory),
        administrators=through(lambda each: each.control.administrators),
        users=through(lambda each: each.control.users),
        ledger=through(lambda each: each.control.ledger),
        keys=through(lambda each: each.control.keys),
        peppers=through(lambda each: each.control.peppers),
        admin_keys=through(lambda each: each.control.admin_keys),
        clock_ms=lambda: current[-1].control.clock_ms(),
        randomness=lambda size: current[-1].control.randomness(size),
        refused_attempts=through(lambda each: each.control.refused_attempts),
        claims=through(lambda each: each.control.claims),
    )
    neighbours = Neighbours(through(lambda each: each.budgets), audit=through(lambda each: each.audit))
    return application_of(control, neighbours), current


@pytest.fixture
def app(
    control: ControlPlane,
    budgets: TenantBudgets,
    leaks: LeakReporting,
    audit_books: DynamoAuditBooks,
    shared_app: tuple[Application, list[Current]],
) -> Iterator[Application]:
    """The application with this control plane alone, as in production but for its ids and times."""
    special = (control.identity_provider, control.imported_keys, control.hours)
    if leaks is not TOLD_TO_NOBODY or any(special) or None in (control.refused_attempts, control.claims):
        yield application_of(control, Neighbours(budgets, audit=audit_books, leaks=leaks))
        return
    shared, current = shared_app
    current.append(Current(control, budgets, audit_books))
    yield shared
    current.pop()


@pytest.fixture
def audit_books(dynamodb: DynamoDb, tables: TableNames) -> DynamoAuditBooks:
    return DynamoAuditBooks(dynamodb, tables)


def application_of(control: ControlPlane, neighbours: Neighbours) -> Application:
    async def ready() -> None:
        return None

    envelope = partial(
        RequestEnvelope,
        request_ids=RequestIds(lambda: NOW_MS, os.urandom),
        max_body_bytes=MAX_BODY_BYTES,
        monotonic=lambda: 0.0,
    )
    return assemble(None, create_router(control, neighbours), ready, envelope, None)


@pytest.fixture
async def client(app: Application) -> AsyncIterator[httpx2.AsyncClient]:
    """An HTTP client below `/v1/organization`, with the admin key."""
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app),
        base_url="http://sluice.test/v1/organization",
        headers={"authorization": f"Bearer {BOOTSTRAP}"},
    ) as opened:
        yield opened


@pytest.fixture
async def base_url(app: Application) -> AsyncIterator[str]:
    """`http://127.0.0.1:<port>/v1`, which no SDK can tell from a deployment."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    yield f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    server.should_exit = True
    await serving
