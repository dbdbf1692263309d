from __future__ import annotations

from dataclasses import replace

from awswire.dynamodb import DynamoDb
from migrations.lock import acquire
from migrations.records import Record, State, read_records, write_record
from migrations.run import Context
from tenants.tables import TableNames
from tests.engines import new_run

RUNNING = Record("0042", State.RUNNING, "c" * 64, "1.2.3", started_at=1_000)


async def test_what_is_written_is_read(dynamodb: DynamoDb, tables: TableNames) -> None:
    lease = await acquire(Context(dynamodb, tables, new_run()))
    await write_record(dynamodb, lease, RUNNING)
    assert (await read_records(dynamodb, tables.core))["0042"] == RUNNING
    done = replace(RUNNING, state=State.DONE, finished_at=1_001)
    await write_record(dynamodb, lease, done)
    assert (await read_records(dynamodb, tables.core))["0042"] == done


async def test_the_lock_is_no_record(dynamodb: DynamoDb, tables: TableNames) -> None:
    before = await read_records(dynamodb, tables.core)
    await acquire(Context(dynamodb, tables, new_run()))
    assert await read_records(dynamodb, tables.core) == before
    assert set(before) == {"0001"}
    assert before["0001"].finished_at is not None
