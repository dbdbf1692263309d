"""From the outbox to the events: what a settle stored on its account becomes a row of its own.

A background task of each process writes events in batches, and retries for as long as it takes: until then they are
durable in their accounts. What a process could not deliver before it died is found by the next one that reads the
account, and delivered under the same request id.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tenants.account import Account, Hold
from tenants.errors import LedgerUnavailable
from tenants.event import UsageEvent
from tenants.periods import month_before, months_to_fence
from tenants.store import Ledger

logger = logging.getLogger("sluice.ledger")

BATCH_EVENTS = 25  # the most that one BatchWriteItem takes
LEFTOVER_GRACE_MS = 15_000  # an outbox entry younger than this is still its own process's to deliver
_RETRY_SECONDS = 1.0
_ACCOUNTS_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class _Former:
    """The account of a month that is over: no request reads it any more, so it has to be looked at."""

    key_id: str
    month: str


_Work = UsageEvent | Account | _Former


async def charge_abandoned(ledger: Ledger, hold: Hold, now_ms: int) -> UsageEvent | None:
    """Settle a hold whose owner never came back at its bound, and return the event, which is to be delivered.

    None where that is done already, or where the hold is one that came back after its request had been settled: that
    is dropped. Raises LedgerUnavailable.
    """
    if await ledger.find_event(hold.call) is not None:
        await ledger.drop_hold(hold)
        return None
    event = hold.abandon(now_ms)
    if not await ledger.settle(hold, event.settlement):
        return None
    logger.warning("an abandoned request was charged at its bound", extra={"request_id": hold.call.request_id})
    return event


class Delivery:
    """Delivers usage events, and finishes what other processes left on accounts. Start it once, close it at the end.

    `queue_events` is how many events may wait; `sleep` takes the seconds between two attempts.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock_ms: Callable[[], int],
        *,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        queue_events: int = 10_000,
    ) -> None:
        self._ledger = ledger
        self._clock_ms = clock_ms
        self._sleep = sleep
        self._queue: asyncio.Queue[_Work] = asyncio.Queue(queue_events)
        self._task: asyncio.Task[None] | None = None
        self._finished: OrderedDict[_Former, None] = OrderedDict()

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

    async def flush(self) -> None:
        """Wait until what is queued is delivered, however long: for its caller to bound."""
        await self._queue.join()

    def deliver(self, event: UsageEvent) -> None:
        """Queue a settled request's event. It is durable already, so a full queue leaves it to be found later."""
        self._offer(event)

    def finish_leftovers(self, account: Account) -> None:
        """Queue an account for what its former owners could not finish: expired holds and undelivered entries.

        And the same key's account of the month before, until nothing is left on that.
        """
        now_ms = self._clock_ms()
        if account.find_expired(now_ms / 1000) or account.find_unsent(now_ms, LEFTOVER_GRACE_MS):
            self._offer(account)
        former = _Former(account.key_id, month_before(account.month))
        if former not in self._finished:
            self._offer(former)

    def _offer(self, work: _Work) -> None:
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

    async def _deliver(self, works: Sequence[_Work]) -> None:
        await self._put([each for each in works if isinstance(each, UsageEvent)])
        for work in works:
            if not isinstance(work, UsageEvent):
                await self._look_after(work)

    async def _look_after(self, left: Account | _Former) -> None:
        try:
            await (self._finish(left) if isinstance(left, Account) else self._finish_former(left))
        except LedgerUnavailable:
            # The next request that reads the account finds the same; others' events must not wait for this one.
            logger.warning("what is left on an account could not be finished", extra={"key_id": left.key_id})

    async def _put(self, events: Sequence[UsageEvent]) -> None:
        while events:
            try:
                await self._ledger.put_events(events)
                return
            except LedgerUnavailable:
                await self._sleep(_RETRY_SECONDS)
            except Exception:
                # They stay in their accounts; the next batch must not suffer for it.
                logger.exception("usage events could not be delivered")
                return

    async def _finish_former(self, former: _Former) -> None:
        account = await self._ledger.find_account(former.key_id, former.month)
        now_ms = self._clock_ms()
        if account is not None:
            await self._finish(account)
            young = len(account.outbox) > len(account.find_unsent(now_ms, LEFTOVER_GRACE_MS))
            if young or len(account.holds) > len(account.find_expired(now_ms / 1000)):
                return
        if former.month in months_to_fence(now_ms):
            return  # a process whose clock is behind may still reserve on it
        self._finished[former] = None
        if len(self._finished) > _ACCOUNTS_REMEMBERED:
            self._finished.popitem(last=False)

    async def _finish(self, account: Account) -> None:
        """Raises LedgerUnavailable; then the rest is found again."""
        now_ms = self._clock_ms()
        unsent = account.find_unsent(now_ms, LEFTOVER_GRACE_MS)
        for begin in range(0, len(unsent), BATCH_EVENTS):
            await self._put(unsent[begin : begin + BATCH_EVENTS])
        for hold in account.find_expired(now_ms / 1000):
            event = await charge_abandoned(self._ledger, hold, now_ms)
            if event is not None:
                await self._put([event])
