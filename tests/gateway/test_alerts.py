"""Every threshold that is reached is told of, once, by the settle that reached it."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from itertools import chain

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.alerts import Alerts, find_crossed, raised_by, step_of
from gateway.metrics import Metrics
from gateway.raised_alert import RaisedAlert, Subject
from gateway.webhooks import Message
from tenants.account import Account, Bound, DayCount, Entry, Hold
from tenants.account_item import account_from_item
from tenants.account_settle import settle_update
from tenants.busy_keys import Spread
from tenants.event import Settlement, UsageStatus
from tenants.limits import Currency, Interval, SpendAlert
from tenants.usage import TokenCounts
from tests.tenants.samples import CALL, HOLD, KEY, MONTH, NOW_MS, SETTLEMENT, TENANT, a_hold, asking
from tests.tenants.stores import open_ground, open_store

TOKENS = (Interval.MONTH, Currency.TOKENS)
EVERY = [(interval, currency) for interval in Interval for currency in Currency]


def an_alert(threshold: int, interval: Interval = Interval.MONTH, currency: Currency = Currency.TOKENS) -> SpendAlert:
    return SpendAlert(f"alert_{threshold}", interval, currency, threshold)


def settling(tokens: int, cost: int | None = None) -> Settlement:
    return Settlement(UsageStatus.OK, NOW_MS, TokenCounts(output_tokens=tokens), cost)


class Books:
    """An account as DynamoDB would return it from each of its settles, with what is held at that moment."""

    def __init__(self) -> None:
        self.account = Account(KEY.id, MONTH, TENANT.id)

    def settle(self, settlement: Settlement, day: int, held: tuple[Hold, ...] = ()) -> Account:
        used = settlement.tokens.total_tokens, settlement.cost_pico_usd or 0
        before = self.account.day if self.account.day.number == day else DayCount(day)
        self.account = replace(
            self.account,
            committed_tokens=self.account.committed_tokens + used[0],
            committed_pico_usd=self.account.committed_pico_usd + used[1],
            day=DayCount(day, before.tokens + used[0], before.pico_usd + used[1]),
        )
        holds = {hold.call.request_id: hold for hold in held}
        same_day = [hold for hold in held if hold.entry == Entry(day=day)]
        count = self.account.day
        return replace(
            self.account,
            holds=holds,
            committed_tokens=self.account.committed_tokens + sum(hold.bound.tokens for hold in held),
            committed_pico_usd=self.account.committed_pico_usd + sum(hold.bound.cost_pico_usd or 0 for hold in held),
            day=DayCount(
                day,
                count.tokens + sum(hold.bound.tokens for hold in same_day),
                count.pico_usd + sum(hold.bound.cost_pico_usd or 0 for hold in same_day),
            ),
        )


@pytest.mark.parametrize(
    ("before", "after", "crossed"), [(98, 99, False), (99, 100, True), (0, 500, True), (100, 101, False)]
)
def test_a_threshold_is_crossed_by_what_reaches_it_and_by_nothing_after(before: int, after: int, crossed: bool) -> None:
    alert = an_alert(100)
    assert find_crossed([alert], {TOKENS: before}, {TOKENS: after}) == ((alert,) if crossed else ())


def test_one_step_may_cross_several_thresholds_and_only_those_of_its_own_interval_and_currency() -> None:
    alerts = [an_alert(threshold, *kind) for threshold in (50, 100) for kind in EVERY]
    assert find_crossed(alerts, {TOKENS: 10}, {TOKENS: 100}) == (an_alert(50), an_alert(100))


@given(
    amounts=st.lists(st.integers(0, 40), min_size=1, max_size=30),
    threshold=st.integers(1, 600),
    held=st.lists(st.integers(0, 1_000), max_size=3),
)
def test_each_crossing_is_seen_by_exactly_one_settle_whatever_is_held(
    amounts: list[int], threshold: int, held: list[int]
) -> None:
    books, alerts = Books(), [an_alert(threshold, *kind) for kind in EVERY]
    holds = tuple(
        replace(a_hold(f"req_{number}"), bound=Bound(0, tokens, tokens * 7)) for number, tokens in enumerate(held)
    )
    seen: list[SpendAlert] = []
    for number, amount in enumerate(amounts):
        settlement = settling(amount, amount)
        account = books.settle(settlement, 20, holds[: number % (len(holds) + 1)])
        step = step_of(account, settlement, 20)
        seen += find_crossed(alerts, step.before, step.after)
    assert sorted(seen, key=alerts.index) == (alerts if sum(amounts) >= threshold else [])


def test_a_new_day_crosses_its_threshold_again_and_the_month_does_not() -> None:
    books, alerts = Books(), [an_alert(100, Interval.DAY), an_alert(150, Interval.MONTH)]
    raised: list[tuple[str, int]] = []
    for day in (20, 20, 21, 21):
        step = step_of(books.settle(settling(80), day), settling(80), day)
        raised += [(each.period, each.used) for each in raised_by(Subject(TENANT.id), alerts, step, NOW_MS)]
    assert raised == [("2026-11-20", 160), ("2026-11", 160), ("2026-11-21", 160)]


def test_a_settle_of_a_day_that_is_over_crosses_nothing_of_the_day_that_goes_on() -> None:
    books = Books()
    account = books.settle(settling(90), 21)
    late = settling(50)
    after = replace(account, committed_tokens=account.committed_tokens + 50)
    step = step_of(after, late, 20)
    assert find_crossed([an_alert(90, Interval.DAY), an_alert(60, Interval.DAY)], step.before, step.after) == ()
    assert find_crossed([an_alert(140)], step.before, step.after) == (an_alert(140),)


def test_a_request_without_a_price_moves_no_money() -> None:
    step = step_of(Books().settle(settling(10), 20), settling(10), 20)
    assert {step.after[each] for each in EVERY if each[1] is Currency.USD} == {0}


async def test_of_many_processes_that_settle_at_once_one_sees_each_crossing(dynoxide_endpoint: str) -> None:
    ground = await open_ground(dynoxide_endpoint)
    alerts = [an_alert(threshold, *kind) for threshold in (1, 777, 5_000, 20_100, 20_101) for kind in EVERY]

    async with open_store(ground) as store:
        fence = await store.add_key()
        ledgers = [store.new_ledger(Spread(1)) for _ in range(4)]  # as of a key with alerts, which is not spread

        async def use(number: int) -> list[SpendAlert]:
            hold, settlement = a_hold(f"req_{number}"), settling(number + 1, number + 1)
            taken = (await ledgers[number % 4].reserve(fence, *asking(hold))).hold
            body = settle_update(store.tables.usage, taken, settlement, {}, ()) | {"ReturnValues": "ALL_NEW"}
            answer = await store.client.call("UpdateItem", body, repeatable=True)
            step = step_of(account_from_item(answer["Attributes"]), settlement, 20)
            return list(find_crossed(alerts, step.before, step.after))

        seen = await asyncio.gather(*(use(number) for number in range(200)))
    await ground.directory.close()
    # 1 + 2 + ... + 200 is 20,100; up to 300,000 more were held meanwhile.
    assert sorted(chain.from_iterable(seen), key=alerts.index) == alerts[:16]


class Telling:
    """Alerts, and what they told."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.metrics = Metrics("7", lambda: NOW_MS)
        self.alerts = Alerts(self.metrics, self.sent.append, lambda: NOW_MS)


