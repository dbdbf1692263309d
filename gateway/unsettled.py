"""Settles that the store has not taken yet: tried again until it does, or until nobody may settle them any more."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from gateway.event_log import to_log_fields
from gateway.open_hold import Taken
from tenants.event import UsageEvent

logger = logging.getLogger("sluice.ledger")

_FIRST_PAUSE_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 30.0
_MOST_WAITING = 10_000


@dataclass(frozen=True, slots=True)
class UnsettledHold:
    """A settle that the store has not taken yet. `certain`: the hold had been taken, so its being gone is news."""

    taken: Taken
    event: UsageEvent
    certain: bool


class Unsettled:
    """Those of a process, the oldest first. `try_again` tells whether one needs to wait no longer."""

    def __init__(
        self, try_again: Callable[[UnsettledHold], Awaitable[bool]], sleep: Callable[[float], Awaitable[object]]
    ) -> None:
        self._try_again = try_again
        self._sleep = sleep
        self._waiting: deque[UnsettledHold] = deque()
        self._retrying: asyncio.Task[None] | None = None

    def __bool__(self) -> bool:
        """Whether any waits."""
        return bool(self._waiting)

    def add(self, left: UnsettledHold) -> None:
        """With too many already it is left to expire, which the log says."""
        if len(self._waiting) >= _MOST_WAITING:
            logger.error("too much waits for the store; a settle is left to expire", extra=to_log_fields(left.event))
            return
        self._waiting.append(left)
        if self._retrying is None or self._retrying.done():
            self._retrying = asyncio.create_task(self._retry(), name="settle-retries")

    def close(self) -> None:
        """Try no more; the log has what is left."""
        for left in self._waiting:
            logger.error("a settle is left to its hold's expiry", extra=to_log_fields(left.event))
        if self._retrying is not None:
            self._retrying.cancel()

    async def _retry(self) -> None:
        """One attempt at a time, however much waits: a store that comes back is not to be run over."""
        pause_seconds = _FIRST_PAUSE_SECONDS
        while self._waiting:
            await self._sleep(pause_seconds)
            while self._waiting and await self._try_again(self._waiting[0]):
                self._waiting.popleft()
                pause_seconds = _FIRST_PAUSE_SECONDS
            pause_seconds = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS)
