"""Which groups of an identity provider have which roles: the operator's table, as text. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tenants.roles import Role, RoleBinding

_PROJECT_ID = re.compile(r"proj_[0-9A-Za-z]{1,64}")


@dataclass(frozen=True, slots=True)
class GroupRole:
    """A role without the person: whoever is in the group has it. `project_id` as in a RoleBinding."""

    role: Role
    project_id: str | None = None

    def find_binding(self, user_id: str | None) -> RoleBinding | None:
        """The binding of a person; None for a member whom no id tells from others."""
        if self.role is Role.PROJECT_MEMBER and user_id is None:
            return None
        return RoleBinding(self.role, self.project_id, user_id)


GroupRoles = Mapping[str, tuple[GroupRole, ...]]


def parse_group_roles(text: str) -> GroupRoles:
    """Of `<group>=<role>` or `<group>=<role>:<project>`, comma-separated; a group may come more than once.

    Raises ValueError, which says what to write.
    """
    roles: dict[str, tuple[GroupRole, ...]] = {}
    for entry in (each.strip() for each in text.split(",") if each.strip()):
        group, _, said = entry.rpartition("=")
        name, _, project_id = said.strip().partition(":")
        if not group.strip() or name not in {role.value for role in Role}:
            raise ValueError(f"{entry!r}: write <group>=<role>, with a role of {', '.join(Role)}")
        role = Role(name)
        if role.of_project and _PROJECT_ID.fullmatch(project_id) is None:
            raise ValueError(f"{entry!r}: the role {role} is of one project: write <group>={role}:proj_…")
        if not role.of_project and project_id:
            raise ValueError(f"{entry!r}: the role {role} is of no project: write <group>={role}")
        given = GroupRole(role, project_id or None)
        roles[group.strip()] = (*roles.get(group.strip(), ()), given)
    return roles
