"""Late marks on DynamoDB: of those who store events, and sum up none."""

from __future__ import annotations

from collections.abc import Sequence

from awswire.dynamodb import DynamoDb
from tenants.dynamo_calls import call_store
from tenants.event import UsageEvent
from tenants.late_marks import is_late, late_marks, mark_update
from tenants.tables import TableNames


async def mark_late(client: DynamoDb, tables: TableNames, events: Sequence[UsageEvent], now_ms: int) -> None:
    """Mark those of the events, which were just stored, that are late. Raises LedgerUnavailable."""
    late = [event for event in events if is_late(event, now_ms)]
    for place, hours in late_marks(late).items():
        await call_store(client, "UpdateItem", {"TableName": tables.usage, **mark_update(place, hours)})
