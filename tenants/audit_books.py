"""What the store promises to readers of the audit trail."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tenants.audit import AuditEvent
from tenants.audit_order import AuditRange


@dataclass(frozen=True, slots=True)
class AuditStretch:
    """Entries of one month (`2026-11`), of all tenants or of those named: at most `limit` of them."""

    month: str
    range: AuditRange
    tenant_ids: tuple[str, ...] | None
    newest_first: bool
    limit: int


@dataclass(frozen=True, slots=True)
class AuditSlice:
    """The entries in order. `exhausted`: the stretch has no more."""

    entries: tuple[AuditEvent, ...]
    exhausted: bool


class AuditBooks(Protocol):
    """The audit trail. Reads are strongly consistent, by key: never a scan."""

    async def read(self, stretch: AuditStretch) -> AuditSlice:
        """The first entries of the stretch, in one read, or one and a batch for each tenant named.

        Raises LedgerUnavailable.
        """
        ...

    def read_rows(self, month: str, ids: AuditRange) -> AsyncGenerator[Mapping[str, Any], None]:
        """Entries as they are stored, places in chains included, in order of their ids. Raises LedgerUnavailable."""
        ...

    def read_pointers(self, tenant_id: str, month: str, ids: AuditRange) -> AsyncGenerator[str, None]:
        """The ids of a tenant's entries, as they are listed apart. Raises LedgerUnavailable."""
        ...
