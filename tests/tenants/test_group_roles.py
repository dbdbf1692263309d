from __future__ import annotations

import pytest

from tenants.group_roles import GroupRole, parse_group_roles
from tenants.roles import Role, RoleBinding


def test_groups_have_the_roles_that_the_text_gives_them() -> None:
    text = " platform-admins=org.owner, cn=x=org.viewer,leads=project.owner:proj_1,leads=project.member:proj_2, "
    assert parse_group_roles(text) == {
        "platform-admins": (GroupRole(Role.ORG_OWNER),),
        "cn=x": (GroupRole(Role.ORG_VIEWER),),
        "leads": (GroupRole(Role.PROJECT_OWNER, "proj_1"), GroupRole(Role.PROJECT_MEMBER, "proj_2")),
    }
    assert parse_group_roles("") == {}


@pytest.mark.parametrize(
    "text",
    [
        "admins", "admins=", "=org.owner", " = org.owner", "admins=owner", "a=org.owner:proj_1", "a=project.owner",
        "a=project.member:", "a=project.owner:team", "a=project.owner:proj_1 b",
    ],
)  # fmt: skip
def test_any_other_text_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write <group>="):
        parse_group_roles(text)


def test_a_member_without_an_id_gets_nothing() -> None:
    assert GroupRole(Role.PROJECT_MEMBER, "proj_1").find_binding(None) is None
    assert GroupRole(Role.PROJECT_OWNER, "proj_1").find_binding(None) == RoleBinding(Role.PROJECT_OWNER, "proj_1")
    assert GroupRole(Role.ORG_VIEWER).find_binding("anna") == RoleBinding(Role.ORG_VIEWER, None, "anna")
