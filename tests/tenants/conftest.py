"""The store on each engine in turn.

store     tables with TENANT in them, a client whose faults can be planned       test
ledger    the ledger of one process                                             test
opened    the fence of KEY, created, its account of MONTH opened                test
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tenants.dynamo_ledger import DynamoLedger
from tenants.dynamo_models import DynamoAccess
from tenants.principal import Fence
from tenants.tables import TableNames
from tests.tenants.stores import Store, open_store


@pytest.fixture
async def store(dynamo_access: DynamoAccess, tables: TableNames) -> AsyncIterator[Store]:
    async with open_store(dynamo_access, tables) as opened_store:
        yield opened_store


@pytest.fixture
def ledger(store: Store) -> DynamoLedger:
    return store.new_ledger()


@pytest.fixture
async def opened(store: Store) -> Fence:
    return await store.add_key()
