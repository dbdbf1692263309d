from __future__ import annotations

from awswire.retries import Attempts, RetryPolicy
from tests.awswire.fakes import FakeTime


async def test_pauses_double_up_to_the_longest_and_end_with_the_attempts() -> None:
    time = FakeTime()
    attempts = Attempts(RetryPolicy(5, 60.0, first_pause_seconds=1.0, longest_pause_seconds=3.0), time.timing)
    assert [await attempts.wait() for _ in range(5)] == [True, True, True, True, False]
    assert time.pauses == [1.0, 2.0, 3.0, 3.0]


async def test_pauses_are_drawn_from_zero_to_their_ceiling() -> None:
    draws = iter([0.0, 0.25])
    time = FakeTime(lambda: next(draws))
    attempts = Attempts(RetryPolicy(3, 60.0, first_pause_seconds=1.0, longest_pause_seconds=9.0), time.timing)
    assert [await attempts.wait(), await attempts.wait()] == [True, True]
    assert time.pauses == [0.0, 0.5]


async def test_no_attempt_begins_after_the_deadline() -> None:
    time = FakeTime()
    attempts = Attempts(RetryPolicy(100, 5.0, first_pause_seconds=1.0, longest_pause_seconds=9.0), time.timing)
    assert [await attempts.wait() for _ in range(3)] == [True, True, False]
    assert sum(time.pauses) == 3.0


async def test_one_attempt_means_no_second() -> None:
    time = FakeTime()
    assert not await Attempts(RetryPolicy(attempts=1), time.timing).wait()
    assert time.pauses == []
