"""The store on each engine in turn.

ground    an engine's tables and a directory on them; both are dear to make           session
store     the same, holding TENANT alone, and a client whose faults can be planned    test
ledger    the ledger of one process                                                  test
opened    the fence of KEY, created, its account of MONTH opened                     test
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from tenants.dynamo_ledger import DynamoLedger
from tenants.principal import Fence
from tests.tenants.stores import Ground, Store, open_ground, open_store


@pytest.fixture(scope="session")
def ground(engine_endpoint: str) -> Iterator[Ground]:
    opened_ground = asyncio.run(open_ground(engine_endpoint))
    yield opened_ground
    asyncio.run(opened_ground.directory.close())


@pytest.fixture
async def store(ground: Ground) -> AsyncIterator[Store]:
    async with open_store(ground) as opened_store:
        yield opened_store


@pytest.fixture
def ledger(store: Store) -> DynamoLedger:
    return store.new_ledger()


@pytest.fixture
async def opened(store: Store) -> Fence:
    return await store.add_key()
