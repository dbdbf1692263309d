from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.ids import ALPHABET, TIME_CHARS, time_ordered, to_base62

TIMES_MS = st.integers(0, 62**TIME_CHARS - 1)
RANDOMNESS = st.binary(min_size=9, max_size=24)


@given(st.integers(0, 62**8 - 1))
def test_base62_has_its_width_and_reads_back_as_the_number(number: int) -> None:
    text = to_base62(number, 8)
    assert len(text) == 8
    assert sum(ALPHABET.index(char) * 62**place for place, char in enumerate(reversed(text))) == number


@given(st.integers(0, 62**4 - 1), st.integers(0, 62**4 - 1))
def test_base62_sorts_as_the_numbers_do(one: int, other: int) -> None:
    assert (to_base62(one, 4) < to_base62(other, 4)) == (one < other)


@pytest.mark.parametrize(("number", "width"), [(62, 1), (62**4, 4), (-1, 4), (1, 0)])
def test_what_does_not_fit_is_refused(number: int, width: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        to_base62(number, width)


@given(TIMES_MS, TIMES_MS, RANDOMNESS, RANDOMNESS)
def test_ids_made_later_sort_later(one_ms: int, other_ms: int, one: bytes, other: bytes) -> None:
    if one_ms != other_ms:
        assert (time_ordered(one_ms, one) < time_ordered(other_ms, other)) == (one_ms < other_ms)


@given(TIMES_MS, RANDOMNESS)
def test_an_id_is_sixteen_base62_characters(now_ms: int, randomness: bytes) -> None:
    text = time_ordered(now_ms, randomness)
    assert len(text) == 16
    assert set(text) <= set(ALPHABET)


def test_ids_of_one_millisecond_differ_by_their_randomness() -> None:
    assert len({time_ordered(1, bytes([number] * 9)) for number in range(256)}) == 256


def test_seven_characters_last_until_2081() -> None:
    end_of_2080_ms = 3_502_828_800_000
    assert time_ordered(end_of_2080_ms, bytes(9)) > time_ordered(end_of_2080_ms - 1, bytes(9))
    assert end_of_2080_ms < 62**TIME_CHARS


@pytest.mark.parametrize(("width", "given_bytes"), [(16, 8), (12, 4)])
def test_too_little_randomness_is_refused(width: int, given_bytes: int) -> None:
    with pytest.raises(ValueError, match="random bytes are needed"):
        time_ordered(1, bytes(given_bytes), width)
