from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.event import Call, Operation, Settlement, UsageEvent, UsageStatus
from tenants.event_item import event_to_values
from tenants.periods import CLOCK_SKEW_SECONDS, account_expiry, day_of, month_of, months_to_fence
from tests.tenants.generated import moments_ms

SKEW_MS = CLOCK_SKEW_SECONDS * 1000


def to_ms(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("moment", "month", "day"),
    [
        ("2026-11-30T23:59:59.999", "2026-11", "2026-11-30"),
        ("2026-12-01T00:00:00.000", "2026-12", "2026-12-01"),
        ("2026-12-31T23:59:59.999", "2026-12", "2026-12-31"),
        ("2027-01-01T00:00:00.000", "2027-01", "2027-01-01"),
        ("2028-02-29T12:00:00.000", "2028-02", "2028-02-29"),
        ("1970-01-01T00:00:00.000", "1970-01", "1970-01-01"),
    ],
)
def test_days_and_months_begin_at_midnight_utc(moment: str, month: str, day: str) -> None:
    assert month_of(to_ms(moment)) == month
    assert day_of(to_ms(moment)) == day


@given(moments_ms)
def test_a_day_lies_in_its_month(ms: int) -> None:
    assert day_of(ms).startswith(month_of(ms) + "-")


@given(moments_ms, moments_ms)
def test_months_sort_as_time_does(one_ms: int, other_ms: int) -> None:
    if one_ms <= other_ms:
        assert month_of(one_ms) <= month_of(other_ms)
        assert day_of(one_ms) <= day_of(other_ms)


@pytest.mark.parametrize(
    ("moment", "months"),
    [
        ("2026-11-15T12:00:00.000", ("2026-11",)),
        ("2026-11-30T23:44:59.999", ("2026-11",)),
        ("2026-11-30T23:45:00.000", ("2026-11", "2026-12")),
        ("2026-12-01T00:00:00.000", ("2026-11", "2026-12")),
        ("2026-12-01T00:14:59.999", ("2026-11", "2026-12")),
        ("2026-12-01T00:15:00.000", ("2026-12",)),
        ("2027-01-01T00:00:00.000", ("2026-12", "2027-01")),
    ],
)
def test_a_change_near_a_months_end_reaches_both_months(moment: str, months: tuple[str, ...]) -> None:
    assert months_to_fence(to_ms(moment)) == months


@given(st.integers(SKEW_MS, 7_258_118_400_000), st.integers(-SKEW_MS, SKEW_MS))
def test_a_change_reaches_the_month_of_every_clock_within_the_skew(now_ms: int, skew_ms: int) -> None:
    assert month_of(now_ms + skew_ms) in months_to_fence(now_ms)


@given(moments_ms)
def test_an_account_outlives_the_events_of_its_month(started_at_ms: int) -> None:
    call = Call("req_1", "key_1", "proj_1", "user_1", Operation.CHAT, "m", "b", started_at_ms)
    ttl = event_to_values(UsageEvent(call, Settlement(UsageStatus.OK, started_at_ms)))["ttl"]
    assert isinstance(ttl, int)
    assert account_expiry(call.month) >= ttl
    assert ttl > started_at_ms // 1000
