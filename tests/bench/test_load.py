"""The plan reaches the other process as it was, the shares add up, and one wrong answer spoils a report."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from bench.answers import Answered, WrongAnswer
from bench.load import Plan, Received, Report, percentile, shares, to_report

EXPECTED = Answered(input_tokens=5, vectors=(1,))
BODY = json.dumps({"data": [{"index": 0, "embedding": "AAAAAA=="}], "usage": {"prompt_tokens": 5}}).encode()
PLAN = Plan(80, (b"one", b"two\xff"), connections=3, answers=8, form="embeddings", expected=EXPECTED)


def received(*bodies: bytes) -> Received:
    times = [0.001 * (number + 1) for number in range(len(bodies))]
    return Received(times, times, [(200, body) for body in bodies])


def test_a_plan_is_the_same_on_the_other_side() -> None:
    assert Plan.from_json(PLAN.to_json()) == PLAN


def test_a_report_is_the_same_on_the_other_side() -> None:
    report = to_report(PLAN, received(BODY), 1.0)
    assert Report.from_json(json.dumps(asdict(report))) == report


def test_connections_take_turns_with_the_requests_and_together_send_all() -> None:
    assert shares(PLAN) == [(b"one", 3), (b"two\xff", 3), (b"one", 2)]


def test_a_percentile_is_a_value_that_was_seen() -> None:
    values = [float(number) for number in range(100, 0, -1)]
    assert (percentile(values, 0.5), percentile(values, 0.99)) == (50.0, 99.0)
    assert percentile([7.0], 0.99) == 7.0


def test_a_report_counts_and_times_every_answer() -> None:
    report = to_report(PLAN, received(BODY, BODY), 2.0)
    assert (report.answers, report.latency_p50_ms, report.latency_p99_ms) == (2, 1.0, 2.0)
    assert report.answered == EXPECTED


def test_one_wrong_answer_spoils_a_report() -> None:
    with pytest.raises(WrongAnswer):
        to_report(PLAN, received(BODY, BODY.replace(b"5", b"6")), 1.0)
