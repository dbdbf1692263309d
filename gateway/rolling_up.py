"""The sums that reports are made of, made ahead: of the hours and days in which a tenant's keys were used, once they
are closed. A report makes what is missing itself; this only spares it the wait.

Which tenants those are is read from the lists of active accounts (`tenants/active_accounts.py`), never by a scan. It
may be repeated and run by several processes at once: what is rolled up already costs a read.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from tenants.active_accounts import HOUR_MS, ActiveAccount, begin_of_hour_ms, hours_since
from tenants.dynamo_active_accounts import ActiveAccounts
from tenants.errors import LedgerUnavailable
from tenants.event_order import Period, day_period
from tenants.periods import day_of
from tenants.store import Ledger
from tenants.usage_books import DayQuestion, UsageBooks

logger = logging.getLogger("sluice.ledger")

T = TypeVar("T")

HOURS: Final = 72.0
"""How far back it looks: past every day that was not closed when it was last looked at, over a weekend's outage."""

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class RolledUp:
    """`days`: of one tenant each, whose closed hours are rolled up now. `pages` were read of the store for it. `failed`
    accounts and days could not be read, and are looked at by the next one."""

    days: int = 0
    pages: int = 0
    failed: int = 0

    def __add__(self, other: RolledUp) -> RolledUp:
        return RolledUp(self.days + other.days, self.pages + other.pages, self.failed + other.failed)


class RollingUp:
    """`hold_seconds` is how long a request may take; `clock_ms` is wall time in milliseconds."""

    def __init__(
        self,
        ledger: Ledger,
        active: ActiveAccounts,
        usage: UsageBooks,
        hold_seconds: float,
        clock_ms: Callable[[], int],
    ) -> None:
        self._ledger = ledger
        self._active = active
        self._usage = usage
        self._hold_ms = int(hold_seconds * 1000)
        self._clock_ms = clock_ms

    async def roll_up(self, hours: float = HOURS) -> RolledUp:
        """What was used in the last `hours` hours. Raises LedgerUnavailable where the lists cannot be read."""
        now_ms = self._clock_ms()
        days: dict[ActiveAccount, set[str]] = {}
        for hour in hours_since(hours, now_ms):
            for account in await self._active.list(hour):
                days.setdefault(account, set()).update(self._days_after(hour))
        tenants = await _in_turn([self._find_tenant(account) for account in days])
        wanted = {
            (tenant_id, day)
            for tenant_id, used in zip(tenants, days.values(), strict=True)
            for day in used
            if tenant_id
        }
        rolled_up = await _in_turn([self._roll_up_day(*each, now_ms) for each in sorted(wanted)])
        return sum(rolled_up, RolledUp(failed=tenants.count("")))

    def _days_after(self, hour: str) -> set[str]:
        """Of what begins in an hour the event may be of the next day."""
        begin_ms = begin_of_hour_ms(hour)
        return {day_of(begin_ms), day_of(begin_ms + HOUR_MS + self._hold_ms)}

    async def _find_tenant(self, active: ActiveAccount) -> str | None:
        """Empty where the account could not be read."""
        try:
            account = await self._ledger.find_account(active.key_id, active.month)
        except LedgerUnavailable:
            logger.warning("an account could not be read", extra={"key_id": active.key_id, "month": active.month})
            return ""
        return None if account is None else account.tenant_id

    async def _roll_up_day(self, tenant_id: str, day: str, now_ms: int) -> RolledUp:
        whole = day_period(day)
        closed = Period(whole.from_ms, min(whole.to_ms, self._usage.complete_until_ms(now_ms)))
        if closed.to_ms <= closed.from_ms:
            return RolledUp()
        try:
            answer = await self._usage.sum_day(DayQuestion(tenant_id, day, (closed,), now_ms))
        except LedgerUnavailable:
            logger.warning("a day could not be rolled up", extra={"project_id": tenant_id, "day": day})
            return RolledUp(failed=1)
        return RolledUp(days=1, pages=answer.pages)


async def _in_turn(waiting: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
    """What they return, a few running at once."""
    done: list[T] = []
    for first in range(0, len(waiting), _AT_ONCE):
        done += await asyncio.gather(*waiting[first : first + _AT_ONCE])
    return done
