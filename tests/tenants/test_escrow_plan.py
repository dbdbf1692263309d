"""Whatever is planned stays within the cap, loses nothing, and finds what there is before it refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.escrow import POOLS, Escrow, Funds, Position, Share, Shortfall, Transfer, Want
from tenants.escrow_plan import (
    GRANT_REQUESTS,
    LEAST_REQUESTS,
    MOST_SOURCES,
    count_granted,
    plan_grants,
    plan_shrink,
    plan_takes,
)
from tenants.limits import Currency, Interval, Limits, SpendLimit

POOL, TOKENS, *_ = POOLS
DAY = 20


@dataclass(frozen=True, slots=True)
class Books:
    """A pool as it stands: the first room is that of the account that asks."""

    cap: int
    rooms: list[int]
    spent: int

    @property
    def granted(self) -> int:
        return sum(self.rooms) + self.spent

    @property
    def shares(self) -> list[Share]:
        return [Share(f"key_{number}", rooms={POOL: room}) for number, room in enumerate(self.rooms)]

    @property
    def position(self) -> Position:
        funds = Funds(grants={POOL: self.granted}, grantees=len(self.rooms))
        return Position(funds, self.shares[0], True, DAY)

    def want(self, amount: int, others: int = 0) -> Want:
        return Want(POOL, self.cap, amount, amount + others)

    def after(self, transfer: Transfer) -> Books:
        rooms = list(self.rooms)
        rooms[0] += transfer.grants.get(POOL, 0)
        for take in transfer.takes:
            rooms[int(take.key_id.removeprefix("key_"))] -= take.amounts[POOL]
        return Books(self.cap, rooms, self.spent)


books = st.builds(
    Books,
    cap=st.integers(0, 1_000),
    rooms=st.lists(st.integers(-20, 200), min_size=1, max_size=8),
    spent=st.integers(0, 600),
)


def plan(before: Books, want: Want) -> Transfer | Shortfall:
    return plan_grants([want], before.position) or plan_takes([want], before.position, before.shares[1:])


@given(before=books, amount=st.integers(1, 300), others=st.integers(0, 900))
def test_a_plan_suffices_within_the_cap_or_there_is_not_enough_anywhere(
    before: Books, amount: int, others: int
) -> None:
    outcome = plan(before, before.want(amount, others))
    if isinstance(outcome, Shortfall):
        assert before.cap - before.spent < amount
        assert outcome.unspent == sum(before.rooms)
        return
    after = before.after(outcome)
    assert after.rooms[0] >= amount
    assert after.granted <= max(before.cap, before.granted)
    if outcome.grants:
        assert after.granted <= before.cap
    for former, room in zip(before.rooms[1:], after.rooms[1:], strict=True):
        assert room == former or 0 <= room < former


@given(before=books, amount=st.integers(1, 50))
def test_nothing_is_taken_back_while_something_is_not_granted_yet(before: Books, amount: int) -> None:
    outcome = plan(before, before.want(amount))
    if isinstance(outcome, Transfer) and outcome.takes:
        assert max(0, before.cap - before.granted) + before.rooms[0] < amount


@given(before=books, cap=st.integers(0, 1_000))
def test_a_shrink_takes_back_all_that_is_too_much_or_all_there_is(before: Books, cap: int) -> None:
    escrow = Escrow("proj_1", 1, "2026-11", Limits(spend=(SpendLimit(Interval.MONTH, Currency.USD, cap),)))
    after = before.after(plan_shrink(escrow, before.position.funds, before.shares, DAY))
    if before.granted <= cap:
        assert after == before
    else:
        assert after.granted == cap or (after.granted > cap and max(after.rooms) <= 0)


def test_grants_shrink_from_fifty_requests_to_ten_as_the_budget_runs_out() -> None:
    sizes = []
    state = Books(cap=10_000, rooms=[0, 0, 0, 0, 0], spent=0)
    while state.granted < state.cap:
        transfer = plan_grants([state.want(10)], state.position)
        assert transfer is not None
        sizes.append(transfer.grants[POOL])
        state = Books(state.cap, [0, 0, 0, 0, 0], state.granted + sizes[-1])
    assert sizes[0] == GRANT_REQUESTS * 10
    assert sizes == sorted(sizes, reverse=True)
    assert LEAST_REQUESTS * 10 in sizes
    assert len(sizes) < 40


def test_a_key_is_granted_no_more_than_its_part_of_what_is_left() -> None:
    state = Books(cap=4_000, rooms=[0, 0, 0, 0], spent=3_000)
    transfer = plan_grants([state.want(10)], state.position)
    assert transfer is not None
    assert transfer.grants == {POOL: 250}


def test_all_that_wait_are_served_by_one_grant() -> None:
    state = Books(cap=1_000, rooms=[0] * 10, spent=0)
    transfer = plan_grants([state.want(10, others=190)], state.position)
    assert transfer is not None
    assert transfer.grants == {POOL: 200}


def test_an_account_that_has_enough_is_granted_nothing() -> None:
    state = Books(cap=100, rooms=[10], spent=0)
    transfer = plan_grants([state.want(10)], state.position)
    assert transfer is not None
    assert transfer.empty


def test_what_an_account_is_overdrawn_by_is_not_spent_by_another() -> None:
    state = Books(cap=100, rooms=[0, -30, 40], spent=90)
    assert isinstance(plan(state, state.want(11)), Shortfall)
    outcome = plan(state, state.want(10))
    assert isinstance(outcome, Transfer)
    assert state.after(outcome) == Books(100, [10, -30, 30], 90)


def test_the_fullest_accounts_are_taken_from_first() -> None:
    state = Books(cap=100, rooms=[0, 5, 60, 35], spent=0)
    outcome = plan(state, state.want(70))
    assert isinstance(outcome, Transfer)
    assert {take.key_id: take.amounts[POOL] for take in outcome.takes} == {"key_2": 60, "key_3": 10}


def test_what_is_taken_back_fills_an_account_up_to_what_each_has_on_average() -> None:
    state = Books(cap=300, rooms=[0, 200, 100], spent=0)
    outcome = plan(state, state.want(10))
    assert isinstance(outcome, Transfer)
    assert state.after(outcome) == Books(300, [100, 100, 100], 0)


def test_crumbs_of_very_many_accounts_are_gathered_in_several_transfers() -> None:
    state = Books(cap=100, rooms=[0] + [1] * 100, spent=0)
    rounds = 0
    while state.rooms[0] < 90:
        outcome = plan(state, state.want(90))
        assert isinstance(outcome, Transfer)
        assert len(outcome.takes) <= MOST_SOURCES
        state = state.after(outcome)
        rounds += 1
    assert (rounds, state.granted) == (3, 100)


def test_one_pool_without_enough_refuses_though_the_other_has_plenty() -> None:
    position = Position(Funds(grants={POOL: 0, TOKENS: 95}), Share("key_0"), True, DAY)
    wants: Sequence[Want] = [Want(POOL, 1_000, 10, 10), Want(TOKENS, 100, 10, 10)]
    assert plan_grants(wants, position) is None
    outcome = plan_takes(wants, position, [])
    assert isinstance(outcome, Shortfall)
    assert outcome.want.pool is TOKENS


@pytest.mark.parametrize(("day", "counted"), [(DAY, 9), (DAY + 1, 0)])
def test_what_accounts_were_granted_is_what_they_have_and_spent(day: int, counted: int) -> None:
    daily = POOLS[2]
    escrow = Escrow("proj_1", 1, "2026-11", Limits(spend=(SpendLimit(Interval.DAY, Currency.USD, 5),)))
    shares = [Share("a", day=DAY, rooms={daily: -1}, spendings={daily: 4}), Share("b", day=DAY, spendings={daily: 6})]
    assert count_granted(escrow, shares, day) == {daily: counted}
