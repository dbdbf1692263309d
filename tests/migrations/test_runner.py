from __future__ import annotations

import asyncio

import pytest

from awswire.attributes import to_attributes
from awswire.dynamodb import DynamoDb
from migrations.catalog import Step, discover
from migrations.errors import ChecksumMismatch, LeaseLost, TableMismatch
from migrations.lock import LEASE_SECONDS, SKEW_SECONDS, acquire
from migrations.records import Record, State, read_records, write_record
from migrations.run import Context
from migrations.runner import Outcome, check, migrate, status
from tenants.tables import TableNames
from tests.engines import new_run

VERSIONS = tuple(step.version for step in discover())


class Killed(BaseException):
    """Not an Exception: nothing may catch it, as nothing catches a SIGKILL."""


async def nothing(context: Context) -> None:
    pass


def a_step(version: str = "0001", apply: object = nothing, checksum: str = "c") -> Step:
    return Step(version, "step", checksum, apply)  # type: ignore[arg-type]  # tests give coroutine functions


async def test_the_second_run_changes_nothing(dynamodb: DynamoDb, table_names: TableNames) -> None:
    lines: list[str] = []
    assert await migrate(dynamodb, table_names, new_run()) == Outcome(VERSIONS, ())
    assert await migrate(dynamodb, table_names, new_run(report=lines.append)) == Outcome((), VERSIONS)
    assert lines == []
    assert await check(dynamodb, table_names) == []


async def test_of_parallel_runners_exactly_one_applies_each_step(dynamodb: DynamoDb, table_names: TableNames) -> None:
    runs = [new_run(sleep=lambda seconds: asyncio.sleep(0.01)) for _ in range(4)]
    outcomes = await asyncio.gather(*(migrate(dynamodb, table_names, run) for run in runs))
    assert sorted(outcomes, key=lambda each: each.applied) == [Outcome((), VERSIONS)] * 3 + [Outcome(VERSIONS, ())]


async def test_check_names_what_is_missing_and_makes_nothing(dynamodb: DynamoDb, table_names: TableNames) -> None:
    missing = [f"{table_names.prefix}-{role}: does not exist" for role in ("core", "usage", "audit")]
    assert await check(dynamodb, table_names) == missing
    assert await check(dynamodb, table_names) == missing


async def test_check_names_a_step_that_has_not_run(dynamodb: DynamoDb, tables: TableNames) -> None:
    steps = (*discover(), a_step("0002"))
    assert await check(dynamodb, tables, steps) == ["migration 0002 step has not run"]


async def test_a_run_that_was_killed_is_finished_by_the_next_one(dynamodb: DynamoDb, tables: TableNames) -> None:
    applied: list[str] = []

    async def kill(context: Context) -> None:
        raise Killed

    async def apply(context: Context) -> None:
        applied.append(context.run.owner_id)

    with pytest.raises(Killed):
        await migrate(dynamodb, tables, new_run(), (a_step("0009", kill),))
    assert (await read_records(dynamodb, tables.core))["0009"].state is State.RUNNING
    assert await check(dynamodb, tables, (a_step("0009", kill),)) == ["migration 0009 step has not finished"]
    second = new_run(owner_id="second")
    assert await migrate(dynamodb, tables, second, (a_step("0009", apply),)) == Outcome(("0009",), ())
    assert applied == ["second"]
    assert (await read_records(dynamodb, tables.core))["0009"].state is State.DONE


async def test_what_a_killed_runner_left_locked_is_taken_over_and_finished(
    dynamodb: DynamoDb, tables: TableNames
) -> None:
    killed = Context(dynamodb, tables, new_run(clock=lambda: 1_000_000.0))
    lease = await acquire(killed)
    await write_record(dynamodb, lease, Record("0009", State.RUNNING, "c", "0.0.0", 1_000_000))
    later = new_run(clock=lambda: 1_000_000.0 + LEASE_SECONDS + SKEW_SECONDS + 1)
    assert await migrate(dynamodb, tables, later, (a_step("0009"),)) == Outcome(("0009",), ())
    with pytest.raises(LeaseLost):
        await write_record(dynamodb, lease, Record("0009", State.RUNNING, "c", "0.0.0", 1_000_000))


async def test_a_step_edited_after_it_ran_stops_the_run_before_anything_is_applied(
    dynamodb: DynamoDb, tables: TableNames
) -> None:
    await migrate(dynamodb, tables, new_run(), (a_step("0008", checksum="old"),))
    edited = (a_step("0008", checksum="new"), a_step("0009"))
    with pytest.raises(ChecksumMismatch, match="0008"):
        await migrate(dynamodb, tables, new_run(), edited)
    assert [each.is_done for each in await status(dynamodb, tables, edited)] == [True, False]
    assert "migration 0008 step was edited after it ran" in await check(dynamodb, tables, edited)


async def test_a_runner_that_lost_its_lock_cannot_record_its_step_as_done(
    dynamodb: DynamoDb, tables: TableNames
) -> None:
    late = new_run(clock=lambda: 1_000_000.0 + LEASE_SECONDS + SKEW_SECONDS + 1)

    async def be_overtaken(context: Context) -> None:
        await acquire(Context(dynamodb, tables, late))

    with pytest.raises(LeaseLost):
        await migrate(dynamodb, tables, new_run(clock=lambda: 1_000_000.0), (a_step("0009", be_overtaken),))
    assert (await read_records(dynamodb, tables.core))["0009"].state is State.RUNNING


async def test_records_of_newer_code_stop_nobody(dynamodb: DynamoDb, tables: TableNames) -> None:
    await migrate(dynamodb, tables, new_run(), (a_step("9999"),))
    assert await check(dynamodb, tables) == []
    assert await migrate(dynamodb, tables, new_run()) == Outcome((), VERSIONS)


async def test_external_tables_are_recorded_as_migrated_once_they_are_right(
    dynamodb: DynamoDb, tables: TableNames
) -> None:
    await dynamodb.call(
        "DeleteItem",
        {"TableName": tables.core, "Key": to_attributes({"pk": "MIGRATIONS", "sk": "V#0001"})},
        repeatable=True,
    )
    assert await migrate(dynamodb, tables, new_run(external=True)) == Outcome(VERSIONS, ())


async def test_external_tables_are_never_made(dynamodb: DynamoDb, table_names: TableNames) -> None:
    with pytest.raises(TableMismatch, match="core: does not exist"):
        await migrate(dynamodb, table_names, new_run(external=True))
    assert (await check(dynamodb, table_names))[0] == f"{table_names.core}: does not exist"
