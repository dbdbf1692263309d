from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.roles import ALLOWED, FULL_ACCESS, NO_ACCESS, Access, Permission, Role, RoleBinding

OWNER, VIEWER = RoleBinding(Role.ORG_OWNER), RoleBinding(Role.ORG_VIEWER)
P_OWNER, Q_OWNER = RoleBinding(Role.PROJECT_OWNER, "proj_p"), RoleBinding(Role.PROJECT_OWNER, "proj_q")
P_MEMBER = RoleBinding(Role.PROJECT_MEMBER, "proj_p", "anna")
Q_MEMBER = RoleBinding(Role.PROJECT_MEMBER, "proj_q", "anna")
PROJECTS = ("proj_p", "proj_q")

bindings = st.sampled_from(
    [OWNER, VIEWER, P_OWNER, Q_OWNER, P_MEMBER, Q_MEMBER, RoleBinding(Role.PROJECT_MEMBER, "proj_p", "bob")]
)


def reach(binding: RoleBinding) -> set[tuple[Permission, str, str]]:
    """Every permission that it gives, in which project, for whose things."""
    access, users, reached = Access((binding,)), ("anna", "bob", "carl"), set()
    for permission in Permission:
        for project_id in (*PROJECTS, "proj_later"):
            if access.may(permission, project_id):
                own = access.find_own_user(permission, project_id)
                reached |= {(permission, project_id, user) for user in users if own in (None, user)}
    return reached


def test_every_permission_is_in_the_table_and_an_owner_has_it() -> None:
    assert set(ALLOWED) == set(Permission)
    assert all(Role.ORG_OWNER in roles for roles in ALLOWED.values())


def test_a_viewer_reads_everything_and_changes_nothing() -> None:
    assert {each for each in Permission if VIEWER.role in ALLOWED[each]} == {
        each for each in Permission if each.value.endswith(".read")
    }


@given(bindings, bindings)
def test_a_binding_includes_another_only_if_it_reaches_all_of_it(one: RoleBinding, other: RoleBinding) -> None:
    if one.includes(other):
        assert reach(one) >= reach(other)


@given(bindings, bindings)
def test_no_two_different_bindings_include_each_other(one: RoleBinding, other: RoleBinding) -> None:
    assert one == other or not (one.includes(other) and other.includes(one))


@given(bindings, bindings)
def test_a_second_binding_takes_nothing_away(one: RoleBinding, other: RoleBinding) -> None:
    both = Access((one, other))
    for permission in Permission:
        for project_id in PROJECTS:
            assert both.may(permission, project_id) == any(
                Access((each,)).may(permission, project_id) for each in (one, other)
            )


@pytest.mark.parametrize(
    ("role", "project_id", "user_id"),
    [
        (Role.ORG_OWNER, "proj_p", None),
        (Role.ORG_VIEWER, "proj_p", None),
        (Role.PROJECT_OWNER, None, None),
        (Role.PROJECT_MEMBER, None, "anna"),
        (Role.PROJECT_MEMBER, "proj_p", None),
        (Role.PROJECT_MEMBER, "proj_p", ""),
    ],
)
def test_a_binding_that_cannot_be_is_refused(role: Role, project_id: str | None, user_id: str | None) -> None:
    with pytest.raises(ValueError, match=role.value):
        RoleBinding(role, project_id, user_id)


def test_a_project_is_seen_by_its_own_roles_and_by_those_of_the_organization() -> None:
    for binding in (OWNER, VIEWER, P_OWNER, P_MEMBER):
        assert Access((binding,)).sees_project("proj_p")
    for binding in (P_OWNER, P_MEMBER):
        assert not Access((binding,)).sees_project("proj_q")
    assert not NO_ACCESS.sees_project("proj_p")


def test_without_a_binding_nothing_is_allowed() -> None:
    assert not [each for each in Permission if NO_ACCESS.may(each)]
    assert NO_ACCESS.find_highest() is None
    assert NO_ACCESS.projects_with(Permission.USAGE_READ) == frozenset()
    assert not NO_ACCESS.includes(P_MEMBER)


def test_projects_with_a_permission_are_all_or_those_of_the_bindings_that_give_it() -> None:
    assert FULL_ACCESS.projects_with(Permission.KEYS_MANAGE) is None
    mixed = Access((P_OWNER, Q_MEMBER))
    assert mixed.projects_with(Permission.KEYS_MANAGE) == frozenset({"proj_p"})
    assert mixed.projects_with(Permission.USAGE_READ) == frozenset({"proj_p", "proj_q"})
    assert Access((VIEWER, P_OWNER)).projects_with(Permission.KEYS_MANAGE) == frozenset({"proj_p"})


def test_whose_keys_are_reached_depends_on_the_permission_not_on_what_else_may_be_read() -> None:
    """A viewer of everything who is a member here sees all keys, and may end its own alone."""
    access = Access((VIEWER, P_MEMBER))
    assert access.find_own_user(Permission.KEYS_READ, "proj_p") is None
    assert access.find_own_user(Permission.KEYS_OPERATE, "proj_p") == "anna"
    with pytest.raises(LookupError):
        access.find_own_user(Permission.KEYS_OPERATE, "proj_q")


def test_an_owner_of_a_project_who_is_a_member_too_reaches_everybodys_keys() -> None:
    assert Access((P_MEMBER, P_OWNER)).find_own_user(Permission.KEYS_OPERATE, "proj_p") is None


def test_the_highest_binding_is_that_of_the_largest_role() -> None:
    assert Access((P_MEMBER, VIEWER, Q_OWNER)).find_highest() == VIEWER
    assert Access((P_MEMBER, Q_OWNER)).find_highest() == Q_OWNER
