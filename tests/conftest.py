"""Fixtures for all tests: engines, a client, migrated tables, the recorded traffic.

dynoxide_endpoint   URL of a dynoxide in memory                         session; skips where not installed
moto_endpoint       URL of moto, one request at a time                  session; skips where not installed
engine_endpoint     each of the two in turn                             session
dynamodb            awswire's DynamoDb on engine_endpoint               test
dynoxide_dynamodb   the same client on dynoxide alone                   test
table_names         TableNames nobody else uses; no table exists yet    test
tables              table_names, migrated on engine_endpoint            test
dynamo_access       pynamodb's way to engine_endpoint                   test
corpus_dir          folder of recorded Bedrock traffic                  session; skips where absent

A test that asks for `dynamodb`, `tables` or `dynamo_access` runs once on each engine. Every pytest-xdist worker is a
session of its own and starts its own engines.
"""

from __future__ import annotations

import gc
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from awswire.dynamodb import DynamoDb
from migrations.runner import migrate
from tenants.dynamo_access import DynamoAccess
from tenants.tables import TableNames
from tests import corpus
from tests.engines import ACCESS_KEY, REGION, SECRET_KEY, connected, new_run, running_dynoxide, running_moto

# Here, since under xdist the process that prints loads no deeper conftest.
pytest_plugins = ["tests.corpus_counts"]

# Machines are shared: how long an example takes is no property of the code.
settings.register_profile("sluice", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("sluice")


def pytest_collection_finish() -> None:
    """What is collected by now stays: garbage is looked for among what tests make alone."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def dynoxide_endpoint() -> Iterator[str]:
    """`http://127.0.0.1:<port>` of a dynoxide in memory."""
    with running_dynoxide() as engine:
        yield engine.endpoint_url


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    """`http://127.0.0.1:<port>` of moto's DynamoDB."""
    with running_moto() as engine:
        yield engine.endpoint_url


@pytest.fixture(scope="session", params=["dynoxide", "moto"])
def engine_endpoint(request: pytest.FixtureRequest) -> str:
    """`http://127.0.0.1:<port>` of each engine in turn."""
    url: str = request.getfixturevalue(f"{request.param}_endpoint")
    return url


@pytest.fixture
async def dynamodb(engine_endpoint: str) -> AsyncIterator[DynamoDb]:
    """A client of the engine, on the test's own event loop."""
    async with connected(engine_endpoint) as client:
        yield client


@pytest.fixture
async def dynoxide_dynamodb(dynoxide_endpoint: str) -> AsyncIterator[DynamoDb]:
    """A client of dynoxide, for what moto does not have."""
    async with connected(dynoxide_endpoint) as client:
        yield client


@pytest.fixture
def table_names() -> TableNames:
    """Names under a fresh prefix: tests share an engine, never a table."""
    return TableNames(f"t{uuid.uuid4().hex[:12]}")


@pytest.fixture
async def tables(dynamodb: DynamoDb, table_names: TableNames) -> TableNames:
    """Tables of this test alone, as the migrations make them."""
    await migrate(dynamodb, table_names, new_run())
    return table_names


@pytest.fixture
def dynamo_access(engine_endpoint: str) -> DynamoAccess:
    """Where the engine is, for `tenants.dynamo_models.bind`."""
    return DynamoAccess(REGION, engine_endpoint, ACCESS_KEY, SECRET_KEY)


@pytest.fixture(scope="session")
def corpus_dir() -> Path:
    """Where `tests/corpus.py` finds the recordings."""
    return corpus.folder()
