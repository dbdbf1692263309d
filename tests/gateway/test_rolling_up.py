"""What is rolled up ahead is what a report would have made, of whoever had requests, and read from no table whole."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from gateway.request_ids import RequestIds
from gateway.rolling_up import RolledUp, RollingUp
from tenants.active_accounts import HOUR_MS
from tenants.dynamo_usage import DynamoUsage
from tenants.errors import LedgerUnavailable
from tenants.event_order import DAY_MS, day_period
from tenants.usage_books import DayAnswer, DayQuestion, UsageBooks
from tests.gateway.ledgers import Bench
from tests.tenants.faults import Fault
from tests.tenants.samples import DAY, HOLD_SECONDS, NOW_MS, SETTLEMENT, TENANT
from tests.tenants.stores import ATTEMPTS

WHOLE = day_period(DAY)
CLOSED_MS = WHOLE.to_ms + 2 * HOUR_MS


def books_of(bench: Bench) -> DynamoUsage:
    return DynamoUsage(bench.store.client, bench.store.tables, HOLD_SECONDS)


def rolling_up(bench: Bench, books: UsageBooks | None = None) -> RollingUp:
    return RollingUp(bench.ledger, bench.active, books or books_of(bench), HOLD_SECONDS, bench.clock)


async def whole_day(bench: Bench) -> DayAnswer:
    return await books_of(bench).sum_day(DayQuestion(TENANT.id, DAY, (WHOLE,), bench.clock.now_ms))


async def test_a_report_after_it_reads_sums_and_no_events(bench: Bench) -> None:
    for number in range(3):
        await bench.serve(f"req_{number}", SETTLEMENT)
    bench.clock.now_ms = CLOSED_MS
    rolled_up = await rolling_up(bench).roll_up()
    assert (rolled_up.days, rolled_up.failed) == (1, 0)
    answer = await whole_day(bench)
    assert answer.pages == 1
    assert sum(count.requests for count in answer.sums[0].values()) == 3


async def test_a_second_time_it_reads_a_page_a_day_and_changes_nothing(bench: Bench) -> None:
    await bench.serve("req_1", SETTLEMENT)
    bench.clock.now_ms = CLOSED_MS
    await rolling_up(bench).roll_up()
    first = (await whole_day(bench)).sums
    assert await rolling_up(bench).roll_up() == RolledUp(days=1, pages=1)
    assert (await whole_day(bench)).sums == first


async def test_of_a_day_that_lasts_the_closed_hours_are_rolled_up(bench: Bench) -> None:
    ids = RequestIds(bench.clock, os.urandom)
    await bench.serve(ids.new(), SETTLEMENT)
    bench.clock.now_ms = NOW_MS + 4 * HOUR_MS
    assert (await rolling_up(bench).roll_up()).days == 1
    await bench.serve(ids.new(), replace(SETTLEMENT, settled_at_ms=bench.clock.now_ms + 1_000))
    bench.clock.now_ms = CLOSED_MS
    assert sum(count.requests for count in (await whole_day(bench)).sums[0].values()) == 2


async def test_what_is_not_closed_yet_is_let_be(bench: Bench) -> None:
    await bench.serve("req_1", SETTLEMENT)
    assert await rolling_up(bench).roll_up() == RolledUp()


async def test_a_request_at_a_days_end_has_both_days_rolled_up(bench: Bench) -> None:
    bench.clock.now_ms = WHOLE.to_ms - 1_000
    await bench.serve("req_1", replace(SETTLEMENT, settled_at_ms=WHOLE.to_ms + 1_000))
    bench.clock.now_ms = CLOSED_MS + DAY_MS
    assert (await rolling_up(bench).roll_up()).days == 2


async def test_no_table_is_scanned_and_nobody_without_requests_is_looked_at(bench: Bench) -> None:
    bench.clock.now_ms = CLOSED_MS
    bench.store.transport.sent.clear()
    assert await rolling_up(bench).roll_up(24) == RolledUp()
    assert {operation for operation, _ in bench.store.transport.sent} == {"Query"}
    assert len(bench.store.transport.sent) == 25


async def test_what_cannot_be_read_is_counted_and_stops_nothing_else(bench: Bench) -> None:
    class Away(DynamoUsage):
        async def sum_day(self, question: DayQuestion) -> DayAnswer:
            raise LedgerUnavailable()

    await bench.serve("req_1", SETTLEMENT)
    bench.clock.now_ms = CLOSED_MS
    away = Away(bench.store.client, bench.store.tables, HOLD_SECONDS)
    assert await rolling_up(bench, away).roll_up() == RolledUp(failed=1)
    assert (await rolling_up(bench).roll_up()).days == 1


async def test_an_account_that_cannot_be_read_is_counted(bench: Bench) -> None:
    await bench.serve("req_1", SETTLEMENT)
    bench.clock.now_ms = CLOSED_MS
    bench.store.transport.plan("GetItem", *[Fault.NOT_SENT] * ATTEMPTS)
    assert await rolling_up(bench).roll_up() == RolledUp(failed=1)


async def test_lists_that_cannot_be_read_are_told(bench: Bench) -> None:
    bench.store.transport.plan("Query", *[Fault.NOT_SENT] * ATTEMPTS)
    with pytest.raises(LedgerUnavailable):
        await rolling_up(bench).roll_up()
