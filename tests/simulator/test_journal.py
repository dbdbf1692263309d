from __future__ import annotations

from simulator.directives import NONE, from_words
from simulator.journal import Entry, FaultPlan, Journal, PlannedFault


def _entry(request_id: str, status: int = 200) -> Entry:
    return Entry(request_id, "Converse", "m", "caller", status)


def test_memory_is_bounded_and_what_is_dropped_is_counted() -> None:
    journal = Journal(capacity=2)
    for request_id in "abc":
        journal.record(_entry(request_id))
    told = journal.to_json()
    assert [each["request_id"] for each in told["requests"]] == ["b", "c"]
    assert told["dropped"] == 1


def test_a_request_is_listed_once_and_told_to_the_sink_once() -> None:
    final: list[Entry] = []
    journal = Journal(capacity=9, on_final=final.append)
    journal.record(_entry("a", 0), final=False)
    journal.record(_entry("a", 200))
    assert [each["status"] for each in journal.to_json()["requests"]] == [200]
    assert [each.status for each in final] == [200]


def test_a_fault_is_taken_as_often_as_planned_and_by_its_model_only() -> None:
    plan = FaultPlan()
    plan.add(PlannedFault("throttle", from_words("throttle"), times=2, model_id="m"))
    assert plan.take("other") == NONE
    assert [plan.take("m").throttle for _ in range(3)] == ["requests", "requests", None]


def test_a_requests_own_directives_go_over_planned_ones() -> None:
    plan = FaultPlan()
    plan.add(PlannedFault("tokens=1", from_words("tokens=1 gap_ms=5"), times=1))
    applied = plan.apply("m", from_words("tokens=9"))
    assert (applied.tokens, applied.gap_ms) == (9, 5.0)
