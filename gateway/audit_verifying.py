"""Reads the audit trail and holds it against itself, and against heads that were kept elsewhere."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tenants.audit import ORGANIZATION
from tenants.audit_books import AuditBooks
from tenants.audit_chain import Head
from tenants.audit_check import TrailCheck, Verdict, in_both
from tenants.audit_order import FIRST_MONTH, AuditRange, first_id_at, month_begins_at_ms

# Entries of one chain are not in order of their ids, but each is written within moments of its id's making.
_MARGIN_MS = 3600 * 1000
_AHEAD_MS = 24 * 3600 * 1000
_LISTS_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Verification:
    """`since_ms` None: the whole trail."""

    books: AuditBooks
    since_ms: int | None
    now_ms: int
    kept: Sequence[Head] = ()

    async def verify(self) -> Verdict:
        """The verdict on the trail, which may be written to meanwhile. Raises LedgerUnavailable."""
        first = await self._read()
        return first if not first.problems else in_both(first, await self._read())

    async def _read(self) -> Verdict:
        check = TrailCheck(self.since_ms)
        since_ms = month_begins_at_ms(FIRST_MONTH) if self.since_ms is None else self.since_ms - _MARGIN_MS
        ids = AuditRange(first_id_at(since_ms), first_id_at(self.now_ms + _AHEAD_MS))
        for month in () if ids.empty else ids.oldest_first():
            by_tenant: dict[str, set[str]] = defaultdict(set)
            async for row in self.books.read_rows(month, ids):
                check.take(row)
                _note_tenant(by_tenant, row)
            await self._check_lists(check, month, ids, by_tenant)
        for head in self.kept:
            check.witness(head)
        return check.verdict()

    async def _check_lists(
        self, check: TrailCheck, month: str, ids: AuditRange, by_tenant: Mapping[str, set[str]]
    ) -> None:
        tenants = sorted(by_tenant)
        for first in range(0, len(tenants), _LISTS_AT_ONCE):
            some = tenants[first : first + _LISTS_AT_ONCE]
            for tenant_id, listed in zip(
                some, await asyncio.gather(*(self._listed(each, month, ids) for each in some)), strict=True
            ):
                for audit_id in by_tenant[tenant_id] - listed:
                    check.unlisted(audit_id, tenant_id)
                for audit_id in listed - by_tenant[tenant_id]:
                    check.listed_alone(audit_id, tenant_id)

    async def _listed(self, tenant_id: str, month: str, ids: AuditRange) -> set[str]:
        return {audit_id async for audit_id in self.books.read_pointers(tenant_id, month, ids)}


def _note_tenant(by_tenant: dict[str, set[str]], row: Mapping[str, Any]) -> None:
    tenant_id = row.get("tenant_id")
    if isinstance(tenant_id, str) and tenant_id != ORGANIZATION and "hash" in row:
        by_tenant[tenant_id].add(row["sk"])
