from __future__ import annotations

import pytest

from admin.cli.failures import BadUsage
from admin.cli.limits import BudgetMode, LimitOptions, to_fields, to_limits_body

MONTH = {"interval": "month", "currency": "usd", "threshold_amount": 50_000}
DAY = {"interval": "day", "currency": "tokens", "threshold_amount": 1000}
RATE = {"max_requests_per_1_minute": 60, "max_tokens_per_1_minute": None, "max_parallel_requests": 4}


def test_nothing_given_changes_nothing() -> None:
    assert to_limits_body(LimitOptions(), {"spend_limits": [MONTH], "rate_limits": RATE}) == {}


def test_a_budget_is_added_beside_the_others_and_replaces_its_like() -> None:
    current = {"spend_limits": [MONTH, DAY]}
    body = to_limits_body(LimitOptions(monthly_usd="10", daily_usd="1"), current)
    assert sorted(body["spend_limits"], key=str) == sorted(
        [DAY, {**MONTH, "threshold_amount": 1000}, {"interval": "day", "currency": "usd", "threshold_amount": 100}],
        key=str,
    )


def test_none_lifts_one_limit_and_leaves_the_others() -> None:
    current = {"spend_limits": [MONTH, DAY], "rate_limits": RATE}
    assert to_limits_body(LimitOptions(monthly_usd="none", rpm="none"), current) == {
        "spend_limits": [DAY],
        "rate_limits": {**RATE, "max_requests_per_1_minute": None},
    }


def test_lifting_the_last_rate_clears_all_of_them() -> None:
    current = {"rate_limits": {**RATE, "max_parallel_requests": None}}
    assert to_limits_body(LimitOptions(rpm="none"), current) == {"rate_limits": None}


def test_rates_of_a_model_leave_other_models_and_the_overall_rate_alone() -> None:
    current = {"rate_limits": RATE, "model_rate_limits": [{"model": "a", **RATE}, {"model": "b", **RATE}]}
    body = to_limits_body(LimitOptions(model="a", tpm="5k"), current)
    assert body == {
        "model_rate_limits": [{"model": "b", **RATE}, {"model": "a", **RATE, "max_tokens_per_1_minute": 5000}]
    }
    lifted = to_limits_body(LimitOptions(model="b", rpm="none", parallel="none"), current)
    assert lifted == {"model_rate_limits": [{"model": "a", **RATE}]}


def test_a_budget_mode_is_set_and_lifted() -> None:
    assert to_limits_body(LimitOptions(budget_mode=BudgetMode.CLAMP), {}) == {"budget_mode": "clamp"}
    assert to_limits_body(LimitOptions(budget_mode=BudgetMode.NONE), {}) == {"budget_mode": None}


def test_a_faulty_limit_is_refused_by_the_name_of_its_option() -> None:
    with pytest.raises(BadUsage, match="--daily-tokens"):
        to_limits_body(LimitOptions(daily_tokens="many"), {})


def test_limits_are_read_in_words_and_none_says_so() -> None:
    shown = to_fields({"spend_limits": [MONTH, DAY], "rate_limits": RATE, "budget_mode": "clamp"})
    assert [(title, cell.text) for title, cell in shown] == [
        ("US dollars a month", "$500.00"),
        ("Tokens a day", "1,000 tokens"),
        ("Rate", "60 requests a minute, 4 at a time"),
        ("Budget mode", "clamp"),
    ]
    assert [cell.text for _, cell in to_fields({"spend_limits": []})] == ["none"]
