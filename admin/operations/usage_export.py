"""The export of usage: every event of a range, in order of request ids, so that the last one read is the cursor."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass

from admin.control_plane import ControlPlane
from admin.operations.usage import earliest_use_ms, existed_by, list_projects_of
from tenants.event import UsageEvent
from tenants.event_order import (
    DAY_MS,
    Period,
    counted_at_ms,
    day_period,
    ids_made_between,
    made_at_ms,
)
from tenants.periods import day_of
from tenants.tenant import Tenant
from tenants.usage_books import EventStretch, UsageBooks

_EVENTS_IN_MEMORY = 20_000
_LARGEST_PAGE_EVENTS = 500
_OPENED_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class ExportQuestion:
    """Events that count in `period`, past the one with the request id `after`. `project_ids` None: all projects;
    `user_id` None: all users."""

    period: Period
    project_ids: frozenset[str] | None = None
    after: str | None = None
    user_id: str | None = None

    def includes(self, event: UsageEvent) -> bool:
        """Of an event of its projects, past `after`."""
        in_period = self.period.from_ms <= counted_at_ms(event) < self.period.to_ms
        return in_period and self.user_id in (None, event.call.user_id)


async def export_usage(
    control: ControlPlane, books: UsageBooks, question: ExportQuestion
) -> AsyncGenerator[UsageEvent, None]:
    """The events in order of their ids, each once; at most some 20,000 are in memory at a time.

    Raises LedgerUnavailable, in the middle, too.
    """
    tenants = await list_projects_of(control, question.project_ids)
    now_ms = control.clock_ms()
    used_from_ms = min(map(earliest_use_ms, tenants), default=now_ms)
    for made_on in _days_of_making(question, used_from_ms, now_ms):
        stretches = [
            stretch
            for tenant in tenants
            if existed_by(tenant, day_period(made_on))
            for stretch in _stretches(tenant, made_on, question)
        ]
        async with aclosing(_merge(books, _sized(stretches))) as events:
            async for event in events:
                if question.includes(event):
                    yield event


def _days_of_making(question: ExportQuestion, used_from_ms: int, now_ms: int) -> Iterator[str]:
    """On which days the ids of the events were made: a neighbouring day, where the partition's begins or ends. Without
    those before anything was used, and those to come: clocks differ by less than a day."""
    end_ms = min(question.period.to_ms, now_ms + DAY_MS)
    begin_ms = max(question.period.from_ms, used_from_ms) - DAY_MS
    if question.after is not None:
        begin_ms = max(begin_ms, made_at_ms(question.after))
    for number in range(max(begin_ms, 0) // DAY_MS, (end_ms - 1) // DAY_MS + 2):
        yield day_of(number * DAY_MS)


def _stretches(tenant: Tenant, made_on: str, question: ExportQuestion) -> Iterator[EventStretch]:
    """Where a project's events of the range are whose ids were made on a day."""
    made = day_period(made_on)
    for partition_ms in (made.from_ms - DAY_MS, made.from_ms, made.from_ms + DAY_MS):
        partition = Period(partition_ms, partition_ms + DAY_MS)
        if partition.overlap(question.period).empty:
            continue
        # In another day's partition an event counts at that day's edge: its id does not tell whether it is in range.
        ids_made = made.overlap(question.period) if partition == made else made
        ids = ids_made_between(ids_made, question.after)
        yield EventStretch(tenant.id, day_of(partition_ms), ids, _LARGEST_PAGE_EVENTS)


def _sized(stretches: Sequence[EventStretch]) -> list[EventStretch]:
    """With pages so small that one of each is not too much."""
    page_events = max(1, min(_LARGEST_PAGE_EVENTS, _EVENTS_IN_MEMORY // max(1, len(stretches))))
    return [EventStretch(each.tenant_id, each.day, each.ids, page_events) for each in stretches]


async def _merge(books: UsageBooks, stretches: Sequence[EventStretch]) -> AsyncGenerator[UsageEvent, None]:
    """The events of all stretches, in order."""
    async with AsyncExitStack() as stack:
        sources = [await stack.enter_async_context(aclosing(books.read_events(each))) for each in stretches]
        heads: list[tuple[str, int, UsageEvent]] = []
        for first in range(0, len(sources), _OPENED_AT_ONCE):
            opened = sources[first : first + _OPENED_AT_ONCE]
            found = await asyncio.gather(*(anext(source, None) for source in opened))
            heads += [
                (event.call.request_id, first + index, event) for index, event in enumerate(found) if event is not None
            ]
        heapq.heapify(heads)
        while heads:
            _, index, event = heads[0]
            yield event
            following = await anext(sources[index], None)
            if following is None:
                heapq.heappop(heads)
            else:
                heapq.heapreplace(heads, (following.call.request_id, index, following))
