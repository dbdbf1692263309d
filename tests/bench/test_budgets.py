"""A figure stands to its budget as it should."""

from __future__ import annotations

import pytest

from bench.budgets import Budget, Figure, Verdict, embeddings_budget


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [(1.0, Verdict.AIM), (2.0, Verdict.AIM), (2.1, Verdict.MUST), (3.0, Verdict.MUST), (3.1, Verdict.MISSED)],
)
def test_a_budget_is_kept_up_to_its_limit(measured: float, verdict: Verdict) -> None:
    assert Budget(must=3.0, aim=2.0).judge(measured) is verdict


def test_a_budget_without_an_aim_is_kept_or_missed() -> None:
    assert Budget(must=3.0).judge(0.0) is Verdict.MUST
    assert Budget(must=3.0).judge(4.0) is Verdict.MISSED


def test_what_is_compared_is_judged_and_not_the_figure() -> None:
    assert Figure("chat", "us", gateway=900.0, floor=30.0, compared=30.0, budget=Budget(30)).verdict is Verdict.MUST
    assert Figure("memory", "MiB", gateway=60.0).verdict is Verdict.NONE


def test_embeddings_may_cost_half_a_chat_more_and_three_microseconds_a_vector() -> None:
    assert embeddings_budget(200.0, 96).must == 588.0
