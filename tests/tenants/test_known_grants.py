"""What is believed to be missing is drawn first; what is not known or there is asked for; nobody waits twice."""

from __future__ import annotations

from tenants.account_caps import GrantDraw
from tenants.known_grants import KnownGrants

ACCOUNT = ("key_1", "2026-11")
OTHER = ("key_2", "2026-11")


def drawing(amount: int) -> tuple[GrantDraw, ...]:
    return (GrantDraw("au", amount), GrantDraw("ak", 1))


def knowing(left: int) -> KnownGrants:
    grants = KnownGrants()
    grants.see(ACCOUNT, {"au": {"N": str(left)}, "ak": {"N": "100"}, "mu": {"N": "7"}}, ("au", "ak"))
    return grants


def test_an_account_that_nobody_saw_is_asked() -> None:
    assert not KnownGrants().holds_back(ACCOUNT, "req_1", drawing(10))
    assert not knowing(0).holds_back(OTHER, "req_1", drawing(10))


def test_what_is_believed_to_be_there_is_asked_for_and_what_is_missing_drawn_first() -> None:
    assert not knowing(10).holds_back(ACCOUNT, "req_1", drawing(10))
    assert knowing(9).holds_back(ACCOUNT, "req_1", drawing(10))


def test_reserves_under_way_take_of_what_is_left_until_they_end() -> None:
    grants = knowing(25)
    for request_id in ("req_1", "req_2"):
        assert not grants.holds_back(ACCOUNT, request_id, drawing(10))
        grants.begin(ACCOUNT, request_id, drawing(10))
    assert grants.holds_back(ACCOUNT, "req_3", drawing(10))
    grants.end(ACCOUNT, "req_1")
    assert not grants.holds_back(ACCOUNT, "req_4", drawing(10))


def test_a_request_is_held_back_once() -> None:
    grants = knowing(0)
    assert [grants.holds_back(ACCOUNT, "req_1", drawing(1)) for _ in range(2)] == [True, False]


def test_a_grant_that_was_not_seen_holds_nobody_back() -> None:
    assert not knowing(10).holds_back(ACCOUNT, "req_1", (GrantDraw("eu", 5),))


def test_after_a_write_that_nobody_knows_of_the_account_is_asked() -> None:
    grants = knowing(0)
    grants.forget(ACCOUNT)
    assert not grants.holds_back(ACCOUNT, "req_1", drawing(1))
