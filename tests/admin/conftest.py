"""The control plane on a real store: `tests/conftest.py` gives every test an engine and tables of its own.

engine_endpoint  one engine instead of each in turn               session
control        a ControlPlane                                     test
caller         who changes things in tests of operations          test
key_reader     the data plane's view of the same store            test
audit_trail    reads the audit events that the test has caused    test
app, client    the router in an application, and HTTP to it       test
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from admin.auth import AdminKeys
from admin.control_plane import Caller, ControlPlane
from admin.routes.router import create_router
from awswire.attributes import from_attributes
from awswire.dynamodb import DynamoDb
from gateway.local.dynoxide import find_dynoxide
from tenants.audit import Actor, AuditEvent
from tenants.dynamo_directory import DynamoDirectory
from tenants.dynamo_ledger import DynamoKeyReader, DynamoLedger
from tenants.dynamo_models import DynamoAccess, bind
from tenants.errors import (
    AuthenticationFailed,
    Conflict,
    InvalidArgument,
    LedgerUnavailable,
    NotFound,
    StaleVersion,
    TenantsError,
    TooContended,
)
from tenants.periods import month_of
from tenants.rows import audit_from_row
from tenants.secret import Peppers
from tenants.tables import TableNames

NOW_MS = 1_795_132_800_000  # 2026-11-20T00:00:00Z
BOOTSTRAP = "sk-sluice-admin_" + "0123456789" * 5
STATUSES: dict[type[TenantsError], int] = {
    AuthenticationFailed: 401,
    InvalidArgument: 400,
    NotFound: 404,
    Conflict: 409,
    StaleVersion: 412,
    LedgerUnavailable: 503,
    TooContended: 503,
}

AuditTrail = Callable[[], Awaitable[list[AuditEvent]]]


@pytest.fixture(scope="session")
def engine_endpoint(request: pytest.FixtureRequest) -> str:
    """One engine, the quicker one if it is installed: what all engines promise is the store's own tests' subject."""
    engine = "moto" if find_dynoxide(os.environ, Path(sys.prefix)) is None else "dynoxide"
    url: str = request.getfixturevalue(f"{engine}_endpoint")
    return url


@pytest.fixture
async def control(dynamodb: DynamoDb, dynamo_access: DynamoAccess, tables: TableNames) -> AsyncIterator[ControlPlane]:
    """A control plane whose clock moves on by a millisecond each time it is read."""
    clock_ms = itertools.count(NOW_MS).__next__
    directory = DynamoDirectory(bind(dynamo_access, tables), clock_ms)
    yield ControlPlane(
        directory=directory,
        ledger=DynamoLedger(dynamodb, tables, time.monotonic),
        peppers=Peppers({"p1": b"pepper of the tests"}, "p1"),
        admin_keys=AdminKeys(BOOTSTRAP),
        clock_ms=clock_ms,
        randomness=os.urandom,
    )
    await directory.close()


@pytest.fixture
def caller() -> Caller:
    return Caller(Actor("admin_test", "192.0.2.7"), "req_test")


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
def app(control: ControlPlane) -> FastAPI:
    """The router in an application that renders errors by the statuses above, each with its `param`."""
    application = FastAPI()
    application.include_router(create_router(control))

    async def render(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, TenantsError)
        status = next(STATUSES[each] for each in type(error).__mro__ if each in STATUSES)
        body = {"message": error.message, "type": "error", "param": getattr(error, "param", None), "code": None}
        return JSONResponse({"error": body}, status)

    async def render_invalid(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        params = [".".join(str(part) for part in each["loc"][1:]) for each in error.errors()]
        body = {"message": ", ".join(params), "type": "invalid_request_error", "param": params[0], "code": None}
        return JSONResponse({"error": body}, 400)

    application.add_exception_handler(TenantsError, render)
    application.add_exception_handler(RequestValidationError, render_invalid)
    return application


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    """An HTTP client below `/v1/organization`, with the admin key."""
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app),
        base_url="http://sluice.test/v1/organization",
        headers={"authorization": f"Bearer {BOOTSTRAP}"},
    ) as opened:
        yield opened
