"""Where projects stand, as their keys' holders may see it: read seldom, however often they ask."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from tenants.tenant_standing import TenantStanding
from tenants.window import Window, window_of

KEPT_MS: Final = 5_000
"""How old it may be. Each look reads the accounts of all the project's keys, and whoever has one of them may ask."""

_REMEMBERED = 1_000


class Standings(Protocol):
    """See `tenants.dynamo_escrow.TenantBudgets`."""

    async def standing(self, tenant_id: str, month: str, day: str) -> TenantStanding: ...


@dataclass(frozen=True, slots=True)
class _Look:
    began_ms: int
    day: str
    found: asyncio.Task[TenantStanding]

    def is_fresh(self, now_ms: int, today: Window) -> bool:
        failed = self.found.done() and (self.found.cancelled() or self.found.exception() is not None)
        return not failed and self.day == today.day and 0 <= now_ms - self.began_ms < KEPT_MS


class ProjectStandings:
    """One per process. `clock_ms` is wall time in milliseconds."""

    def __init__(self, budgets: Standings, clock_ms: Callable[[], int]) -> None:
        self._budgets = budgets
        self._clock_ms = clock_ms
        self._looks: OrderedDict[str, _Look] = OrderedDict()

    async def get(self, project_id: str) -> TenantStanding:
        """As of at most KEPT_MS ago. Who asks while somebody looks waits for that look. Raises LedgerUnavailable."""
        now_ms = self._clock_ms()
        today = window_of(now_ms)
        look = self._looks.get(project_id)
        if look is None or not look.is_fresh(now_ms, today):
            reading = asyncio.create_task(self._budgets.standing(project_id, today.month, today.day))
            look = _Look(now_ms, today.day, reading)
            self._looks[project_id] = look
            self._looks.move_to_end(project_id)
            if len(self._looks) > _REMEMBERED:
                self._looks.popitem(last=False)
        return await asyncio.shield(look.found)
