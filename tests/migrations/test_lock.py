from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from awswire.dynamodb import DynamoDb
from migrations.errors import LeaseLost, LockHeld
from migrations.lock import HEARTBEAT_SECONDS, LEASE_SECONDS, SKEW_SECONDS, acquire, held, renew
from migrations.records import Record, State, read_records, write_record
from migrations.run import Context
from tenants.tables import TableNames
from tests.engines import new_run

NOW = 1_000_000.0
RECORD = Record("0042", State.RUNNING, "c", "1.0", 1)


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


def a_runner(dynamodb: DynamoDb, tables: TableNames, clock: Hand) -> Context:
    return Context(dynamodb, tables, new_run(clock=clock))


async def test_a_lock_whose_lease_runs_is_refused_to_others(dynamodb: DynamoDb, tables: TableNames) -> None:
    clock = Hand()
    first = a_runner(dynamodb, tables, clock)
    await acquire(first)
    clock.now += LEASE_SECONDS + SKEW_SECONDS
    with pytest.raises(LockHeld, match=first.run.owner_id):
        await acquire(a_runner(dynamodb, tables, clock))


async def test_a_lapsed_lock_is_taken_over_and_its_former_owner_writes_nothing_more(
    dynamodb: DynamoDb, tables: TableNames
) -> None:
    clock = Hand()
    first, second = (a_runner(dynamodb, tables, clock) for _ in range(2))
    former = await acquire(first)
    clock.now += LEASE_SECONDS + SKEW_SECONDS + 1
    lease = await acquire(second)
    assert lease.fence > former.fence
    assert not await renew(first, former)
    with pytest.raises(LeaseLost):
        await write_record(dynamodb, former, RECORD)
    assert "0042" not in await read_records(dynamodb, tables.core)
    await write_record(dynamodb, lease, RECORD)
    assert (await read_records(dynamodb, tables.core))["0042"] == RECORD


async def test_a_renewed_lease_lasts_longer(dynamodb: DynamoDb, tables: TableNames) -> None:
    clock = Hand()
    first = a_runner(dynamodb, tables, clock)
    lease = await acquire(first)
    clock.now += LEASE_SECONDS
    assert await renew(first, lease)
    clock.now += LEASE_SECONDS
    with pytest.raises(LockHeld):
        await acquire(a_runner(dynamodb, tables, clock))


async def test_the_heartbeat_renews_while_the_lock_is_held(dynamodb: DynamoDb, tables: TableNames) -> None:
    clock = Hand()
    asleep, beat = asyncio.Event(), asyncio.Event()
    naps: list[float] = []

    async def sleep(seconds: float) -> None:
        naps.append(seconds)
        asleep.set()
        await beat.wait()
        beat.clear()

    runner = a_runner(dynamodb, tables, clock)
    runner = replace(runner, run=replace(runner.run, sleep=sleep))
    async with held(runner):
        await asleep.wait()
        for _ in range(2):
            clock.now += LEASE_SECONDS
            asleep.clear()
            beat.set()
            await asleep.wait()  # asleep again, so it has renewed
        with pytest.raises(LockHeld):
            await acquire(a_runner(dynamodb, tables, clock))
    assert set(naps) == {HEARTBEAT_SECONDS}


async def test_a_lock_given_back_is_free_at_once_and_its_fence_goes_on(dynamodb: DynamoDb, tables: TableNames) -> None:
    clock = Hand()
    async with held(a_runner(dynamodb, tables, clock)) as first:
        pass
    second = await acquire(a_runner(dynamodb, tables, clock))
    assert second.fence == first.fence + 1
    with pytest.raises(LeaseLost):
        await write_record(dynamodb, first, RECORD)


async def test_of_racing_runners_one_gets_the_lock(dynamodb: DynamoDb, tables: TableNames) -> None:
    clock = Hand()
    attempts = [acquire(a_runner(dynamodb, tables, clock)) for _ in range(10)]
    outcomes = await asyncio.gather(*attempts, return_exceptions=True)
    assert sum(isinstance(each, LockHeld) for each in outcomes) == 9


async def test_an_attempt_whose_answer_was_lost_took_the_lock_once(dynamodb: DynamoDb, tables: TableNames) -> None:
    runner = a_runner(dynamodb, tables, Hand())
    assert await acquire(runner) == await acquire(runner)
