"""Settling: a hold is replaced by what was used, once, however the request ended and however long the store is away."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from gateway.alerts import Watch, watch_nothing
from gateway.bound_alarm import EXCEEDED, find_exceeded
from gateway.event_log import to_log_fields
from gateway.open_hold import OpenHold, Taken, Used
from gateway.unsettled import Unsettled, UnsettledHold
from tenants.account import Account, Hold
from tenants.delivery import Delivery
from tenants.errors import LedgerUnavailable
from tenants.event import Settlement, UsageEvent, UsageStatus
from tenants.standing import Settled
from tenants.store import Ledger
from tenants.usage import TokenCounts

logger = logging.getLogger("sluice.ledger")

_CLOSE_POLL_SECONDS = 0.02
# Whatever the grace of requests: what they used has to be written all the same.
_LEAST_CLOSE_SECONDS = 2.0


class Settling:
    """Settles holds and delivers their events. `clock_ms` is wall time in milliseconds. `after` is called with every
    hold that was settled, or waits to be, and what it used; `watch` once a settle of a key with alerts is done."""

    def __init__(
        self,
        ledger: Ledger,
        clock_ms: Callable[[], int],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        after: Callable[[Hold, TokenCounts], None] = lambda hold, tokens: None,
        watch: Watch = watch_nothing,
    ) -> None:
        self._ledger = ledger
        self._watch = watch
        self._after = after
        self._clock_ms = clock_ms
        self._open_holds = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsettled = Unsettled(self._try_again, sleep)
        self._delivery = Delivery(ledger, clock_ms)

    def start(self) -> None:
        self._delivery.start()

    async def close(self, grace_seconds: float) -> None:
        """Wait for open holds and for what waits for the store, then deliver events; `grace_seconds` each, at most."""
        grace_seconds = max(grace_seconds, _LEAST_CLOSE_SECONDS)
        with suppress(TimeoutError):
            async with asyncio.timeout(grace_seconds):
                # Polled: requests that were cancelled a moment ago come to their settle some turns of the loop later,
                # and a settle that fails while it is waited for waits for the store again.
                while self._open_holds or self._tasks or self._unsettled:  # noqa: ASYNC110 - three things, and rarely
                    await asyncio.sleep(_CLOSE_POLL_SECONDS)
        self._unsettled.close()
        await self._delivery.close(grace_seconds)

    async def flush(self) -> None:
        """Wait until what was settled so far is delivered."""
        if self._tasks:
            await asyncio.wait(self._tasks)
        await self._delivery.flush()

    def open(self, taken: Taken) -> OpenHold:
        """The duty to settle a hold that was taken."""
        self._open_holds += 1
        return OpenHold(self.settle, taken)

    def settle(self, taken: Taken, used: Used) -> asyncio.Task[None]:
        """Replace an open hold by what was used. `OpenHold.settle` calls this, once."""
        settlement = Settlement(used.status, self._clock_ms(), used.tokens, used.cost_pico_usd)
        exceeded = find_exceeded(taken.hold, settlement)
        if exceeded is not None and taken.soft is None:
            logger.error(EXCEEDED, extra=exceeded)
        event = UsageEvent(taken.hold.call, settlement)
        task = asyncio.create_task(self._settle(taken, event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._open_holds -= 1
        return task

    def give_back(self, hold: Hold) -> None:
        """Settle, in the background and with nothing, a hold that may or may not have been taken."""
        event = UsageEvent(hold.call, Settlement(UsageStatus.ERROR, self._clock_ms()))
        self._unsettled.add(UnsettledHold(Taken(hold), event, certain=False))

    def finish_leftovers(self, account: Account) -> None:
        """See Delivery.finish_leftovers."""
        self._delivery.finish_leftovers(account)

    async def _settle(self, taken: Taken, event: UsageEvent) -> None:
        try:
            self._conclude(await self._write(taken, event, repeated=False), taken, event)
        except LedgerUnavailable:
            logger.error("a settle is waiting for the store", extra=to_log_fields(event))
            self._unsettled.add(UnsettledHold(taken, event, certain=True))
        finally:
            self._after(taken.hold, event.settlement.tokens)

    async def _write(self, taken: Taken, event: UsageEvent, *, repeated: bool) -> Settled:
        hold, settlement, watched = taken.hold, event.settlement, bool(taken.alerts)
        if taken.soft is not None:
            return await self._ledger.settle_soft(hold, settlement, taken.soft, repeated=repeated, watched=watched)
        return await self._ledger.settle(hold, settlement, watched=watched)

    async def _try_again(self, left: UnsettledHold) -> bool:
        """Whether this one needs to wait no longer."""
        if self._clock_ms() / 1000 >= left.taken.hold.expires_at:
            fate = "its hold is charged at its bound" if left.taken.soft is None else "replay it from this line"
            logger.error("a settle was given up; %s", fate, extra=to_log_fields(left.event))
            return True
        try:
            settled = await self._write(left.taken, left.event, repeated=True)
        except LedgerUnavailable:
            return False
        if settled or left.certain:
            self._conclude(settled, left.taken, left.event)
        return True

    def _conclude(self, settled: Settled, taken: Taken, event: UsageEvent) -> None:
        if not settled:
            logger.error("a hold had been settled by somebody else", extra=to_log_fields(event))
            return
        self._delivery.deliver(event)
        if settled.account is None:
            return
        try:
            self._watch(taken.alerts, taken.hold, event.settlement, settled.account)
        except Exception:
            # The request was served and settled: nobody is to suffer for an alert.
            logger.exception("alerts could not be looked at", extra={"request_id": event.call.request_id})
