"""The record of alerts that were reached, on DynamoDB: `tenants/reached_alerts.py` says what is in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from awswire.dynamodb import ConditionFailed, DynamoDb, TransactionCanceled
from tenants.account_item import Item
from tenants.dynamo_calls import call_store
from tenants.errors import LedgerUnavailable
from tenants.reached_alerts import (
    Crossing,
    UntoldAlert,
    crossing_from_mark,
    mark_prefix,
    raise_transaction,
    turn_update,
    untold_from_item,
)
from tenants.tables import PARTITION_KEY, SORT_KEY, UNTOLD_PARTITION, TableNames, alert_partition


class ReachedAlerts:
    """Reads are strongly consistent. Every method raises LedgerUnavailable."""

    def __init__(self, client: DynamoDb, tables: TableNames) -> None:
        self._client = client
        self._tables = tables

    async def list_reached(self, tenant_id: str, period: str) -> set[Crossing]:
        """What was reached already in a day (`2026-11-20`) or a month (`2026-11`)."""
        return {crossing_from_mark(item) async for item in self._query(alert_partition(tenant_id), mark_prefix(period))}

    async def note(self, untold: UntoldAlert) -> bool:
        """Note that a threshold was reached; then it is the caller's turn to tell. False where it was noted before: by
        another process, or by an attempt of this one whose reply was lost, so that the next turn is somebody's."""
        try:
            await call_store(self._client, "TransactWriteItems", raise_transaction(self._tables, untold))
        except TransactionCanceled as cancelled:
            if any(code == "ConditionalCheckFailed" for code, _ in cancelled.reasons):
                return False
            raise LedgerUnavailable() from cancelled
        return True

    async def list_untold(self) -> list[UntoldAlert]:
        """Of all tenants."""
        return [untold_from_item(item) async for item in self._query(UNTOLD_PARTITION, "")]

    async def take_turn(self, untold: UntoldAlert, now_ms: int) -> bool:
        """Whether it is the caller's turn now to tell of it."""
        try:
            await call_store(self._client, "UpdateItem", turn_update(self._tables, untold, now_ms))
        except ConditionFailed:
            return False
        return True

    async def remove(self, crossing: Crossing) -> None:
        """Somebody was told."""
        body = {"TableName": self._tables.usage, "Key": crossing.untold_key}
        await call_store(self._client, "DeleteItem", body)

    async def _query(self, partition: str, sort_prefix: str) -> AsyncIterator[Item]:
        body: dict[str, Any] = {
            "TableName": self._tables.usage,
            "KeyConditionExpression": f"{PARTITION_KEY} = :partition",
            "ExpressionAttributeValues": {":partition": {"S": partition}},
            "ConsistentRead": True,
        }
        if sort_prefix:  # DynamoDB takes no empty value of a key
            body["KeyConditionExpression"] += f" AND begins_with({SORT_KEY}, :prefix)"
            body["ExpressionAttributeValues"][":prefix"] = {"S": sort_prefix}
        while True:
            answer = await call_store(self._client, "Query", body)
            for item in answer["Items"]:
                yield item
            if "LastEvaluatedKey" not in answer:
                return
            body["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
