from __future__ import annotations

from tenants.account import Entry
from tenants.busy_keys import BusyKeys, Spread, may_spread
from tenants.demand import Demand
from tenants.limits import Currency, Interval, Limits, SpendAlert
from tenants.window import window_of
from tests.tenants.samples import MONTH, NOW_MS

KEY = ("key_1", MONTH)


def written(in_flight: int) -> dict[str, dict[str, str]]:
    return {"n": {"N": str(in_flight)}}


def note(busy: BusyKeys, shard: int, in_flight: int, now: float = 0.0) -> None:
    busy.note(KEY, written(in_flight), Entry(day=20, shard=shard), now)


def test_a_request_goes_to_the_first_account_that_is_not_full() -> None:
    busy = BusyKeys(Spread(4, requests=2))
    chosen = [busy.choose(KEY, 0.0)]
    for shard in range(3):
        note(busy, shard, 2)
        chosen.append(busy.choose(KEY, 0.0))
    assert chosen == [0, 1, 2, 3]
    busy.note_end(KEY, 1)
    assert busy.choose(KEY, 0.0) == 1
    assert busy.choose(("key_2", MONTH), 0.0) == 0


def test_where_all_are_full_the_one_with_the_least_in_flight_is_chosen() -> None:
    busy = BusyKeys(Spread(3, requests=1))
    for shard, in_flight in enumerate((5, 3, 4)):
        note(busy, shard, in_flight)
    assert busy.choose(KEY, 0.0) == 1


def test_that_an_account_is_full_is_believed_for_seconds() -> None:
    busy = BusyKeys(Spread(2, requests=1))
    note(busy, 0, 1, now=100.0)
    assert (busy.choose(KEY, 104.9), busy.choose(KEY, 105.0)) == (1, 0)


def test_requests_under_way_count_before_any_answer() -> None:
    busy = BusyKeys(Spread(2, requests=1))
    busy.begin((KEY, 0))
    assert busy.choose(KEY, 0.0) == 1
    busy.end((KEY, 0))
    assert busy.choose(KEY, 0.0) == 0


def test_requests_in_flight_that_are_lent_are_not_the_banks_own() -> None:
    busy = BusyKeys(Spread(2, requests=3))
    busy.note_bank(KEY, {**written(52), "Ln": {"N": "50"}})
    note(busy, 0, 52)
    assert busy.choose(KEY, 0.0) == 0


def test_of_a_key_that_is_not_busy_nothing_is_remembered() -> None:
    busy = BusyKeys(Spread(2, requests=3))
    note(busy, 0, 2)
    assert busy.bank(KEY) == {}


def test_keys_with_alerts_of_their_own_or_of_their_project_are_not_spread() -> None:
    alerts = Limits(alerts=(SpendAlert("alert_1", Interval.DAY, Currency.USD, 1),))
    window = window_of(NOW_MS)
    assert may_spread(Demand(window, "claude"))
    assert not may_spread(Demand(window, "claude", alerts))
    assert may_spread(Demand(window, "claude", tenant_limits=alerts))
