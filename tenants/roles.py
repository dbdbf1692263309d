"""Who may do what on the control plane: roles, permissions, and the one table of both. Pure.

A binding gives a role: of the organization, or of one project. What an actor may do is what any of its bindings lets
it do; nothing is denied beyond that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """Roles of the organization see every project; roles of a project see no other. A member sees its own keys."""

    ORG_OWNER = "org.owner"
    ORG_VIEWER = "org.viewer"
    PROJECT_OWNER = "project.owner"
    PROJECT_MEMBER = "project.member"

    @property
    def of_project(self) -> bool:
        return self in (Role.PROJECT_OWNER, Role.PROJECT_MEMBER)


class Permission(StrEnum):
    """What a route asks for. Of keys and usage, a project's member has its own alone."""

    ACTOR_READ = "actor.read"
    ORGANIZATION_READ = "organization.read"
    ORGANIZATION_MANAGE = "organization.manage"
    ADMIN_KEYS_READ = "admin_keys.read"
    ADMIN_KEYS_MANAGE = "admin_keys.manage"
    PROJECT_READ = "project.read"
    PROJECT_MANAGE = "project.manage"
    PROJECT_SETTINGS_READ = "project.settings.read"
    MEMBERS_READ = "members.read"
    MEMBERS_MANAGE = "members.manage"
    SERVICE_ACCOUNTS_READ = "service_accounts.read"
    SERVICE_ACCOUNTS_MANAGE = "service_accounts.manage"
    KEYS_READ = "keys.read"
    KEYS_OPERATE = "keys.operate"
    KEYS_MANAGE = "keys.manage"
    LEAKED_KEYS_REPORT = "leaked_keys.report"
    USAGE_READ = "usage.read"
    MODELS_READ = "models.read"
    AUDIT_READ = "audit.read"


_OWNER = frozenset({Role.ORG_OWNER})
_ORGANIZATION = frozenset({Role.ORG_OWNER, Role.ORG_VIEWER})
_OWNERS = frozenset({Role.ORG_OWNER, Role.PROJECT_OWNER})
_ALL_BUT_MEMBERS = frozenset({Role.ORG_OWNER, Role.ORG_VIEWER, Role.PROJECT_OWNER})
_ALL_BUT_VIEWERS = frozenset({Role.ORG_OWNER, Role.PROJECT_OWNER, Role.PROJECT_MEMBER})
_ALL = frozenset(Role)

ALLOWED: Mapping[Permission, frozenset[Role]] = {
    Permission.ACTOR_READ: _ALL,
    Permission.ORGANIZATION_READ: _ORGANIZATION,
    Permission.ORGANIZATION_MANAGE: _OWNER,
    Permission.ADMIN_KEYS_READ: _ALL_BUT_MEMBERS,
    Permission.ADMIN_KEYS_MANAGE: _OWNERS,
    Permission.PROJECT_READ: _ALL,
    Permission.PROJECT_MANAGE: _OWNER,
    Permission.PROJECT_SETTINGS_READ: _ALL_BUT_MEMBERS,
    Permission.MEMBERS_READ: _ALL_BUT_MEMBERS,
    Permission.MEMBERS_MANAGE: _OWNERS,
    Permission.SERVICE_ACCOUNTS_READ: _ALL_BUT_MEMBERS,
    Permission.SERVICE_ACCOUNTS_MANAGE: _OWNERS,
    Permission.KEYS_READ: _ALL,
    Permission.KEYS_OPERATE: _ALL_BUT_VIEWERS,
    Permission.KEYS_MANAGE: _OWNERS,
    Permission.LEAKED_KEYS_REPORT: _OWNER,
    Permission.USAGE_READ: _ALL,
    Permission.MODELS_READ: _ALL,
    Permission.AUDIT_READ: _ALL_BUT_MEMBERS,
}


@dataclass(frozen=True, slots=True)
class RoleBinding:
    """A role, and where it holds. `project_id` is None for roles of the organization and for no others.

    `user_id`: the person it was given to, under the id that keys and usage have; a member has to have one. Raises
    ValueError for a binding that cannot be.
    """

    role: Role
    project_id: str | None = None
    user_id: str | None = None

    def __post_init__(self) -> None:
        if self.role.of_project != (self.project_id is not None):
            raise ValueError(f"the role {self.role} is of {'one project' if self.role.of_project else 'no project'}")
        if self.role is Role.PROJECT_MEMBER and not self.user_id:
            raise ValueError(f"the role {self.role} needs the id of a user")

    def holds_in(self, project_id: str) -> bool:
        return self.project_id in (None, project_id)

    def includes(self, other: RoleBinding) -> bool:
        """Whether nobody with the other one can do what is not possible with this one."""
        if self.role is Role.ORG_OWNER or self == other:
            return True
        return self.role is Role.PROJECT_OWNER and self.project_id == other.project_id


@dataclass(frozen=True, slots=True)
class Access:
    """All that an actor may do. Without bindings: nothing."""

    bindings: tuple[RoleBinding, ...] = ()

    def may(self, permission: Permission, project_id: str | None = None) -> bool:
        """Whether it has the permission in this project, or, where none is named, anywhere."""
        return bool(self._allowing(permission, project_id))

    def sees_project(self, project_id: str) -> bool:
        """Whether it may learn that there is such a project."""
        return any(binding.holds_in(project_id) for binding in self.bindings)

    def projects_with(self, permission: Permission) -> frozenset[str] | None:
        """The projects in which it has the permission; None for all there are and will be."""
        projects = {binding.project_id for binding in self._allowing(permission)}
        return None if None in projects else frozenset(each for each in projects if each is not None)

    def find_own_user(self, permission: Permission, project_id: str) -> str | None:
        """The user whose keys and usage alone it reaches with the permission in this project; None for everybody's.

        Raises LookupError where it has no such permission there.
        """
        allowing = self._allowing(permission, project_id)
        if not allowing:
            raise LookupError(f"no {permission} in {project_id}")
        members = [binding.user_id for binding in allowing if binding.role is Role.PROJECT_MEMBER]
        return members[0] if len(members) == len(allowing) else None

    def includes(self, binding: RoleBinding) -> bool:
        """Whether it may give this binding away: it can do all that is possible with it."""
        return any(own.includes(binding) for own in self.bindings)

    def find_highest(self) -> RoleBinding | None:
        """The binding with the largest role; None where there is none."""
        order = list(Role)
        return min(self.bindings, key=lambda binding: order.index(binding.role), default=None)

    def _allowing(self, permission: Permission, project_id: str | None = None) -> list[RoleBinding]:
        roles = ALLOWED[permission]
        return [
            binding
            for binding in self.bindings
            if binding.role in roles and (project_id is None or binding.holds_in(project_id))
        ]


NO_ACCESS = Access()
FULL_ACCESS = Access((RoleBinding(Role.ORG_OWNER),))
