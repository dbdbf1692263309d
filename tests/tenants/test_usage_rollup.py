from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.event_order import Period
from tenants.late_marks import LATE_AFTER_MS, hour_of, is_late
from tenants.periods import CLOCK_SKEW_SECONDS
from tenants.usage_report import UsageCount, UsageLine, line_of
from tenants.usage_rollup import (
    DayMarker,
    Rollup,
    digest_of,
    from_texts,
    hour_period,
    sealed_until_ms,
    to_texts,
)
from tests.tenants.samples import DAY, NOW_MS, TENANT
from tests.tenants.usage_samples import HOUR_MS, a_request, random_request, sums_of

SKEW_MS = CLOCK_SKEW_SECONDS * 1000


@given(st.integers(), st.integers(0, 30))
def test_what_is_rolled_up_is_read_again_and_named_alike_in_any_order(seed: int, number: int) -> None:
    random = Random(seed)
    events = [random_request(random, hour_period(DAY, 3), TENANT.id) for _ in range(number)]
    texts = to_texts(sums_of(events))
    random.shuffle(events)
    assert from_texts(texts, TENANT.id) == sums_of(events)
    assert digest_of(to_texts(sums_of(events))) == digest_of(texts)


def test_many_lines_are_divided_into_texts_that_fit_into_items() -> None:
    line = line_of(a_request(NOW_MS))
    sums = {
        UsageLine(TENANT.id, f"key_{number}", "ü" * 200, line.model, line.operation): UsageCount(
            number, cost_pico_usd=10**20
        )
        for number in range(1_000)
    }
    texts = to_texts(sums)
    assert len(texts) > 1
    assert max(len(text.encode()) for text in texts) < 350_000
    assert from_texts(texts, TENANT.id) == sums


def test_no_lines_take_no_text() -> None:
    assert to_texts({}) == ()


@given(
    st.integers(0, 3 * 24 * HOUR_MS),
    st.floats(1, 100_000),
    st.integers(-SKEW_MS, SKEW_MS),
    st.integers(-SKEW_MS, SKEW_MS),
)
def test_no_hour_is_sealed_before_the_last_unmarked_event_of_it_is_stored(
    stored_after_ms: int, hold_seconds: float, storers_clock_ms: int, summers_clock_ms: int
) -> None:
    event = a_request(NOW_MS)
    stored_at_ms = NOW_MS + stored_after_ms
    hour_sealed_by_summer = sealed_until_ms(stored_at_ms + summers_clock_ms, hold_seconds) >= NOW_MS + HOUR_MS
    assert is_late(event, stored_at_ms + storers_clock_ms) or not hour_sealed_by_summer


def test_events_stored_soon_after_their_hour_are_not_late() -> None:
    event = a_request(NOW_MS + 5)
    assert not is_late(event, NOW_MS + HOUR_MS + LATE_AFTER_MS - 1)
    assert is_late(event, NOW_MS + HOUR_MS + LATE_AFTER_MS)


def test_an_hour_is_not_sealed_while_its_requests_may_run() -> None:
    now_ms = NOW_MS + 10 * HOUR_MS
    assert sealed_until_ms(now_ms, 2 * 3600) == NOW_MS + 7 * HOUR_MS
    assert sealed_until_ms(now_ms, 1) == NOW_MS + 9 * HOUR_MS


def test_a_rollup_is_current_only_while_no_mark_was_added_since() -> None:
    marker = DayMarker(
        4,
        marks=2,
        hour_marks={3: 1, 5: 1},
        whole=Rollup(2, 1, "ab"),
        hours={3: Rollup(0, 1, "x"), 5: Rollup(1, 0, "y"), 7: Rollup(0, 1, "z")},
    )
    assert marker.find_day() == Rollup(2, 1, "ab")
    assert marker.find_hour(3) is None
    assert marker.find_hour(5) == Rollup(1, 0, "y")
    assert marker.find_hour(7) == Rollup(0, 1, "z")
    assert marker.find_hour(8) is None


@given(st.builds(Rollup, st.integers(0, 99), st.integers(0, 99), st.text("0123456789abcdef", min_size=16, max_size=16)))
def test_a_rollups_name_is_read_as_it_was_written(rollup: Rollup) -> None:
    assert Rollup.from_text(rollup.to_text()) == rollup


@pytest.mark.parametrize("hour", [0, 11, 23])
def test_hours_divide_the_day(hour: int) -> None:
    period = hour_period(DAY, hour)
    assert period == Period(NOW_MS + hour * HOUR_MS, NOW_MS + (hour + 1) * HOUR_MS)
    assert {hour_of(period.from_ms), hour_of(period.to_ms - 1)} == {hour}