def test_an_alert_is_logged_counted_and_sent_once(caplog: pytest.LogCaptureFixture) -> None:
    telling = Telling()
    cost = SETTLEMENT.cost_pico_usd or 0
    account = Books().settle(SETTLEMENT, 20)
    with caplog.at_level(logging.WARNING, "sluice.alerts"):
        telling.alerts.after_settle([an_alert(cost, Interval.DAY, Currency.USD)], HOLD, SETTLEMENT, account)
    assert telling.metrics.alerts.count("key", "day", "usd") == 1
    (record,) = caplog.records
    assert record.__dict__["api_key_id"] == KEY.id
    (message,) = telling.sent
    assert orjson.loads(message.body) == {
        "id": f"{KEY.id}:alert_{cost}:2026-11-20:{cost}",
        "type": "spend_alert.reached",
        "created_at": NOW_MS // 1000,
        "data": {
            "alert_id": f"alert_{cost}",
            "project_id": TENANT.id,
            "api_key_id": KEY.id,
            "interval": "day",
            "period": "2026-11-20",
            "threshold_pico_usd": cost,
            "used_pico_usd": cost,
        },
    }


@pytest.mark.parametrize("entry", [Entry(day=21), None])
def test_a_request_counts_in_the_day_it_was_entered_in(entry: Entry | None) -> None:
    telling = Telling()
    account = Books().settle(settling(100), 21)
    hold = replace(HOLD, call=CALL, entry=entry)
    telling.alerts.after_settle([an_alert(100, Interval.DAY)], hold, settling(100), account)
    assert [orjson.loads(message.body)["data"]["period"] for message in telling.sent] == ["2026-11-21"]


def test_without_a_webhook_an_alert_is_logged_and_counted_all_the_same() -> None:
    metrics = Metrics("7", lambda: NOW_MS)
    raised = RaisedAlert(Subject(TENANT.id), an_alert(1), MONTH, 2, NOW_MS)
    Alerts(metrics, None, lambda: NOW_MS).tell(raised)
    assert metrics.alerts.count("project", "month", "tokens") == 1


def test_a_crossing_has_one_id_and_another_threshold_period_or_key_another() -> None:
    raised = RaisedAlert(Subject(TENANT.id, KEY.id), an_alert(1), MONTH, 2, NOW_MS)
    others = [
        replace(raised, period="2026-12"),
        replace(raised, subject=Subject(TENANT.id, "key_2")),
        replace(raised, alert=replace(raised.alert, threshold=9)),
    ]
    assert replace(raised, used=7, raised_at_ms=NOW_MS + 1).id == raised.id
    assert len({each.id for each in (raised, *others)}) == 4
