from __future__ import annotations

import pytest

from admin.cli.retrying import MOST_ATTEMPTS, backoff, wait_after


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(status: int) -> None:
    assert wait_after(status, {}, 1, 0.5) is not None


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412, 422])
def test_what_will_not_pass_is_final(status: int) -> None:
    assert wait_after(status, {}, 1, 0.5) is None


def test_the_gateways_word_counts_before_the_status() -> None:
    assert wait_after(503, {"x-should-retry": "false"}, 1, 0) is None
    assert wait_after(409, {"x-should-retry": "true"}, 1, 0) is not None


def test_the_gateway_says_how_long_and_a_long_wait_is_given_up() -> None:
    assert wait_after(429, {"retry-after-ms": "1500", "retry-after": "9"}, 1, 0) == 1.5
    assert wait_after(429, {"retry-after": "7"}, 1, 0) == 7
    assert wait_after(429, {"retry-after": "3600"}, 1, 0) is None
    assert wait_after(429, {"retry-after": "Fri, 20 Nov 2026 16:00:00 GMT"}, 1, 0) == backoff(1, 0)


def test_attempts_are_bounded_and_pauses_grow() -> None:
    assert wait_after(503, {}, MOST_ATTEMPTS, 0) is None
    assert [backoff(attempt, 1) for attempt in (1, 2, 3)] == [0.5, 1, 2]
    assert backoff(1, 0) == 0.25
