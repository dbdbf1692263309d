"""What the store promises of those who use the control plane. One suite of tests holds every engine to it."""

from __future__ import annotations

from typing import Protocol

from tenants.admin_key import AdminKey
from tenants.audit import AuditEvent
from tenants.store import Page


class Administrators(Protocol):
    """Admin keys. Reads are strongly consistent; every change and its audit entry are one."""

    async def create_admin_key(self, key: AdminKey, audit: AuditEvent) -> None:
        """Raises Conflict where the id is taken."""
        ...

    async def find_admin_key(self, key_id: str) -> AdminKey | None:
        """No answer is LedgerUnavailable, never None."""
        ...

    async def list_admin_keys(self, after: str | None, limit: int, *, descending: bool = False) -> Page[AdminKey]:
        """In order of creation, or in the opposite one: those that come after the one with id `after`."""
        ...

    async def delete_admin_key(self, key: AdminKey, audit: AuditEvent) -> None:
        """When this returns, the key is refused everywhere. Raises NotFound."""
        ...

    async def note_use(self, key: AdminKey, at_seconds: int) -> None:
        """Say when a key was used. Changes nothing where a later use is known or the key is gone."""
        ...

    async def close(self) -> None: ...
