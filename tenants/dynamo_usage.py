"""UsageBooks on DynamoDB, over the asynchronous client: `tenants/usage_rollup.py` says why the sums are exact."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import Any

from awswire.attributes import from_attributes
from awswire.dynamodb import ConditionFailed, DynamoDb, Throttled, Unavailable
from tenants.day_sums import DaySums
from tenants.dynamo_calls import call_store
from tenants.dynamo_late_marks import mark_late
from tenants.errors import LedgerUnavailable
from tenants.event import UsageEvent
from tenants.event_item import event_from_values
from tenants.event_order import IdRange, Period, counted_at_ms, ids_between
from tenants.late_marks import TenantDay, hour_of
from tenants.tables import SORT_KEY, TableNames, event_partition, usage_day_partition, usage_partition
from tenants.usage_books import DayAnswer, DayQuestion, EventStretch
from tenants.usage_items import (
    Stored,
    day_prefix,
    find_texts,
    marker_from_item,
    store_items,
    texts_of,
)
from tenants.usage_plan import DayPlan, plan_day, to_stretches
from tenants.usage_report import Sums
from tenants.usage_rollup import DayMarker, from_texts, sealed_until_ms

_PAGE_EVENTS = 1_000
_PAGES_BETWEEN_STORES = 20
_ALL_TEXTS = IdRange(" ", "~")


class DynamoUsage:
    """`hold_seconds` is how long a request may take: when an hour is sealed."""

    def __init__(self, client: DynamoDb, tables: TableNames, hold_seconds: float) -> None:
        self._client = client
        self._tables = tables
        self._hold_seconds = hold_seconds

    def complete_until_ms(self, now_ms: int) -> int:
        return sealed_until_ms(now_ms, self._hold_seconds)

    async def sum_day(self, question: DayQuestion) -> DayAnswer:
        plan = plan_day(question.day, question.periods, self.complete_until_ms(question.now_ms))
        reading = _DayReading(self._client, self._tables, TenantDay(question.tenant_id, question.day))
        return DayAnswer(await reading.sum(plan), reading.pages)

    async def read_events(self, stretch: EventStretch) -> AsyncGenerator[UsageEvent, None]:
        partition = event_partition(stretch.tenant_id, stretch.day)
        async with aclosing(_pages(self._client, self._tables, partition, stretch.ids, stretch.page_events)) as pages:
            async for page in pages:
                for values in page:
                    yield event_from_values(values)

    async def mark_late(self, events: Sequence[UsageEvent], now_ms: int) -> None:
        await mark_late(self._client, self._tables, events, now_ms)


class _DayReading:
    """One tenant's day, read once. Counts the pages it reads."""

    def __init__(self, client: DynamoDb, tables: TableNames, place: TenantDay) -> None:
        self._client = client
        self._tables = tables
        self._place = place
        self._pages_when_stored = 0
        self.pages = 0

    async def sum(self, plan: DayPlan) -> tuple[Sums, ...]:
        if not plan.sealed_hours:
            sums = DaySums(self._place.day, plan, ())
            await self._read_events(sums, to_stretches(self._place.day, (), plan.loose), None)
            return sums.periods
        # The marker before the events: a rollup includes no mark that was made after it was read.
        items = await self._read_items(usage_partition(self._place.tenant_id), self._place.marker_and_texts)
        marker = marker_from_item(next((item for item in items if item[SORT_KEY] == self._place.day), {}))
        whole = marker.find_day() if plan.whole else None
        texts = None if whole is None else find_texts(texts_of(items), whole, day_prefix(self._place.day))
        if texts is not None:
            return (from_texts(texts, self._place.tenant_id),)
        return await self._sum_up(plan, marker)

    async def _sum_up(self, plan: DayPlan, marker: DayMarker) -> tuple[Sums, ...]:
        """From the hours' rollups and from events; what was not rolled up is afterwards."""
        rolled_up = await self._read_rollups(marker, plan)
        missing = [hour for hour in plan.sealed_hours if hour not in rolled_up]
        sums = DaySums(self._place.day, plan, missing)
        for hour, lines in rolled_up.items():
            sums.add_hour(hour, lines)
        seen = await self._read_events(sums, to_stretches(self._place.day, missing, plan.loose), marker)
        if seen is not None and (missing or plan.whole):
            await self._store(seen, Stored(sums.take_hours(), sums.periods[0] if plan.whole else None))
        return sums.periods

    async def _read_rollups(self, marker: DayMarker, plan: DayPlan) -> dict[int, Sums]:
        """The sums of hours whose rollups are current."""
        current = {hour: rollup for hour in plan.sealed_hours if (rollup := marker.find_hour(hour)) is not None}
        texts: Mapping[str, str] = {}
        if any(rollup.texts for rollup in current.values()):
            partition = usage_day_partition(self._place.tenant_id, self._place.day)
            texts = texts_of(await self._read_items(partition, _ALL_TEXTS))
        sums: dict[int, Sums] = {}
        for hour, rollup in current.items():
            found = find_texts(texts, rollup)
            if found is not None:
                sums[hour] = from_texts(found, self._place.tenant_id)
        return sums

    async def _read_events(
        self, sums: DaySums, stretches: Sequence[Period], seen: DayMarker | None
    ) -> DayMarker | None:
        """Add the stretches up, storing hours on the way where there is much to read: so a report that is broken off
        leaves less to the next one. Returns the marker as it is now; None where nothing can be stored."""
        partition = event_partition(self._place.tenant_id, self._place.day)
        for stretch in stretches:
            ids = ids_between(stretch, self._place.day)
            async with aclosing(_pages(self._client, self._tables, partition, ids, _PAGE_EVENTS)) as pages:
                async for page in pages:
                    self.pages += 1
                    events = [event_from_values(values) for values in page]
                    for event in events:
                        sums.add_event(event)
                    if seen is not None and events and self._is_storing_due():
                        done = sums.take_hours(hour_of(counted_at_ms(events[-1])))
                        seen = await self._store(seen, Stored(done))
        return seen

    def _is_storing_due(self) -> bool:
        return self.pages - self._pages_when_stored >= _PAGES_BETWEEN_STORES

    async def _read_items(self, partition: str, names: IdRange) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = []
        async with aclosing(_pages(self._client, self._tables, partition, names, None)) as pages:
            async for page in pages:
                self.pages += 1
                items += page
        return items

    async def _store(self, seen: DayMarker, stored: Stored) -> DayMarker | None:
        """Store rollups; the marker then. None, and nothing stored, where somebody else stored some since `seen`."""
        self._pages_when_stored = self.pages
        items, update = store_items(self._place, seen, stored)
        try:
            await self._client.batch_write(self._tables.usage, items)
            await call_store(self._client, "UpdateItem", {"TableName": self._tables.usage, **update})
        except ConditionFailed:
            return None
        except (Unavailable, Throttled) as error:
            raise LedgerUnavailable() from error
        return replace(seen, revision=seen.revision + 1)


async def _pages(
    client: DynamoDb, tables: TableNames, partition: str, names: IdRange, limit: int | None
) -> AsyncGenerator[list[dict[str, Any]], None]:
    """The items of a partition whose sort keys are in a range, page by page. Nothing for a range that is none."""
    if names.first > names.last:
        return
    body: dict[str, Any] = {
        "TableName": tables.usage,
        "KeyConditionExpression": "pk = :pk AND sk BETWEEN :first AND :last",
        "ExpressionAttributeValues": {
            ":pk": {"S": partition},
            ":first": {"S": names.first},
            ":last": {"S": names.last},
        },
        "ConsistentRead": True,
    }
    if limit is not None:
        body["Limit"] = limit
    while True:
        answer = await call_store(client, "Query", body)
        yield [from_attributes(each) for each in answer["Items"]]
        if "LastEvaluatedKey" not in answer:
            return
        body["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
