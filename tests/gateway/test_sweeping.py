"""Whatever a process leaves behind, and whenever it dies, a sweep finds and finishes; once, however many sweep."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.background_sweep import Sweeping
from gateway.sweeping import Sweeper, Swept
from tenants.active_accounts import HOUR_MS, hour_of
from tenants.delivery import LEFTOVER_GRACE_MS
from tenants.dynamo_ledger import DynamoLedger
from tenants.errors import LedgerUnavailable
from tenants.event import UsageEvent
from tenants.periods import CLOCK_SKEW_SECONDS
from tests.gateway.ledgers import Bench
from tests.tenants.faults import Fault
from tests.tenants.samples import HOLD_SECONDS, KEY, MONTH, NOW_MS, SETTLEMENT, a_hold, asking
from tests.tenants.stores import ATTEMPTS

HOLD_MS = HOLD_SECONDS * 1000
SETTLED_MS = SETTLEMENT.settled_at_ms
DONE_MS = HOUR_MS + CLOCK_SKEW_SECONDS * 1000
counts = st.integers(0, 1_000)
swepts = st.builds(Swept, counts, counts, counts, counts)


async def test_a_killed_process_request_is_charged_at_its_bound_once_its_hold_expires(bench: Bench) -> None:
    hold = await bench.reserve("req_killed")
    sweeper = bench.new_sweeper()
    bench.clock.now_ms = NOW_MS + HOLD_MS - 1_000
    assert await sweeper.sweep() == Swept(accounts=1)
    bench.clock.now_ms = NOW_MS + HOLD_MS
    assert await sweeper.sweep() == Swept(accounts=1, abandoned=1)
    (event,) = await bench.list_events()
    assert event == hold.abandon(bench.clock.now_ms)
    account = await bench.store.get_account()
    assert (account.in_flight, dict(account.outbox), account.committed_tokens) == (0, {}, hold.bound.tokens)


async def test_an_event_that_its_process_did_not_deliver_is_delivered(bench: Bench) -> None:
    event = await bench.serve("req_1", SETTLEMENT, deliver=False)
    sweeper = bench.new_sweeper()
    bench.clock.now_ms = SETTLED_MS + LEFTOVER_GRACE_MS - 1
    assert await sweeper.sweep() == Swept(accounts=1)
    assert await bench.list_events() == ()
    bench.clock.now_ms += 1
    assert await sweeper.sweep() == Swept(accounts=1, delivered=1)
    assert await bench.list_events() == (event,)
    assert (await bench.store.get_account()).outbox == {}


async def test_an_entry_that_was_delivered_is_removed_and_not_counted(bench: Bench) -> None:
    await bench.serve("req_1", SETTLEMENT)
    bench.clock.now_ms = SETTLED_MS + LEFTOVER_GRACE_MS
    assert await bench.new_sweeper().sweep() == Swept(accounts=1)
    assert (await bench.store.get_account()).outbox == {}


async def test_what_follows_a_put_is_done_for_an_event_whose_process_died_in_between(bench: Bench) -> None:
    event = await bench.serve("req_1", SETTLEMENT)
    marked: list[UsageEvent] = []

    async def mark_late(events: Sequence[UsageEvent]) -> None:
        marked.extend(events)

    bench.ledger = DynamoLedger(bench.store.client, bench.store.tables, bench.store.monotonic, mark_late)
    bench.clock.now_ms = SETTLED_MS + LEFTOVER_GRACE_MS
    assert (await bench.new_sweeper().sweep()).delivered == 0
    assert marked == [event]


async def test_after_any_downtime_a_sweep_goes_on_where_the_last_one_ended(bench: Bench) -> None:
    assert await bench.new_sweeper().sweep() == Swept()
    through = await bench.record.find_through()
    assert through == hour_of(NOW_MS - HOUR_MS - CLOCK_SKEW_SECONDS * 1000)
    await bench.reserve("req_1")
    bench.clock.now_ms = NOW_MS + 3 * 24 * HOUR_MS
    assert (await bench.new_sweeper().sweep()).abandoned == 1
    assert await bench.record.find_through() == hour_of(bench.clock.now_ms - DONE_MS)


async def test_an_hour_is_not_done_with_while_a_request_that_began_in_it_is_held(bench: Bench) -> None:
    # The life of a hold is its own: this one is longer than any setting that the sweeper could know.
    hold, demand = asking(replace(a_hold("req_long"), expires_at=(NOW_MS + 5 * HOUR_MS) // 1000))
    await bench.active.note(KEY.id, MONTH, NOW_MS)
    await bench.ledger.reserve(bench.fence, hold, demand)
    bench.clock.now_ms = NOW_MS + 4 * HOUR_MS
    await bench.new_sweeper().sweep()
    assert await bench.record.find_through() == hour_of(NOW_MS - HOUR_MS)
    bench.clock.now_ms = NOW_MS + 5 * HOUR_MS
    assert (await bench.new_sweeper().sweep()).abandoned == 1
    assert await bench.record.find_through() == hour_of(bench.clock.now_ms - DONE_MS)


async def test_processes_that_sweep_at_once_charge_and_deliver_everything_once(bench: Bench) -> None:
    for number in range(10):
        await bench.reserve(f"req_held_{number}")
        await bench.serve(f"req_kept_{number}", SETTLEMENT, deliver=False)
    bench.clock.now_ms = NOW_MS + HOLD_MS
    await asyncio.gather(*(bench.new_sweeper().sweep() for _ in range(3)))
    events = await bench.list_events()
    assert Counter(each.settlement.status.value for each in events) == {"abandoned": 10, "ok": 10}
    assert len({each.call.request_id for each in events}) == 20
    account = await bench.store.get_account()
    total = sum(each.settlement.tokens.total_tokens for each in events)
    assert (account.committed_tokens, account.in_flight) == (total, 0)


async def test_an_account_that_cannot_be_read_keeps_its_hour_open_and_is_read_the_next_time(bench: Bench) -> None:
    await bench.reserve("req_1")
    bench.clock.now_ms = NOW_MS + DONE_MS
    sweeper = bench.new_sweeper()
    await bench.record.finish_hour(hour_of(NOW_MS - HOUR_MS))
    bench.store.transport.plan("UpdateItem", *[Fault.NOT_SENT] * ATTEMPTS)
    assert await sweeper.sweep() == Swept(failed=1)
    assert await bench.record.find_through() == hour_of(NOW_MS - HOUR_MS)
    assert (await sweeper.sweep()).abandoned == 1
    assert await bench.record.find_through() == hour_of(NOW_MS)


async def test_an_account_on_which_nothing_is_due_is_seldom_read(bench: Bench) -> None:
    await bench.reserve("req_1")
    sweeper = bench.new_sweeper()
    assert await sweeper.sweep() == Swept(accounts=1)
    bench.clock.now_ms += 60_000
    assert await sweeper.sweep() == Swept(accounts=0)
    bench.clock.now_ms += 5 * 60_000
    assert await sweeper.sweep() == Swept(accounts=1)


async def test_hours_that_are_named_are_looked_through_again(bench: Bench) -> None:
    await bench.reserve("req_1")
    await bench.record.finish_hour(hour_of(NOW_MS))
    bench.clock.now_ms = NOW_MS + HOLD_MS
    sweeper = bench.new_sweeper()
    assert await sweeper.sweep() == Swept()
    assert await sweeper.sweep_hours([hour_of(NOW_MS)]) == Swept(accounts=1, abandoned=1)


@given(swepts, swepts)
def test_sweeps_add_up(one: Swept, other: Swept) -> None:
    assert (one + other).accounts == one.accounts + other.accounts
    assert (one + other).failed == one.failed + other.failed


class ScriptedSweeper:
    """Ends each sweep as scripted, and says when the script is at its end."""

    def __init__(self, *endings: Swept | Exception | None) -> None:
        self.endings = list(endings)
        self.intervals: list[int] = []
        self.ended = asyncio.Event()

    async def sweep_in_turn(self, interval_ms: int) -> Swept | None:
        self.intervals.append(interval_ms)
        if not self.endings:
            self.ended.set()
            await asyncio.Event().wait()
        ending = self.endings.pop(0)
        if isinstance(ending, Exception):
            raise ending
        return ending


async def test_the_background_sweep_goes_on_after_every_failure_and_says_what_it_found(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    scripted = ScriptedSweeper(LedgerUnavailable(), ValueError("a bug"), None, Swept(9, abandoned=2))
    sweeping = Sweeping(scripted, 60.0, lambda: 0.25, sleep)  # type: ignore[arg-type]  # it asks for no more of it
    sweeping.start()
    await asyncio.wait_for(scripted.ended.wait(), 10)
    await sweeping.close()
    assert set(pauses) == {45.0}
    assert set(scripted.intervals) == {54_000}
    said = [record.getMessage() for record in caplog.records]
    assert [text for text in said if "sweep finished" in text] == ["the sweep finished what others left"]


async def test_an_interval_of_0_sweeps_nothing() -> None:
    scripted = ScriptedSweeper()
    sweeping = Sweeping(scripted, 0.0, lambda: 0.5)  # type: ignore[arg-type]  # it is not asked at all
    sweeping.start()
    await sweeping.close()
    assert scripted.intervals == []


async def test_a_turn_is_taken_by_one_process(bench: Bench) -> None:
    sweepers: list[Sweeper] = [bench.new_sweeper() for _ in range(3)]
    turns = await asyncio.gather(*(each.sweep_in_turn(60_000) for each in sweepers))
    assert [each is None for each in turns].count(False) == 1
