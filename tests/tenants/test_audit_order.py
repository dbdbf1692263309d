from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.audit_order import AUDIT_ID, FIRST_MONTH, AuditRange, first_id_at, made_at_ms, month_begins_at_ms
from tenants.ids import time_ordered
from tenants.periods import month_of
from tests.tenants.samples import NOW_MS

MOMENTS = st.integers(0, 62**7 - 1)


def id_at(ms: int, filler: bytes = b"\x07") -> str:
    return AUDIT_ID + time_ordered(ms, filler * 17, 24)


@given(MOMENTS)
def test_an_id_tells_its_moment(ms: int) -> None:
    assert made_at_ms(id_at(ms)) == ms


@pytest.mark.parametrize("text", ["", "audit_", "audit_123456", "audit_-------", "req_0123456789", "audit_é123456"])
def test_what_is_no_id_tells_none(text: str) -> None:
    with pytest.raises(ValueError, match=r"audit entry|substring"):
        made_at_ms(text)


@given(MOMENTS, MOMENTS, MOMENTS)
def test_a_range_of_moments_holds_the_ids_made_in_it(one: int, other: int, made: int) -> None:
    begin, end = min(one, other), max(one, other)
    first, last = AuditRange(first_id_at(begin), first_id_at(end)).bounds
    assert (first <= id_at(made) <= last) is (begin <= made < end)


@given(MOMENTS, st.binary(min_size=17, max_size=17), st.binary(min_size=17, max_size=17))
def test_a_range_between_two_entries_holds_neither(ms: int, one: bytes, other: bytes) -> None:
    ids = sorted(AUDIT_ID + time_ordered(ms, each, 24) for each in (one, other))
    first, last = AuditRange(ids[0], ids[1]).bounds
    assert not first <= ids[0] <= last
    assert not first <= ids[1] <= last


def test_moments_beyond_those_that_ids_can_tell_are_the_last_one() -> None:
    assert first_id_at(10**15) == f"{AUDIT_ID}zzzzzzz"
    assert first_id_at(-5) == f"{AUDIT_ID}0000000"


def test_the_months_of_a_range_are_those_that_a_deployment_can_have() -> None:
    whole = AuditRange(first_id_at(0), first_id_at(month_begins_at_ms("2026-03")))
    assert list(whole.newest_first()) == ["2026-03", "2026-02", FIRST_MONTH]
    assert list(whole.oldest_first()) == [FIRST_MONTH, "2026-02", "2026-03"]
    assert list(AuditRange(id_at(NOW_MS), id_at(NOW_MS + 1)).newest_first()) == [month_of(NOW_MS)]
    assert list(AuditRange(first_id_at(0), first_id_at(1)).newest_first()) == []
