"""Opening accounts: a month's first request makes the account, and a change that nobody put on it raises its fence."""

from __future__ import annotations

import asyncio
import logging

from tenants.errors import FenceStale
from tenants.principal import Fence
from tenants.store import Ledger

logger = logging.getLogger("sluice.ledger")


class AccountOpening:
    """One per process: requests that find an account behind at the same time open it once."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._opening: dict[tuple[Fence, str], asyncio.Task[None]] = {}

    async def open_where_behind(self, fence: Fence, month: str, stale: FenceStale) -> None:
        """Raise the account to the record's versions, unless it has them: then only this process was behind."""
        if (stale.key_version, stale.tenant_version) == (fence.key_version, fence.tenant_version):
            return
        if (stale.key_version or 0) > fence.key_version or (stale.tenant_version or 0) > fence.tenant_version:
            # So it is when `core` was restored from a backup: its versions have to be raised past the accounts'.
            logger.error("an account is ahead of the records", extra={"key_id": fence.key_id, "month": month})
        opening = self._opening.get((fence, month))
        if opening is None:
            opening = self._opening[fence, month] = asyncio.create_task(self._open(fence, month))
        await asyncio.shield(opening)

    async def _open(self, fence: Fence, month: str) -> None:
        try:
            await self._ledger.open_account(fence, month)
        except FenceStale:
            pass  # changed once more: the next reserve says so
        finally:
            del self._opening[fence, month]
