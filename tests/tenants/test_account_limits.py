from __future__ import annotations

from dataclasses import replace

import pytest

from tenants.account import Bound
from tenants.account_counts import entry_of, seen_on
from tenants.account_limits import find_refusal, standing_after
from tenants.account_reserve import Reserve
from tenants.demand import Demand
from tenants.errors import FenceStale, GrantNeeded, LimitExceeded
from tenants.limits import NO_LIMITS, Currency, Interval, Limits, RateLimit, SpendLimit
from tenants.standing import Allowance, SpendAllowance, Standing
from tests.tenants.samples import CALL, FENCE, HOLD

MINUTE = HOLD.window.minute
BOUND = Bound(60, 40, 1_000)
LIMITS = Limits(
    (SpendLimit(Interval.MONTH, Currency.USD, 2_000), SpendLimit(Interval.DAY, Currency.TOKENS, 200)),
    (RateLimit(None, 2, 200, 2), RateLimit(CALL.model, 2, 200, 2)),
)
# One request of BOUND is in flight.
ITEM = {"kv": 1, "tv": 1, "mu": 1_000, "mk": 100, "dd": 20, "dk": 100, "du": 1_000, "n": 1, "w": MINUTE, "wr": 1}
ITEM |= {"wt": 100, "Wc857": MINUTE, "Rc857": 1, "Tc857": 100, "Pc857": 1, "au": 1_000, "ek": 100}


def to_item(numbers: dict[str, int]) -> dict[str, dict[str, str]]:
    return {name: {"N": str(number)} for name, number in numbers.items()}


def a_reserve(item: dict[str, dict[str, str]], tenant_limits: Limits = NO_LIMITS) -> Reserve:
    demand = Demand(HOLD.window, CALL.model, LIMITS, tenant_limits)
    blank = entry_of(demand, {})
    return Reserve(FENCE, replace(HOLD, bound=BOUND, entry=entry_of(demand, seen_on(item, blank))), demand)


def test_an_account_that_meets_every_clause_refuses_nothing() -> None:
    item = to_item(ITEM)
    assert find_refusal(item, a_reserve(item, LIMITS)) is None


@pytest.mark.parametrize(
    ("counter", "kind", "model"),
    [
        ("mu", "spend", None),
        ("dk", "spend", None),
        ("wr", "requests", None),
        ("wt", "tokens", None),
        ("n", "parallel", None),
        ("Rc857", "requests", CALL.model),
        ("Tc857", "tokens", CALL.model),
        ("Pc857", "parallel", CALL.model),
    ],
)
def test_a_counter_one_too_far_is_the_clause_that_is_told(counter: str, kind: str, model: str | None) -> None:
    item = to_item(ITEM | {counter: ITEM[counter] + 1})
    refusal = find_refusal(item, a_reserve(item, LIMITS))
    assert isinstance(refusal, LimitExceeded)
    assert (refusal.refusal.kind, refusal.refusal.model, refusal.refusal.used) == (kind, model, ITEM[counter] + 1)


@pytest.mark.parametrize("versions", [{"kv": 2}, {"tv": 2}, {"kv": 0}])
def test_another_version_is_told_before_a_limit_and_a_limit_before_a_grant(versions: dict[str, int]) -> None:
    item = to_item(ITEM | versions | {"mu": 2_000, "au": 0})
    assert isinstance(find_refusal(item, a_reserve(item, LIMITS)), FenceStale)
    item = to_item(ITEM | {"mu": 2_000, "au": 0})
    assert isinstance(find_refusal(item, a_reserve(item, LIMITS)), LimitExceeded)


@pytest.mark.parametrize("lack", [{"au": 999}, {"ek": 99}, {"dd": 19}])
def test_a_grant_that_does_not_suffice_or_was_for_another_day_is_needed(lack: dict[str, int]) -> None:
    item = to_item(ITEM | lack)
    assert isinstance(find_refusal(item, a_reserve(item, LIMITS)), GrantNeeded)
    assert find_refusal(item, a_reserve(item)) is None


def test_counters_of_days_and_minutes_that_are_over_limit_nothing() -> None:
    full = {"dd": 19, "dk": 999, "w": MINUTE - 1, "wr": 9, "wt": 999, "Wc857": MINUTE - 1, "Rc857": 9, "Tc857": 999}
    item = to_item(ITEM | full)
    assert find_refusal(item, a_reserve(item)) is None


def test_a_minute_ahead_of_the_clock_is_the_current_one() -> None:
    item = to_item(ITEM | {"w": MINUTE + 3, "wr": 2})
    refusal = find_refusal(item, a_reserve(item))
    assert isinstance(refusal, LimitExceeded)
    assert refusal.refusal.resets_at_ms == (MINUTE + 4) * 60_000


@pytest.mark.parametrize(("month", "ends_at_ms"), [("2026-11", 1_796_083_200_000), ("2026-12", 1_798_761_600_000)])
def test_a_months_budget_resets_with_the_month(month: str, ends_at_ms: int) -> None:
    started_at_ms = ends_at_ms - 1
    item = to_item(ITEM | {"mu": 2_000, "dd": 30})
    reserve = a_reserve(item)
    call = replace(CALL, started_at_ms=started_at_ms)
    refusal = find_refusal(item, replace(reserve, hold=replace(reserve.hold, call=call)))
    assert call.month == month
    assert isinstance(refusal, LimitExceeded)
    assert refusal.refusal.resets_at_ms == ends_at_ms


def test_what_is_left_is_told_by_the_tighter_limit_and_never_below_zero() -> None:
    item = to_item(ITEM | {"Rc857": 2, "dk": 300})
    minute_ends_at_ms = (MINUTE + 1) * 60_000
    standing = standing_after(item, a_reserve(item))
    assert standing == Standing(
        requests=Allowance(2, 0, minute_ends_at_ms),
        tokens=Allowance(200, 100, minute_ends_at_ms),
        parallel=Allowance(2, 1),
        spend=(
            SpendAllowance(Interval.MONTH, Currency.USD, Allowance(2_000, 1_000, 1_796_083_200_000)),
            SpendAllowance(Interval.DAY, Currency.TOKENS, Allowance(200, 0, 1_795_219_200_000)),
        ),
    )


def test_of_a_first_account_that_was_not_seen_in_this_minute_nothing_is_told_to_be_left() -> None:
    item = to_item(ITEM)
    rooms = to_item({"lmu": 700, "ldk": 70, "lwr": 1, "lwt": 50, "ln": 1, "lRc857": 1, "lTc857": 50, "lPc857": 1})
    last_minute = item | to_item({"w": MINUTE - 1, "Wc857": MINUTE - 1})
    for bank, requests, parallel, month in (({}, 1, 1, 700), (last_minute, 1, 2, 1_700), (item, 2, 2, 1_700)):
        standing = standing_after(rooms, a_reserve(item), bank)
        assert standing.requests is not None
        assert standing.parallel is not None
        assert (standing.requests.remaining, standing.parallel.remaining) == (requests, parallel)
        assert standing.spend[0].allowance.remaining == month
