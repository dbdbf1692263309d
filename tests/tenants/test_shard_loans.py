from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.account import Bound
from tenants.account_counts import entry_of
from tenants.account_reserve import Reserve
from tenants.errors import FenceStale, GrantNeeded, LimitExceeded
from tenants.limits import NO_LIMITS, Currency, Interval, Limits, SpendLimit
from tenants.shard_loan_item import loan_transaction
from tenants.shard_loan_plan import LOAN_REQUESTS, ReadAll, plan_loan
from tenants.shard_loans import Loan, book_of, entered_on_bank, with_entry
from tests.tenants.samples import FENCE, a_hold, asking

COST = 100
BOUND = Bound(6, 4, COST)


def an_item(**numbers: int) -> dict[str, Any]:
    return {name: {"N": str(number)} for name, number in numbers.items()}


def a_bank(**numbers: int) -> dict[str, Any]:
    return an_item(kv=1, tv=1, dd=20, **numbers)


def budget(pico_usd: int) -> Limits:
    return Limits((SpendLimit(Interval.MONTH, Currency.USD, pico_usd),))


def wanted(limits: Limits, tenant_limits: Limits = NO_LIMITS) -> Reserve:
    hold, demand = asking(a_hold("req_1", bound=BOUND), limits, tenant_limits)
    return with_entry(Reserve(FENCE, hold, demand), entry_of(demand, {}))


def test_what_has_no_limit_is_lent_for_many_requests() -> None:
    plan = plan_loan(wanted(Limits()), 1, {0: a_bank(), 1: {}}, waiting=1)
    assert isinstance(plan, Loan)
    assert plan.lends == {
        "mk": LOAN_REQUESTS * 10, "mu": LOAN_REQUESTS * COST, "n": LOAN_REQUESTS,
        "dk": LOAN_REQUESTS * 10, "du": LOAN_REQUESTS * COST,
    }  # fmt: skip


def test_the_last_of_a_limit_is_lent_in_small_parts_and_never_beyond_it() -> None:
    for left, lent in ((160, 10), (8, 5), (3, 3), (1, 1)):
        plan = plan_loan(wanted(budget(1_000 * COST)), 1, {0: a_bank(mu=(1_000 - left) * COST, sh=16), 1: {}}, 1)
        assert isinstance(plan, Loan)
        assert plan.lends["mu"] == lent * COST


def test_requests_that_wait_together_are_lent_to_together() -> None:
    plan = plan_loan(wanted(budget(1_000 * COST)), 1, {0: a_bank(mu=980 * COST, sh=2), 1: {}}, waiting=17)
    assert isinstance(plan, Loan)
    assert plan.lends["mu"] == 17 * COST


def test_others_are_looked_at_before_anything_is_refused_or_taken() -> None:
    bank = a_bank(mu=10 * COST, sh=3)
    assert plan_loan(wanted(budget(10 * COST)), 1, {0: bank, 1: {}}, 1) == ReadAll()
    assert plan_loan(wanted(budget(10 * COST)), 3, {0: bank, 3: {}, 1: {}}, 1) == ReadAll()
    plan = plan_loan(wanted(budget(10 * COST)), 1, {0: bank, 1: {}, 2: an_item(lmu=3 * COST)}, 1)
    assert isinstance(plan, Loan)
    assert (plan.lends["mu"], plan.takes) == (COST, {2: {"mu": COST}})
    assert plan.counted("mu") == 0
    refused = plan_loan(wanted(budget(10 * COST)), 1, {0: bank, 1: {}, 2: an_item(lmu=COST - 1)}, 1)
    assert isinstance(refused, LimitExceeded)
    assert refused.refusal.used == 9 * COST + 1


