"""Endings of holds: what waits for the store, what is given back, what a shutdown waits for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from gateway.alerts import Alerts
from gateway.costing import NO_COSTING
from gateway.metrics import Metrics
from gateway.open_hold import Taken
from gateway.settling import Settling
from gateway.webhooks import Message
from tenants.account import Account, Hold
from tenants.demand import Demand
from tenants.errors import LedgerUnavailable
from tenants.event import Call, Operation, Settlement, UsageStatus
from tenants.limits import Currency, Interval, SpendAlert
from tenants.usage import NO_TOKENS, TokenCounts
from tenants.window import window_of
from tests.gateway.fakes import BOUND, NOW_MS, FakeLedger, FakeReader, until
from tests.tenants import samples
from tests.tenants.stores import open_ground, open_store

USED = TokenCounts(11, 7)
ALERT = SpendAlert("alert_1", Interval.MONTH, Currency.TOKENS, USED.total_tokens)
SOFT = Demand(window_of(NOW_MS), "m")


def a_hold(ledger: FakeLedger, number: int = 1) -> Hold:
    """A hold that stands on the ledger."""
    call = Call(f"req_{number:016}", "key_1", "proj_1", "user_1", Operation.CHAT, "m", "m", NOW_MS)
    hold = ledger.holds[call.request_id] = Hold(call, BOUND, NOW_MS // 1000 + 1800)
    return hold


class Watching:
    """A Watch that keeps what it was told, or fails."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.seen: list[tuple[Sequence[SpendAlert], Settlement, int]] = []
        self._failure = failure

    def __call__(self, alerts: Sequence[SpendAlert], hold: Hold, settlement: Settlement, account: Account) -> None:
        self.seen.append((alerts, settlement, account.committed_tokens))
        if self._failure is not None:
            raise self._failure


