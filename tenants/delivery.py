"""From the outbox to the events: what a settle stored on its account becomes a row of its own.

A background task of each process writes events in batches, and retries for as long as it takes: until then they are
durable in their accounts. What a process could not deliver before it died is found by the next one that reads the
account, and delivered under the same request id.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from tenants.account import Account
from tenants.errors import LedgerUnavailable
from tenants.event import UsageEvent
from tenants.store import Ledger

logger = logging.getLogger("sluice.ledger")

BATCH_EVENTS = 25  # the most that one BatchWriteItem takes
LEFTOVER_GRACE_MS = 15_000  # an outbox entry younger than this is still its own process's to deliver
_RETRY_SECONDS = 1.0
_QUEUE_EVENTS = 10_000


class Delivery:
    """Delivers usage events, and finishes what other processes left on accounts. Start it once, close it at the end."""

    def __init__(self, ledger: Ledger, clock_ms: Callable[[], int]) -> None:
        self._ledger = ledger
        self._clock_ms = clock_ms
        self._queue: asyncio.Queue[UsageEvent | Account] = asyncio.Queue(_QUEUE_EVENTS)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="usage-event-delivery")

    async def close(self, grace_seconds: float) -> None:
        """Deliver what is queued, for at most `grace_seconds`; the rest stays in the accounts."""
        if self._task is None:
            return
        try:
            await asyncio.wait_for(self._queue.join(), grace_seconds)
        except TimeoutError:
            logger.warning("usage events are left in their accounts", extra={"events": self._queue.qsize()})
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    def deliver(self, event: UsageEvent) -> None:
        """Queue a settled request's event. It is durable already, so a full queue leaves it to be found later."""
        self._offer(event)

    def finish_leftovers(self, account: Account) -> None:
        """Queue an account for what its former owners could not finish: expired holds and undelivered entries."""
        now_ms = self._clock_ms()
        if account.find_expired(now_ms / 1000) or account.find_unsent(now_ms, LEFTOVER_GRACE_MS):
            self._offer(account)

    def _offer(self, work: UsageEvent | Account) -> None:
        try:
            self._queue.put_nowait(work)
        except asyncio.QueueFull:
            logger.warning("the delivery queue is full; an event stays in its account")

    async def _run(self) -> None:
        while True:
            works = [await self._queue.get()]
            while len(works) < BATCH_EVENTS and not self._queue.empty():
                works.append(self._queue.get_nowait())
            await self._deliver(works)
            for _ in works:
                self._queue.task_done()

    async def _deliver(self, works: list[UsageEvent | Account]) -> None:
        # One moment for all attempts: a settle that is repeated has to be the same settlement.
        now_ms = self._clock_ms()
        while True:
            try:
                events = [each for each in works if isinstance(each, UsageEvent)]
                for account in works:
                    if isinstance(account, Account):
                        events += await self._finish(account, now_ms)
                for begin in range(0, len(events), BATCH_EVENTS):
                    await self._ledger.put_events(events[begin : begin + BATCH_EVENTS])
                return
            except LedgerUnavailable:
                await asyncio.sleep(_RETRY_SECONDS)
            except Exception:
                # The batch stays in its accounts; the next batch must not suffer for it.
                logger.exception("usage events could not be delivered")
                return

    async def _finish(self, account: Account, now_ms: int) -> list[UsageEvent]:
        events = account.find_unsent(now_ms, LEFTOVER_GRACE_MS)
        for hold in account.find_expired(now_ms / 1000):
            event = hold.abandon(now_ms)
            if await self._ledger.settle(hold, event.settlement):
                logger.warning(
                    "an abandoned request was charged at its bound", extra={"request_id": hold.call.request_id}
                )
                events.append(event)
        return events
