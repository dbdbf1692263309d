"""The sweep of a server, in the background."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from gateway.sweeping import Sweeper, Swept
from tenants.errors import LedgerUnavailable

logger = logging.getLogger("sluice.ledger")

_TURN_SHARE = 0.9


class Sweeping:
    """Sweeps in the background of a server: one process at a time, `interval_seconds` apart. Start it once, close it at
    the end. `sleep` takes seconds; `randomness` gives numbers from 0 to 1, so that processes do not come together.
    """

    def __init__(
        self,
        sweeper: Sweeper,
        interval_seconds: float,
        randomness: Callable[[], float],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._sweeper = sweeper
        self._interval_seconds = interval_seconds
        self._randomness = randomness
        self._sleep = sleep
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Nothing where the interval is 0."""
        if self._interval_seconds > 0:
            self._task = asyncio.create_task(self._run(), name="ledger-sweep")

    async def close(self) -> None:
        """What a sweep was about to do is left to the next one."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            await self._sleep(self._interval_seconds * (0.5 + self._randomness()))
            try:
                found = await self._sweeper.sweep_in_turn(int(self._interval_seconds * 1000 * _TURN_SHARE))
            except LedgerUnavailable:
                logger.warning("the ledger could not be swept: the store is unavailable")
            except Exception:
                logger.exception("the ledger could not be swept")
            else:
                _report(found or Swept())


def _report(found: Swept) -> None:
    if found.abandoned or found.delivered or found.failed:
        left = {"abandoned": found.abandoned, "delivered": found.delivered, "failed": found.failed}
        logger.warning("the sweep finished what others left", extra=left)