def test_what_is_missing_of_the_tenants_grant_has_to_be_drawn_first() -> None:
    tenant = budget(1_000 * COST)
    assert isinstance(plan_loan(wanted(Limits(), tenant), 1, {0: a_bank(au=COST - 1), 1: {}}, 1), GrantNeeded)
    plan = plan_loan(wanted(Limits(), tenant), 1, {0: a_bank(au=COST), 1: {}}, 1)
    assert isinstance(plan, Loan)
    assert plan.lends["mu"] == COST


def test_a_bank_of_other_versions_lends_nothing() -> None:
    assert isinstance(plan_loan(wanted(Limits()), 1, {0: {**a_bank(), **an_item(kv=2)}, 1: {}}, 1), FenceStale)


def test_what_was_used_beyond_a_bound_is_counted_first_and_past_any_limit() -> None:
    plan = plan_loan(wanted(budget(COST)), 2, {0: a_bank(mu=COST, sh=2), 1: an_item(lmu=-50), 2: {}}, 1)
    assert plan == Loan(0, takes={1: {"mu": -50}}, forced=True)


@pytest.mark.parametrize("room", [0, 3, 10])
def test_a_lowered_limit_has_a_shard_give_back_what_it_was_lent(room: int) -> None:
    items = {0: a_bank(mu=20 * COST, sh=2), 1: an_item(lmu=room * COST)}
    plan = plan_loan(wanted(budget(15 * COST)), 1, items, 1)
    if room < 6:
        assert isinstance(plan, LimitExceeded)
    else:
        assert isinstance(plan, Loan)
        assert plan.counted("mu") == -5 * COST


@given(
    limit=st.integers(0, 60),
    own=st.integers(0, 60),
    rooms=st.lists(st.integers(0, 12), min_size=1, max_size=6),
    shard=st.integers(0, 6),
    waiting=st.integers(1, 9),
)
def test_a_plan_gives_the_request_its_room_within_the_limit_or_there_is_none(
    limit: int, own: int, rooms: list[int], shard: int, waiting: int
) -> None:
    """`own` is what the bank counts beside what shards have left."""
    used = (own + sum(rooms)) * COST
    items = {0: a_bank(mu=used, sh=len(rooms) + 1)}
    items |= {number: an_item(lmu=room * COST) for number, room in enumerate(rooms, 1)}
    items.setdefault(shard, {})
    plan = plan_loan(wanted(budget(limit * COST)), shard, items, waiting)
    if own + 1 > limit:
        assert isinstance(plan, LimitExceeded)
        assert plan.refusal.used == own * COST
        return
    assert isinstance(plan, Loan)
    counted = used + plan.counted("mu")
    left = [room * COST - plan.takes.get(number, {}).get("mu", 0) for number, room in enumerate(rooms, 1)]
    assert min(left) >= 0
    if shard == 0:
        assert counted + COST <= limit * COST
    else:
        had = rooms[shard - 1] * COST if shard <= len(rooms) else 0
        assert had + plan.lends.get("mu", 0) >= COST
        assert counted <= limit * COST


def test_a_loan_is_one_transaction_on_the_bank_the_shard_and_those_that_give_back() -> None:
    on_bank = wanted(budget(10 * COST))
    items = {0: a_bank(mu=10 * COST, sh=3), 1: {}, 2: an_item(lmu=3 * COST)}
    plan = plan_loan(on_bank, 1, items, 1)
    assert isinstance(plan, Loan)
    steps = [step["Update"] for step in loan_transaction("usage", book_of(on_bank), plan, items)["TransactItems"]]
    assert [step["Key"]["pk"]["S"] for step in steps] == ["A#key_1", "A#key_1#1", "A#key_1#2"]
    assert all(step["ConditionExpression"] for step in steps)


def test_a_request_is_entered_in_the_latest_day_of_its_accounts() -> None:
    hold, demand = asking(a_hold("req_1", bound=BOUND))
    probe = entered_on_bank(Reserve(FENCE, replace(hold, entry=None), demand), {0: an_item(dd=21), 1: an_item(dd=20)})
    assert probe.hold.entry is not None
    assert probe.hold.entry.day == 21
