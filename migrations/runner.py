"""Runs the steps that are not done yet, or says which those are.

A deployment migrates before its new code serves (`sluice migrate`; `--check` only looks); a server does neither. Code
has to run before, during and after a step, so a record of a step that is not known here (newer code has run) stops
nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from awswire.dynamodb import DynamoDb
from migrations.catalog import Step, discover
from migrations.description import differences, unalterable_differences
from migrations.errors import ChecksumMismatch
from migrations.lock import Lease, held
from migrations.records import Record, State, read_records, write_record
from migrations.run import Context, Run
from migrations.steps import ensure_table, find_table
from tenants.tables import ALL, CORE, TableNames, TableSpec


@dataclass(frozen=True, slots=True)
class Outcome:
    """The versions that this run applied, and those that had been applied before it, in order."""

    applied: tuple[str, ...]
    already_done: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StepStatus:
    """A step and its record; `record` is None if it never began."""

    step: Step
    record: Record | None

    @property
    def is_done(self) -> bool:
        return self.record is not None and self.record.state is State.DONE

    @property
    def was_edited(self) -> bool:
        """Whether the step is done, and its source is not the one that ran."""
        return self.is_done and self.record is not None and self.record.checksum != self.step.checksum


async def migrate(db: DynamoDb, tables: TableNames, run: Run, steps: Sequence[Step] | None = None) -> Outcome:
    """Applies the steps that are not done, in order, one runner at a time. Running it again does nothing.

    `steps` are those of this package if none are given. Raises MigrationError and DynamoDbError; what was done by
    then stays done.
    """
    context = Context(db, tables, run)
    steps = discover() if steps is None else steps
    await ensure_table(context, CORE)  # the lock lives in it
    async with held(context) as lease:
        found = await status(db, tables, steps)
        for each in found:
            if each.record is not None and each.was_edited:
                raise ChecksumMismatch(each.step.version, each.record.checksum, each.step.checksum)
        for each in found:
            if not each.is_done:
                await _apply(context, lease, each.step)
    return Outcome(
        applied=tuple(each.step.version for each in found if not each.is_done),
        already_done=tuple(each.step.version for each in found if each.is_done),
    )


async def status(db: DynamoDb, tables: TableNames, steps: Sequence[Step] | None = None) -> tuple[StepStatus, ...]:
    """Every step with its record, in order. The core table has to exist. Raises DynamoDbError."""
    records = await read_records(db, tables.core)
    steps = discover() if steps is None else steps
    return tuple(StepStatus(step, records.get(step.version)) for step in steps)


async def check(db: DynamoDb, tables: TableNames, steps: Sequence[Step] | None = None) -> list[str]:
    """What is missing or different, one line each; none if all is well. Changes nothing. Raises DynamoDbError."""
    lines = []
    for spec in ALL:
        lines += await _check_table(db, tables, spec)
    core = await find_table(db, tables.core)
    if core is None or core.status == "CREATING" or unalterable_differences(CORE, tables.core, core):
        return lines  # the records cannot be read
    for each in await status(db, tables, steps):
        if not each.is_done:
            state = "has not run" if each.record is None else "has not finished"
            lines.append(f"migration {each.step.version} {each.step.name} {state}")
        elif each.was_edited:
            lines.append(f"migration {each.step.version} {each.step.name} was edited after it ran")
    return lines


async def _check_table(db: DynamoDb, tables: TableNames, spec: TableSpec) -> list[str]:
    name = tables.of(spec)
    found = await find_table(db, name)
    if found is None:
        return [f"{name}: does not exist"]
    if found.status == "CREATING":
        return [f"{name}: is still being created"]
    return differences(spec, name, found)


async def _apply(context: Context, lease: Lease, step: Step) -> None:
    run = context.run
    record = Record(step.version, State.RUNNING, step.checksum, run.app_version, int(run.clock()))
    run.report(f"{step.version} {step.name}: running")
    await write_record(context.db, lease, record)
    await step.apply(context)
    await write_record(context.db, lease, replace(record, state=State.DONE, finished_at=int(run.clock())))
    run.report(f"{step.version} {step.name}: done")
