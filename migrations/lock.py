"""One runner at a time: a lease in the core table, renewed by a heartbeat, with a fence.

A lease can run out under a runner that is alive but was paused, so a lease alone proves nothing. Every taking of the
lock therefore adds one to its fence, and every record is written in a transaction on the fence being still the
writer's own: a former owner's writes are refused. DynamoDB's TTL has no part in this: it deletes days late.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from awswire.attributes import from_attributes, to_attributes
from awswire.dynamodb import ConditionFailed, DynamoDbError
from migrations.errors import LockHeld
from migrations.run import Context
from tenants.tables import PARTITION_KEY, SORT_KEY

PARTITION = "MIGRATIONS"
LOCK_SORT = "LOCK"
LEASE_SECONDS = 60
HEARTBEAT_SECONDS = LEASE_SECONDS / 3
SKEW_SECONDS = 10
_WAIT_SECONDS = 1.0
_WAITS = 300


@dataclass(frozen=True, slots=True)
class Lease:
    """The lock, as one runner took it. `fence` is larger than that of every earlier lease."""

    table: str
    owner_id: str
    fence: int

    def to_condition(self) -> dict[str, Any]:
        """The clause of a conditional write that holds while the lock is this lease's."""
        return {
            "TableName": self.table,
            "Key": _key(),
            "ConditionExpression": "fence = :fence AND owner_id = :owner",
            "ExpressionAttributeValues": to_attributes({":fence": self.fence, ":owner": self.owner_id}),
        }


@asynccontextmanager
async def held(context: Context) -> AsyncIterator[Lease]:
    """The lock, waited for at most five minutes, renewed while the block runs, and given back after it.

    Raises LockHeld. The block is not stopped if the lease is lost meanwhile: its next record is refused.
    """
    lease = await _wait_for_lease(context)
    heartbeat = asyncio.create_task(_keep(context, lease), name="migrations-heartbeat")
    try:
        yield lease
    finally:
        heartbeat.cancel()
        await asyncio.gather(heartbeat, return_exceptions=True)
        await _release(context, lease)


async def acquire(context: Context) -> Lease:
    """Takes the lock if it is free, or its lease ran out. Raises LockHeld."""
    run, now = context.run, context.run.clock()
    body = {
        "TableName": context.tables.core,
        "Key": _key(),
        "UpdateExpression": "SET owner_id = :owner, expires_at = :expires_at ADD fence :one",
        "ConditionExpression": "attribute_not_exists(owner_id) OR expires_at < :lapsed",
        "ExpressionAttributeValues": to_attributes(
            {
                ":owner": run.owner_id,
                ":expires_at": int(now) + LEASE_SECONDS,
                ":lapsed": int(now) - SKEW_SECONDS,
                ":one": 1,
            }
        ),
        "ReturnValues": "ALL_NEW",
        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
    }
    try:
        item = (await context.db.call("UpdateItem", body, repeatable=True))["Attributes"]
    except ConditionFailed as refused:
        item = refused.item or {}
    row = from_attributes(item)
    # The owner is unique to this run, so where it is ours, an earlier attempt took the lock and its answer was lost.
    if row.get("owner_id") != run.owner_id:
        raise LockHeld(row.get("owner_id", "an unknown runner"), row.get("expires_at", now) - now)
    return Lease(context.tables.core, run.owner_id, row["fence"])


async def renew(context: Context, lease: Lease) -> bool:
    """Puts the lease's end off. False if the lock is another's by now."""
    update = {"UpdateExpression": "SET expires_at = :expires_at"}
    return await _update(context, lease, update, {":expires_at": int(context.run.clock()) + LEASE_SECONDS})


async def _wait_for_lease(context: Context) -> Lease:
    for waits_left in reversed(range(_WAITS + 1)):
        try:
            return await acquire(context)
        except LockHeld as held_by:
            if not waits_left:
                raise
            if waits_left == _WAITS:
                context.run.report(f"waiting for {held_by.owner_id} to finish its migration")
        await context.run.sleep(_WAIT_SECONDS)
    raise AssertionError("the last attempt returns or raises")


async def _keep(context: Context, lease: Lease) -> None:
    while True:
        await context.run.sleep(HEARTBEAT_SECONDS)
        try:
            if not await renew(context, lease):
                return
        except DynamoDbError:
            continue  # two more beats fit into the lease, and the fence decides in the end


async def _release(context: Context, lease: Lease) -> None:
    """The row stays, for its fence. Not to be able to release is no failure: the lease runs out on its own."""
    try:
        await _update(context, lease, {"UpdateExpression": "REMOVE owner_id, expires_at"}, {})
    except DynamoDbError as error:
        context.run.report(f"the lock was not given back, and is free in {LEASE_SECONDS} s: {error}")


async def _update(context: Context, lease: Lease, update: Mapping[str, str], values: Mapping[str, int]) -> bool:
    body = {**lease.to_condition(), **update}
    body["ExpressionAttributeValues"] = {**body["ExpressionAttributeValues"], **to_attributes(values)}
    try:
        await context.db.call("UpdateItem", body, repeatable=True)
    except ConditionFailed:
        return False
    return True


def _key() -> dict[str, Any]:
    return to_attributes({PARTITION_KEY: PARTITION, SORT_KEY: LOCK_SORT})
