"""What the store promises of users. One suite of tests holds every engine to it."""

from __future__ import annotations

from typing import Protocol

from tenants.audit import AuditEvent
from tenants.store import Page
from tenants.user import Member, User


class Users(Protocol):
    """Users and members. Reads are strongly consistent, lists in order of user ids; every change and its audit entry
    are one."""

    async def find_user(self, user_id: str) -> User | None: ...

    async def list_users(self, after: str | None, limit: int) -> Page[User]: ...

    async def update_user(self, user: User, audit: AuditEvent) -> None:
        """Raises NotFound."""
        ...

    async def delete_user(self, user: User, audit: AuditEvent) -> None:
        """Raises NotFound. The projects that the user is in are for the caller to take it out of first."""
        ...

    async def add_member(self, member: Member, new_user: User | None, audit: AuditEvent) -> None:
        """Put a user into a project, and first into the organization where `new_user` is given.

        Raises NotFound where the project is missing or archived, Conflict where the user is in it, or in the
        organization, already; or is not there any more.
        """
        ...

    async def find_member(self, tenant_id: str, user_id: str) -> Member | None: ...

    async def list_members(self, tenant_id: str, after: str | None, limit: int) -> Page[Member]: ...

    async def list_projects_of(self, user_id: str) -> tuple[str, ...]:
        """The ids of the projects that the user is in."""
        ...

    async def update_member(self, member: Member, audit: AuditEvent) -> None:
        """Raises NotFound."""
        ...

    async def delete_member(self, member: Member, audit: AuditEvent) -> None:
        """Raises NotFound."""
        ...

    async def close(self) -> None: ...
