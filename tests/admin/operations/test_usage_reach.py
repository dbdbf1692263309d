from __future__ import annotations

import pytest

from admin.operations.usage_export import ExportQuestion
from admin.operations.usage_reach import UsageReach, narrow_export
from tenants.errors import InvalidArgument, NotFound
from tenants.event_order import Period
from tenants.roles import FULL_ACCESS, Access, Permission, Role, RoleBinding

P_OWNER, Q_OWNER = (RoleBinding(Role.PROJECT_OWNER, each) for each in ("proj_p", "proj_q"))
Q_MEMBER, R_MEMBER = (RoleBinding(Role.PROJECT_MEMBER, each, "anna") for each in ("proj_q", "proj_r"))


def narrowed(*bindings: RoleBinding, asked: tuple[str, ...] = ()) -> tuple[frozenset[str] | None, str | None]:
    return UsageReach(Access(bindings), Permission.USAGE_READ).narrow(frozenset(asked) or None)


def test_who_sees_everything_is_asked_nothing() -> None:
    assert narrowed(*FULL_ACCESS.bindings) == (None, None)
    assert narrowed(*FULL_ACCESS.bindings, asked=("proj_x",)) == (frozenset({"proj_x"}), None)


def test_an_answer_is_about_all_projects_of_roles_that_see_as_much() -> None:
    assert narrowed(P_OWNER, Q_OWNER) == (frozenset({"proj_p", "proj_q"}), None)
    assert narrowed(Q_MEMBER, R_MEMBER) == (frozenset({"proj_q", "proj_r"}), "anna")
    assert narrowed(P_OWNER, Q_OWNER, asked=("proj_q",)) == (frozenset({"proj_q"}), None)


def test_roles_that_see_differently_are_asked_about_one_by_one() -> None:
    with pytest.raises(InvalidArgument) as asked:
        narrowed(P_OWNER, Q_MEMBER)
    assert asked.value.param == "project_ids"
    assert narrowed(P_OWNER, Q_MEMBER, asked=("proj_p",)) == (frozenset({"proj_p"}), None)
    assert narrowed(P_OWNER, Q_MEMBER, asked=("proj_q",)) == (frozenset({"proj_q"}), "anna")


def test_an_owner_who_is_a_member_of_the_same_project_sees_all_of_it() -> None:
    assert narrowed(Q_OWNER, Q_MEMBER) == (frozenset({"proj_q"}), None)


@pytest.mark.parametrize("asked", [("proj_x",), ("proj_p", "proj_x")])
def test_another_project_is_not_found_even_beside_an_own_one(asked: tuple[str, ...]) -> None:
    with pytest.raises(NotFound, match="proj_x"):
        narrowed(P_OWNER, asked=asked)


def test_an_export_is_narrowed_alike() -> None:
    reach = UsageReach(Access((Q_MEMBER,)), Permission.USAGE_READ)
    question = narrow_export(ExportQuestion(Period(0, 1), after="req_1"), reach)
    assert question == ExportQuestion(Period(0, 1), frozenset({"proj_q"}), "req_1", "anna")
