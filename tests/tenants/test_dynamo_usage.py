"""On each engine: sums over any range are those of the events, whatever their order of arrival and whoever asks."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from random import Random
from typing import Any, cast

import pytest

from awswire.attributes import Attribute
from awswire.dynamodb import DynamoDb
from tenants.dynamo_usage import DynamoUsage
from tenants.errors import LedgerUnavailable
from tenants.event import UsageEvent
from tenants.event_order import DAY_MS, Period, day_period, ids_between
from tenants.periods import day_of
from tenants.usage import TokenCounts
from tenants.usage_books import DayQuestion, EventStretch
from tenants.usage_report import Sums
from tests.engines import ON_ONE_ENGINE
from tests.tenants.faults import Fault
from tests.tenants.samples import DAY, HOLD_SECONDS, NOW_MS, TENANT
from tests.tenants.stores import ATTEMPTS, Store
from tests.tenants.usage_samples import HOUR_MS, a_correction, a_request, random_request, sums_of

WHOLE = day_period(DAY)
DAY_AFTER = day_period("2026-11-21")
LONG_AFTER_MS = NOW_MS + 40 * HOUR_MS


@pytest.fixture
def books(store: Store) -> DynamoUsage:
    return DynamoUsage(store.client, store.tables, HOLD_SECONDS)


async def put(store: Store, events: Sequence[UsageEvent], now_ms: int, books: DynamoUsage | None = None) -> None:
    """As whoever delivers events does: store, then mark what is late."""
    await store.new_ledger().put_events(events)
    await (books or DynamoUsage(store.client, store.tables, HOLD_SECONDS)).mark_late(events, now_ms)


async def day_sums(books: DynamoUsage, now_ms: int, *periods: Period) -> tuple[Sums, ...]:
    asked = periods or (WHOLE,)
    return (await books.sum_day(DayQuestion(TENANT.id, day_of(asked[0].from_ms), asked, now_ms))).sums


async def test_a_day_is_the_sum_of_its_events_and_asking_again_reads_its_rollup_alone(
    store: Store, books: DynamoUsage
) -> None:
    random = Random(4)
    events = [random_request(random, WHOLE, TENANT.id) for _ in range(60)]
    await put(store, events, NOW_MS)
    question = DayQuestion(TENANT.id, DAY, (WHOLE,), LONG_AFTER_MS)
    assert (await books.sum_day(question)).sums == (sums_of(events, WHOLE),)
    store.transport.sent.clear()
    again = await books.sum_day(question)
    assert again.sums == (sums_of(events, WHOLE),)
    assert again.pages == 1
    assert [operation for operation, _ in store.transport.sent] == ["Query"]


async def test_a_day_without_events_is_remembered_as_such(store: Store, books: DynamoUsage) -> None:
    assert await day_sums(books, LONG_AFTER_MS) == ({},)
    store.transport.sent.clear()
    assert await day_sums(books, LONG_AFTER_MS) == ({},)
    assert len(store.transport.sent) == 1


async def test_the_tail_is_read_from_events_and_not_rolled_up(store: Store, books: DynamoUsage) -> None:
    events = [a_request(NOW_MS + minutes * 60_000, TENANT.id) for minutes in (1, 100, 200)]
    await put(store, events, NOW_MS)
    now_ms = NOW_MS + 4 * HOUR_MS
    assert await day_sums(books, now_ms) == (sums_of(events),)
    events.append(a_request(NOW_MS + 210 * 60_000, TENANT.id))
    await put(store, events[-1:], now_ms)
    assert await day_sums(books, now_ms) == (sums_of(events),)


@ON_ONE_ENGINE
@pytest.mark.parametrize("seed", range(4))
async def test_sums_are_those_of_the_events_after_any_arrivals_reports_and_corrections(store: Store, seed: int) -> None:
    random = Random(seed)
    period = Period(WHOLE.from_ms, DAY_AFTER.to_ms)
    arriving = [random_request(random, period, TENANT.id) for _ in range(80)]
    arriving += [a_correction(event, TokenCounts(random.randrange(-9, 9))) for event in random.sample(arriving, 8)]
    random.shuffle(arriving)
    processes = [DynamoUsage(store.client, store.tables, HOLD_SECONDS) for _ in range(2)]
    stored: list[UsageEvent] = []
    now_ms = period.to_ms
    while arriving:
        # Everything arrives after its time; the clock only matters for what is late and what is sealed.
        batch = [arriving.pop() for _ in range(min(len(arriving), random.randrange(1, 20)))]
        now_ms += random.randrange(HOUR_MS)
        day = random.choice([WHOLE, DAY_AFTER])
        await asyncio.gather(
            put(store, batch, now_ms, processes[0]), *(day_sums(each, now_ms, day) for each in processes)
        )
        stored += batch
        asked = ranges(random, day)
        found = await day_sums(random.choice(processes), now_ms, *asked)
        assert found == tuple(sums_of(stored, each) for each in asked)
    for day in (WHOLE, DAY_AFTER):
        assert await day_sums(processes[1], now_ms, day) == (sums_of(stored, day),)


def ranges(random: Random, day: Period) -> tuple[Period, ...]:
    """The whole day, its hours, or a few minutes here and there."""
    if random.random() < 0.4:
        return (day,)
    step_ms = HOUR_MS if random.random() < 0.5 else 60_000
    edges = sorted(random.sample(range(day.from_ms, day.to_ms + 1, step_ms), 6))
    return tuple(Period(a, b) for a, b in itertools.pairwise(edges))


class Interposed:
    """The client, with something else happening just before rollups are stored."""

    def __init__(self, client: DynamoDb, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self._client = client
        self._meanwhile: Callable[[], Awaitable[None]] | None = meanwhile

    async def call(self, operation: str, body: Mapping[str, Any], *, repeatable: bool) -> dict[str, Any]:
        return await self._client.call(operation, body, repeatable=repeatable)

    async def batch_write(self, table: str, puts: Sequence[Mapping[str, Attribute]]) -> None:
        if self._meanwhile is not None:
            meanwhile, self._meanwhile = self._meanwhile, None
            await meanwhile()
        await self._client.batch_write(table, puts)


async def test_an_event_stored_while_its_day_is_rolled_up_is_not_missed(store: Store, books: DynamoUsage) -> None:
    early, late = a_request(NOW_MS + 5, TENANT.id), a_request(NOW_MS + 6, TENANT.id)
    await put(store, [early], NOW_MS)

    async def meanwhile() -> None:
        await put(store, [late], LONG_AFTER_MS)

    client = cast(DynamoDb, Interposed(store.client, meanwhile))
    slow = DynamoUsage(client, store.tables, HOLD_SECONDS)
    assert await day_sums(slow, LONG_AFTER_MS) == (sums_of([early]),)
    assert await day_sums(books, LONG_AFTER_MS) == (sums_of([early, late]),)


async def test_a_slower_process_does_not_replace_newer_sums_by_its_own(store: Store, books: DynamoUsage) -> None:
    early, late = a_request(NOW_MS + 5, TENANT.id), a_request(NOW_MS + 6, TENANT.id)
    await put(store, [early], NOW_MS)

    async def meanwhile() -> None:
        await put(store, [late], LONG_AFTER_MS)
        await day_sums(books, LONG_AFTER_MS)

    slow = DynamoUsage(cast(DynamoDb, Interposed(store.client, meanwhile)), store.tables, HOLD_SECONDS)
    assert await day_sums(slow, LONG_AFTER_MS) == (sums_of([early]),)
    again = await books.sum_day(DayQuestion(TENANT.id, DAY, (WHOLE,), LONG_AFTER_MS))
    assert again.sums == (sums_of([early, late]),)
    assert again.pages == 1


async def test_a_mark_made_meanwhile_leaves_the_other_hours_rolled_up(store: Store, books: DynamoUsage) -> None:
    events = [a_request(NOW_MS + hour * HOUR_MS, TENANT.id) for hour in range(24)]
    late = a_request(NOW_MS + 7 * HOUR_MS + 9, TENANT.id)
    await put(store, events, NOW_MS)

    async def meanwhile() -> None:
        await put(store, [late], LONG_AFTER_MS)

    slow = DynamoUsage(cast(DynamoDb, Interposed(store.client, meanwhile)), store.tables, HOLD_SECONDS)
    await day_sums(slow, LONG_AFTER_MS)
    store.transport.sent.clear()
    assert await day_sums(books, LONG_AFTER_MS) == (sums_of([*events, late]),)
    assert len([body for operation, body in store.transport.sent if operation == "Query" and b'"E#' in body]) == 1


async def test_a_late_event_makes_its_own_hour_be_summed_again_and_no_other(store: Store, books: DynamoUsage) -> None:
    events = [a_request(NOW_MS + hour * HOUR_MS, TENANT.id) for hour in range(24)]
    await put(store, events, NOW_MS)
    await day_sums(books, LONG_AFTER_MS)
    late = a_request(NOW_MS + 7 * HOUR_MS + 9, TENANT.id)
    await put(store, [late], LONG_AFTER_MS)
    store.transport.sent.clear()
    assert await day_sums(books, LONG_AFTER_MS) == (sums_of([*events, late]),)
    read = [body for operation, body in store.transport.sent if operation == "Query" and b'"E#' in body]
    assert len(read) == 1
    hour = ids_between(Period(NOW_MS + 7 * HOUR_MS, NOW_MS + 8 * HOUR_MS), DAY)
    assert hour.first.encode() in read[-1]


async def test_events_of_hours_that_cannot_be_rolled_up_yet_cost_no_write_more(
    store: Store, books: DynamoUsage
) -> None:
    store.transport.sent.clear()
    await books.mark_late([a_request(NOW_MS, TENANT.id)], NOW_MS + HOUR_MS)
    assert store.transport.sent == []
    late = [a_request(NOW_MS + hour * HOUR_MS, TENANT.id) for hour in range(5)]
    await books.mark_late(late, LONG_AFTER_MS)
    assert [operation for operation, _ in store.transport.sent] == ["UpdateItem"]


@pytest.mark.parametrize("fault", [Fault.SILENCE, Fault.ERROR_AFTER, Fault.THROTTLE])
async def test_a_mark_whose_reply_was_lost_may_be_made_twice(store: Store, books: DynamoUsage, fault: Fault) -> None:
    early, late = a_request(NOW_MS + 5, TENANT.id), a_request(NOW_MS + 6, TENANT.id)
    await put(store, [early], NOW_MS)
    await day_sums(books, LONG_AFTER_MS)
    store.transport.plan("UpdateItem", fault)
    await put(store, [late], LONG_AFTER_MS)
    assert await day_sums(books, LONG_AFTER_MS) == (sums_of([early, late]),)


@pytest.mark.parametrize("fault", [Fault.SILENCE, Fault.ERROR_AFTER, Fault.ERROR_BEFORE])
async def test_a_rollup_whose_reply_was_lost_is_right_whether_or_not_it_was_stored(
    store: Store, books: DynamoUsage, fault: Fault
) -> None:
    events = [a_request(NOW_MS + 5, TENANT.id)]
    await put(store, events, NOW_MS)
    store.transport.plan("UpdateItem", fault)
    for _ in range(3):
        assert await day_sums(books, LONG_AFTER_MS) == (sums_of(events),)


@pytest.mark.parametrize("operation", ["Query", "UpdateItem", "BatchWriteItem"])
async def test_a_store_that_is_away_is_said_to_be(store: Store, books: DynamoUsage, operation: str) -> None:
    await put(store, [a_request(NOW_MS + 5, TENANT.id)], NOW_MS)
    store.transport.plan(operation, *[Fault.NOT_SENT] * ATTEMPTS)
    with pytest.raises(LedgerUnavailable):
        await day_sums(books, LONG_AFTER_MS)


async def test_a_long_report_that_breaks_off_leaves_less_for_the_next_one(
    store: Store, books: DynamoUsage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenants.dynamo_usage._PAGE_EVENTS", 2)
    monkeypatch.setattr("tenants.dynamo_usage._PAGES_BETWEEN_STORES", 3)
    events = [a_request(NOW_MS + hour * HOUR_MS + number, TENANT.id) for hour in range(6) for number in range(4)]
    await put(store, events, NOW_MS)
    assert await day_sums(books, LONG_AFTER_MS) == (sums_of(events),)
    stores = [body for operation, body in store.transport.sent if operation == "UpdateItem" and b":new_rv" in body]
    assert len(stores) > 2
    hours = [Period(NOW_MS + hour * HOUR_MS, NOW_MS + (hour + 1) * HOUR_MS) for hour in range(24)]
    assert await day_sums(books, LONG_AFTER_MS, *hours) == tuple(sums_of(events, hour) for hour in hours)
    assert not [body for operation, body in store.transport.sent[-2:] if b'"E#' in body]


async def test_events_are_read_in_order_in_pages_of_the_size_asked_for(store: Store, books: DynamoUsage) -> None:
    events = [a_request(NOW_MS + number, TENANT.id) for number in range(7)]
    await put(store, events, NOW_MS)
    store.transport.sent.clear()
    ids = ids_between(Period(NOW_MS, NOW_MS + DAY_MS), DAY)
    stretch = EventStretch(TENANT.id, DAY, ids, page_events=3)
    assert [event async for event in books.read_events(stretch)] == events
    assert len(store.transport.sent) == 3


async def test_a_range_that_is_none_is_not_asked_for(store: Store, books: DynamoUsage) -> None:
    ids = ids_between(Period(NOW_MS + 2, NOW_MS + 1), DAY)
    assert [event async for event in books.read_events(EventStretch(TENANT.id, DAY, ids, 1))] == []
