from __future__ import annotations

from awswire.dynamodb import DynamoDb
from migrations.description import differences
from migrations.m0001_tables import apply
from migrations.run import Context
from migrations.steps import find_table
from tenants.tables import ALL, TableNames
from tests.engines import new_run


async def test_it_makes_every_table_as_declared_and_may_run_again(dynamodb: DynamoDb, table_names: TableNames) -> None:
    for _ in range(2):
        await apply(Context(dynamodb, table_names, new_run()))
        for spec in ALL:
            found = await find_table(dynamodb, table_names.of(spec))
            assert found is not None
            assert differences(spec, table_names.of(spec), found) == []
