"""AuditBooks on DynamoDB, over the asynchronous client."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from awswire.attributes import from_attributes, to_attributes
from awswire.dynamodb import DynamoDb
from tenants.audit import AuditEvent
from tenants.audit_books import AuditSlice, AuditStretch
from tenants.audit_order import AuditRange
from tenants.audit_rows import audit_from_row
from tenants.dynamo_calls import call_store
from tenants.errors import LedgerUnavailable
from tenants.tables import TableNames, tenant_audit_partition

logger = logging.getLogger("sluice.audit")

_MOST_BATCH_GETS = 100
_BATCH_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class _Items:
    """A page of the store."""

    rows: list[dict[str, Any]]
    has_more: bool


class DynamoAuditBooks:
    def __init__(self, client: DynamoDb, tables: TableNames) -> None:
        self._client = client
        self._table = tables.audit

    async def read(self, stretch: AuditStretch) -> AuditSlice:
        if stretch.tenant_ids is None:
            items = await self._first_items(stretch.month, stretch)
            rows, exhausted = items.rows, not items.has_more
        else:
            ids, exhausted = await self._first_ids(stretch)
            rows = await self._get_entries(stretch.month, ids)
        return AuditSlice(tuple(_to_events(rows)), exhausted)

    async def read_rows(self, month: str, ids: AuditRange) -> AsyncGenerator[Mapping[str, Any], None]:
        async for row in self._all(month, ids):
            yield row

    async def read_pointers(self, tenant_id: str, month: str, ids: AuditRange) -> AsyncGenerator[str, None]:
        async for row in self._all(tenant_audit_partition(tenant_id, month), ids):
            yield row["sk"]

    async def _all(self, partition: str, ids: AuditRange) -> AsyncGenerator[dict[str, Any], None]:
        query = _to_query(self._table, partition, ids)
        while True:
            answer = await call_store(self._client, "Query", query)
            for item in answer["Items"]:
                yield _to_row(item)
            if "LastEvaluatedKey" not in answer:
                return
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    async def _first_items(self, partition: str, stretch: AuditStretch) -> _Items:
        query = _to_query(self._table, partition, stretch.range)
        query |= {"Limit": stretch.limit, "ScanIndexForward": not stretch.newest_first}
        answer = await call_store(self._client, "Query", query)
        return _Items([_to_row(item) for item in answer["Items"]], "LastEvaluatedKey" in answer)

    async def _first_ids(self, stretch: AuditStretch) -> tuple[list[str], bool]:
        """Of the tenants together. Each list is as long as their union may be: what is cut off is none of the first."""
        partitions = [tenant_audit_partition(each, stretch.month) for each in stretch.tenant_ids or ()]
        found = await asyncio.gather(*(self._first_items(each, stretch) for each in partitions))
        ids = sorted((row["sk"] for items in found for row in items.rows), reverse=stretch.newest_first)
        return ids[: stretch.limit], len(ids) <= stretch.limit and not any(items.has_more for items in found)

    async def _get_entries(self, month: str, ids: Sequence[str]) -> list[dict[str, Any]]:
        """In the order of `ids`. One that is gone is left out."""
        found: dict[str, dict[str, Any]] = {}
        for first in range(0, len(ids), _MOST_BATCH_GETS):
            keys = [to_attributes({"pk": month, "sk": each}) for each in ids[first : first + _MOST_BATCH_GETS]]
            for row in await self._batch_get(keys):
                found[row["sk"]] = row
        return [found[each] for each in ids if each in found]

    async def _batch_get(self, keys: list[dict[str, Any]]) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        left: dict[str, Any] = {self._table: {"Keys": keys, "ConsistentRead": True}}
        for _ in range(_BATCH_ATTEMPTS):
            answer = await call_store(self._client, "BatchGetItem", {"RequestItems": left})
            rows += [_to_row(item) for item in answer["Responses"].get(self._table, ())]
            left = answer.get("UnprocessedKeys") or {}
            if not left:
                return rows
        raise LedgerUnavailable()


def _to_row(item: Mapping[str, Any]) -> dict[str, Any]:
    """Where it holds what is never written here, its key alone."""
    try:
        return from_attributes(item)
    except (TypeError, ValueError):
        return from_attributes({"pk": item["pk"], "sk": item["sk"]})


def _to_events(rows: Sequence[Mapping[str, Any]]) -> Iterator[AuditEvent]:
    """Without those that were tampered with beyond reading: the log names them, and so does `sluice audit verify`."""
    for row in rows:
        try:
            yield audit_from_row(row)
        except (KeyError, TypeError, ValueError):
            logger.exception("an audit entry cannot be read", extra={"audit_id": row["sk"]})


def _to_query(table: str, partition: str, ids: AuditRange) -> dict[str, Any]:
    first, last = ids.bounds
    return {
        "TableName": table,
        "KeyConditionExpression": "pk = :p AND sk BETWEEN :a AND :b",
        "ExpressionAttributeValues": to_attributes({":p": partition, ":a": first, ":b": last}),
        "ConsistentRead": True,
    }
