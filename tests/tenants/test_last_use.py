from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from tenants.account import Account, DayCount, MinuteCount, SlotCount
from tenants.active_accounts import HOUR_MS
from tenants.last_use import hours_to_ask, months_to_ask, used_at_ms
from tests.tenants.samples import KEY, MONTH, NOW_MS, a_hold, an_event

TODAY = datetime.fromtimestamp(NOW_MS / 1000, UTC)
DAY_MS = NOW_MS // (24 * HOUR_MS) * 24 * HOUR_MS
OPENED = Account(KEY.id, MONTH, key_version=1, tenant_version=1)
USED = replace(OPENED, day=DayCount(TODAY.day, 5, 5))


def hours(account: Account, used_ms: int, now_ms: int) -> list[int]:
    return [int(hour[-2:]) for hour in hours_to_ask(account, used_ms, now_ms)]


def test_an_account_that_was_opened_and_not_used_tells_nothing() -> None:
    assert used_at_ms(OPENED) is None


def test_the_day_alone_is_known_of_a_quiet_account() -> None:
    assert used_at_ms(USED) == DAY_MS


def test_what_is_on_the_account_tells_more() -> None:
    hold, event = a_hold("req_1"), an_event("req_2")
    assert used_at_ms(replace(USED, holds={"req_1": hold})) == max(DAY_MS, hold.call.started_at_ms)
    assert used_at_ms(replace(USED, outbox={"req_2": event})) == max(DAY_MS, event.call.started_at_ms)
    minute = MinuteCount(DAY_MS // 60_000 + 90)
    assert used_at_ms(replace(USED, minute=minute)) == DAY_MS + 90 * 60_000
    assert used_at_ms(replace(USED, slots={"ab12": SlotCount(minute)})) == DAY_MS + 90 * 60_000


def test_what_is_older_than_the_day_does_not_make_it_earlier() -> None:
    stale = replace(USED, minute=MinuteCount(DAY_MS // 60_000 - 90))
    assert used_at_ms(stale) == DAY_MS


def test_all_hours_of_the_day_are_asked_for_where_only_the_day_is_known() -> None:
    assert hours(USED, DAY_MS, DAY_MS + 48 * HOUR_MS) == list(range(24))


def test_only_later_hours_are_asked_for_where_more_is_known() -> None:
    assert hours(USED, DAY_MS + 21 * HOUR_MS + 5, DAY_MS + 48 * HOUR_MS) == [22, 23]
    assert hours(USED, DAY_MS + 21 * HOUR_MS + 5, DAY_MS + 21 * HOUR_MS + 60_000) == []


def test_no_hour_is_asked_for_that_is_yet_to_come_by_any_clock() -> None:
    assert hours(USED, DAY_MS, DAY_MS + 2 * HOUR_MS) == [0, 1, 2]


def test_lists_that_have_expired_are_not_asked_for() -> None:
    assert hours(USED, DAY_MS, DAY_MS + 8 * 24 * HOUR_MS) != []
    assert hours(USED, DAY_MS, DAY_MS + 10 * 24 * HOUR_MS) == []


def test_months_are_asked_for_from_now_back_to_the_key_s_first() -> None:
    now, created = 1_795_132_800_000, 1_790_000_000_000  # 2026-11-20, 2026-09-21
    assert list(months_to_ask(created, now)) == ["2026-11", "2026-10", "2026-09"]
    assert len(list(months_to_ask(0, now))) == 14


def test_a_month_that_begins_by_another_clock_is_asked_for_as_well() -> None:
    end_of_november = 1_796_083_199_000  # 2026-11-30T23:59:59Z
    assert list(months_to_ask(end_of_november, end_of_november)) == ["2026-12", "2026-11"]
