"""Users: the people of the organization, and which projects they are in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tenants.roles import Role, RoleBinding


class UserRole(StrEnum):
    """In the organization. A reader has what its projects give it, and nothing beyond."""

    OWNER = "owner"
    READER = "reader"


class MemberRole(StrEnum):
    """In a project."""

    OWNER = "owner"
    MEMBER = "member"


@dataclass(frozen=True, slots=True)
class User:
    """A person, under the id that keys are owned by, usage is attributed to, and tokens of sign-in name. Times are
    Unix seconds."""

    id: str
    added_at: int
    role: UserRole = UserRole.READER
    email: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """A user in a project. `email` and `name` are those that the user was added with."""

    tenant_id: str
    user_id: str
    role: MemberRole
    added_at: int
    email: str | None = None
    name: str | None = None

    @property
    def binding(self) -> RoleBinding:
        """What the person may do who signs in as this user."""
        role = Role.PROJECT_OWNER if self.role is MemberRole.OWNER else Role.PROJECT_MEMBER
        return RoleBinding(role, self.tenant_id, self.user_id)