class Pauses:
    """A sleep that takes no time, and what it was asked for."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


async def test_a_shutdown_waits_for_requests_that_settle_later() -> None:
    ledger = FakeLedger(FakeReader())
    settling = Settling(ledger, lambda: NOW_MS)
    hold = settling.open(Taken(a_hold(ledger)))
    closing = asyncio.create_task(settling.close(grace_seconds=5))
    await asyncio.sleep(0)
    assert not closing.done()
    await hold.settle(UsageStatus.OK, USED)
    await closing
    assert [each.settlement.tokens for each in ledger.settled] == [USED]


async def test_a_settle_that_waits_for_the_store_is_waited_for_at_shutdown() -> None:
    ledger, pauses = FakeLedger(FakeReader()), Pauses()
    settling = Settling(ledger, lambda: NOW_MS, sleep=pauses)
    hold = a_hold(ledger)
    ledger.failures["settle"] = [LedgerUnavailable()] * 3
    await settling.open(Taken(hold)).settle(UsageStatus.OK, USED)
    await settling.close(grace_seconds=5)
    assert [each.settlement.tokens for each in ledger.settled] == [USED]
    assert pauses.seconds == [2.0, 4.0, 8.0]


async def test_only_one_attempt_at_a_time_is_made_however_much_waits() -> None:
    ledger, pauses = FakeLedger(FakeReader()), Pauses()
    settling = Settling(ledger, lambda: NOW_MS, sleep=pauses)
    ledger.failures["settle"] = [LedgerUnavailable()] * 4
    for number in range(50):
        settling.give_back(a_hold(ledger, number))
    await until(lambda: len(pauses.seconds) >= 4)
    assert ledger.calls.count("settle") <= len(pauses.seconds)
    await settling.close(grace_seconds=5)
    assert ledger.holds == {}


async def test_what_may_not_have_been_taken_is_given_back_without_tokens() -> None:
    ledger = FakeLedger(FakeReader())
    settling = Settling(ledger, lambda: NOW_MS, sleep=Pauses())
    settling.give_back(a_hold(ledger))
    await settling.close(grace_seconds=5)
    assert ledger.holds == {}
    assert [each.settlement.tokens for each in ledger.settled] == [NO_TOKENS]


async def test_a_settle_is_tried_no_longer_than_its_hold_lives() -> None:
    ledger, now_ms = FakeLedger(FakeReader()), [NOW_MS]
    hold = a_hold(ledger)

    async def sleep_past_the_hold(_: float) -> None:
        now_ms[0] = hold.expires_at * 1000

    settling = Settling(ledger, lambda: now_ms[0], sleep=sleep_past_the_hold)
    ledger.failures["settle"] = [LedgerUnavailable()]
    await settling.open(Taken(hold)).settle(UsageStatus.OK, USED)
    await settling.close(grace_seconds=5)
    assert ledger.calls.count("settle") == 1


async def test_whoever_settles_second_waits_until_the_first_settle_is_durable() -> None:
    ledger = FakeLedger(FakeReader())
    hold = Settling(ledger, lambda: NOW_MS).open(Taken(a_hold(ledger)))
    ledger.gates["settle"] = asyncio.Event()
    first = asyncio.create_task(hold.settle(UsageStatus.OK, USED))
    await until(lambda: "settle" in ledger.calls)
    second = asyncio.create_task(hold.settle(UsageStatus.ESTIMATED, NO_TOKENS))
    await asyncio.sleep(0)
    assert not second.done()
    ledger.gates["settle"].set()
    await asyncio.gather(first, second)
    assert [each.settlement.tokens for each in ledger.settled] == [USED]


async def test_a_count_over_the_bound_is_charged_in_full_and_told_to_the_operator(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ledger = FakeLedger(FakeReader())
    over = TokenCounts(BOUND.input_tokens + 1, 7)
    await Settling(ledger, lambda: NOW_MS).open(Taken(a_hold(ledger))).settle(UsageStatus.OK, over)
    assert [each.settlement.tokens for each in ledger.settled] == [over]
    assert "more than it was bound to" in caplog.text


async def test_the_event_names_the_model_that_answered() -> None:
    ledger = FakeLedger(FakeReader())
    hold = Settling(ledger, lambda: NOW_MS).open(Taken(a_hold(ledger)))
    hold.served_by("amazon.nova-pro-v1:0", NO_COSTING)
    await hold.settle(UsageStatus.OK, USED)
    assert [(each.call.model, each.call.bedrock_model) for each in ledger.settled] == [("m", "amazon.nova-pro-v1:0")]


@pytest.mark.parametrize("soft", [None, SOFT], ids=["held", "soft"])
@pytest.mark.parametrize("outages", [0, 3])
async def test_a_settle_of_a_key_with_alerts_is_watched_once_it_is_done(soft: Demand | None, outages: int) -> None:
    ledger, watching = FakeLedger(FakeReader()), Watching()
    settling = Settling(ledger, lambda: NOW_MS, sleep=Pauses(), watch=watching)
    ledger.failures["settle" if soft is None else "settle_soft"] = [LedgerUnavailable()] * outages
    await settling.open(Taken(a_hold(ledger), soft=soft, alerts=(ALERT,))).settle(UsageStatus.OK, USED)
    await settling.close(grace_seconds=5)
    assert watching.seen == [((ALERT,), ledger.settled[0].settlement, USED.total_tokens)]


async def test_nothing_is_watched_without_alerts_or_where_somebody_else_settled() -> None:
    ledger, watching = FakeLedger(FakeReader()), Watching()
    settling = Settling(ledger, lambda: NOW_MS, watch=watching)
    await settling.open(Taken(a_hold(ledger))).settle(UsageStatus.OK, USED)
    gone = Taken(a_hold(ledger, 2), alerts=(ALERT,))
    ledger.holds.clear()
    await settling.open(gone).settle(UsageStatus.OK, USED)
    assert watching.seen == []


async def test_a_watch_that_fails_harms_no_settle_and_is_told_to_the_operator(caplog: pytest.LogCaptureFixture) -> None:
    ledger, watching = FakeLedger(FakeReader()), Watching(ValueError("broken"))
    settling = Settling(ledger, lambda: NOW_MS, watch=watching)
    settling.start()
    await settling.open(Taken(a_hold(ledger), alerts=(ALERT,))).settle(UsageStatus.OK, USED)
    await settling.close(grace_seconds=5)
    assert (len(watching.seen), len(ledger.events)) == (1, 1)
    assert "alerts could not be looked at" in caplog.text


async def test_of_two_processes_that_settle_a_keys_requests_at_once_one_tells_each_alert(
    dynoxide_endpoint: str,
) -> None:
    ground = await open_ground(dynoxide_endpoint)
    told: list[Message] = []
    metrics = Metrics("7", lambda: NOW_MS)
    alerts = Alerts(metrics, told.append, lambda: NOW_MS)
    # 60 requests of 18 tokens are 1,080.
    wanted = [
        SpendAlert(f"alert_{threshold}", interval, Currency.TOKENS, threshold)
        for interval in Interval
        for threshold in (1, 540, 541, 1_080, 1_081)
    ]

    async with open_store(ground) as store:
        fence = await store.add_key()
        ledgers = [store.new_ledger() for _ in range(2)]
        settlings = [Settling(each, lambda: NOW_MS, watch=alerts.after_settle) for each in ledgers]

        async def use(number: int) -> None:
            hold, demand = samples.asking(samples.a_hold(f"req_{number}"))
            settling = settlings[number % 2]
            if number % 3 == 0:  # a key whose enforcement was changed meanwhile
                taken = Taken(replace(hold, entry=None), soft=demand)
            else:
                taken = Taken((await ledgers[number % 2].reserve(fence, hold, demand)).hold)
            await settling.open(replace(taken, alerts=tuple(wanted))).settle(UsageStatus.OK, USED)

        for each in settlings:
            each.start()
        await asyncio.gather(*(use(number) for number in range(60)))
        for each in settlings:
            await each.close(grace_seconds=60)
        account = await store.get_account()
    await ground.directory.close()
    assert (account.committed_tokens, account.holds) == (1_080, {})
    reached = [alert for alert in wanted if alert.threshold <= 1_080]
    periods = {Interval.DAY: samples.DAY, Interval.MONTH: samples.MONTH}
    assert sorted(message.id for message in told) == sorted(
        f"{samples.KEY.id}:{alert.id}:{periods[alert.interval]}:{alert.threshold}" for alert in reached
    )
    assert [metrics.alerts.count("key", interval, "tokens") for interval in Interval] == [4, 4]
