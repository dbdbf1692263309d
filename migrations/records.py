"""Which steps have begun and which are done: one row for each in the core table, written under the lock's fence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from awswire.attributes import from_attributes, to_attributes
from awswire.dynamodb import DynamoDb, TransactionCanceled
from migrations.errors import LeaseLost
from migrations.lock import PARTITION, Lease
from tenants.tables import PARTITION_KEY, SORT_KEY

_VERSION_PREFIX = "V#"


class State(StrEnum):
    """A step that is RUNNING in no lock's lease was cut off; running it again finishes it."""

    RUNNING = "running"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Record:
    """One step's row. Times are Unix seconds; `checksum` is that of the source that ran."""

    version: str
    state: State
    checksum: str
    app_version: str
    started_at: int
    finished_at: int | None = None


async def read_records(db: DynamoDb, table: str) -> dict[str, Record]:
    """All records by version, as they are now. Raises DynamoDbError."""
    body: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": f"{PARTITION_KEY} = :pk AND begins_with({SORT_KEY}, :prefix)",
        "ExpressionAttributeValues": to_attributes({":pk": PARTITION, ":prefix": _VERSION_PREFIX}),
        "ConsistentRead": True,
    }
    records: dict[str, Record] = {}
    while True:
        answer = await db.call("Query", body, repeatable=True)
        for item in answer["Items"]:
            record = _from_row(from_attributes(item))
            records[record.version] = record
        if "LastEvaluatedKey" not in answer:
            return records
        body["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


async def write_record(db: DynamoDb, lease: Lease, record: Record) -> None:
    """Puts the row, if the lock is still the lease's. Raises LeaseLost if it is not, and DynamoDbError."""
    put = {"TableName": lease.table, "Item": to_attributes(_to_row(record))}
    body = {"TransactItems": [{"ConditionCheck": lease.to_condition()}, {"Put": put}]}
    try:
        await db.call("TransactWriteItems", body, repeatable=True)
    except TransactionCanceled as cancelled:
        if cancelled.reasons and cancelled.reasons[0][0] == "ConditionalCheckFailed":
            raise LeaseLost(
                f"{lease.owner_id} lost the lock to another runner; {record.version} was not recorded as {record.state}"
            ) from cancelled
        raise


def _to_row(record: Record) -> dict[str, str | int]:
    row: dict[str, str | int] = {
        PARTITION_KEY: PARTITION,
        SORT_KEY: _VERSION_PREFIX + record.version,
        "state": record.state.value,
        "checksum": record.checksum,
        "app_version": record.app_version,
        "started_at": record.started_at,
    }
    if record.finished_at is not None:
        row["finished_at"] = record.finished_at
    return row


def _from_row(row: Mapping[str, Any]) -> Record:
    return Record(
        version=row[SORT_KEY].removeprefix(_VERSION_PREFIX),
        state=State(row["state"]),
        checksum=row["checksum"],
        app_version=row["app_version"],
        started_at=row["started_at"],
        finished_at=row.get("finished_at"),
    )
