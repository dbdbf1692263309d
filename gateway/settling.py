"""Settling: a hold is replaced by what was used, once, however the request ended and however long the store is away."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from gateway.alerts import Watch, watch_nothing
from gateway.bound_alarm import EXCEEDED, find_exceeded
from gateway.bounds import estimate_of
from gateway.costing import NO_COSTING, Costing
from gateway.event_log import to_log_fields
from tenants.account import Account, Hold
from tenants.delivery import Delivery
from tenants.demand import Demand
from tenants.errors import LedgerUnavailable
from tenants.event import Call, Settlement, UsageEvent, UsageStatus
from tenants.limits import SpendAlert
from tenants.standing import Settled, Standing
from tenants.store import Ledger
from tenants.usage import NO_TOKENS, TokenCounts

logger = logging.getLogger("sluice.ledger")

NO_STANDING = Standing()

_FIRST_PAUSE_SECONDS = 2.0
_LONGEST_PAUSE_SECONDS = 30.0
_MOST_WAITING = 10_000
_CLOSE_POLL_SECONDS = 0.02
# Whatever the grace of requests: what they used has to be written all the same.
_LEAST_CLOSE_SECONDS = 2.0


class OpenHold:
    """A hold and the duty to settle it. The first settle takes effect; whatever is called later changes nothing.

    As an async context manager it settles as an error with no tokens, unless that was done: for what fails before
    Bedrock ran anything.
    """

    def __init__(self, settling: Settling, taken: Taken) -> None:
        self._settling = settling
        self._hold = taken.hold
        self._taken = taken
        self._costing = taken.costing
        self._settled_as: tuple[UsageStatus, TokenCounts] | None = None
        self._cost_pico_usd: int | None = None
        self._settle: asyncio.Task[None] | None = None

    @property
    def settled_as(self) -> tuple[UsageStatus, TokenCounts] | None:
        """How it was settled; None while it is open."""
        return self._settled_as

    @property
    def cost_pico_usd(self) -> int | None:
        """What it was charged; None while it is open, and where nobody knows the price."""
        return self._cost_pico_usd

    @property
    def settled(self) -> bool:
        return self._settled_as is not None

    @property
    def call(self) -> Call:
        return self._hold.call

    def estimate(self, output_bytes: int = 0) -> TokenCounts:
        """What the request may have used where Bedrock's count never came; `output_bytes` is what was seen of it."""
        return estimate_of(self._hold.bound, output_bytes)

    @property
    def standing(self) -> Standing:
        """What was left of the caller's limits once the hold was taken."""
        return self._taken.standing

    def served_by(self, bedrock_model: str, costing: Costing) -> None:
        """From here on another model is asked than the one the hold was taken for: the event names it, and it is
        charged by its own price."""
        self._hold = replace(self._hold, call=replace(self._hold.call, bedrock_model=bedrock_model))
        self.charge_by(costing)

    def charge_by(self, costing: Costing) -> None:
        """From here on less was asked than the hold was taken for: of its calls, only some were made."""
        self._costing = costing

    async def settle(self, status: UsageStatus, tokens: TokenCounts = NO_TOKENS, tier: str | None = None) -> None:
        """Durable on return, also when the caller is cancelled meanwhile; or queued, when the store is away. A later
        call waits for the first. `tier` is the service tier that Bedrock says it served, None the one asked for."""
        if self._settle is None:
            self._settled_as = (status, tokens)
            tier, answered = tier or self._costing.terms.tier, status is not UsageStatus.ERROR
            cost_pico_usd = self._cost_pico_usd = self._costing.of(tokens, tier, answered=answered)
            taken = replace(self._taken, hold=self._hold)
            self._settle = self._settling.settle(taken, Used(status, tokens, cost_pico_usd))
        await asyncio.shield(self._settle)

    async def __aenter__(self) -> OpenHold:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.settle(UsageStatus.ERROR)


@dataclass(frozen=True, slots=True)
class Taken:
    """A hold that was taken, or, with `soft`, one that nothing was reserved for: what it asked for is only recorded.

    `alerts` are its key's: what its settle may reach.
    """

    hold: Hold
    costing: Costing = NO_COSTING
    standing: Standing = NO_STANDING
    soft: Demand | None = None
    alerts: tuple[SpendAlert, ...] = ()


@dataclass(frozen=True, slots=True)
class Used:
    """How a request ended, and what it used."""

    status: UsageStatus
    tokens: TokenCounts = NO_TOKENS
    cost_pico_usd: int | None = None


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A settle that the store has not taken yet. `certain`: the hold had been taken, so its being gone is news."""

    taken: Taken
    event: UsageEvent
    certain: bool

    @property
    def hold(self) -> Hold:
        return self.taken.hold


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
        self._sleep = sleep
        self._open_holds = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: deque[_Waiting] = deque()
        self._retrying: asyncio.Task[None] | None = None
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
                while self._open_holds or self._tasks or self._waiting:  # noqa: ASYNC110 - three things, and rarely
                    await asyncio.sleep(_CLOSE_POLL_SECONDS)
        for left in self._waiting:
            logger.error("a settle is left to its hold's expiry", extra=to_log_fields(left.event))
        if self._retrying is not None:
            self._retrying.cancel()
        await self._delivery.close(grace_seconds)

    def open(self, taken: Taken) -> OpenHold:
        """The duty to settle a hold that was taken."""
        self._open_holds += 1
        return OpenHold(self, taken)

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
        self._wait_for_store(_Waiting(Taken(hold), event, certain=False))

    def finish_leftovers(self, account: Account) -> None:
        """See Delivery.finish_leftovers."""
        self._delivery.finish_leftovers(account)

    async def _settle(self, taken: Taken, event: UsageEvent) -> None:
        try:
            self._conclude(await self._write(taken, event, repeated=False), taken, event)
        except LedgerUnavailable:
            logger.error("a settle is waiting for the store", extra=to_log_fields(event))
            self._wait_for_store(_Waiting(taken, event, certain=True))
        finally:
            self._after(taken.hold, event.settlement.tokens)

    async def _write(self, taken: Taken, event: UsageEvent, *, repeated: bool) -> Settled:
        hold, settlement, watched = taken.hold, event.settlement, bool(taken.alerts)
        if taken.soft is not None:
            return await self._ledger.settle_soft(hold, settlement, taken.soft, repeated=repeated, watched=watched)
        return await self._ledger.settle(hold, settlement, watched=watched)

    def _wait_for_store(self, waiting: _Waiting) -> None:
        if len(self._waiting) >= _MOST_WAITING:
            logger.error("too much waits for the store; a settle is left to expire", extra=to_log_fields(waiting.event))
            return
        self._waiting.append(waiting)
        if self._retrying is None or self._retrying.done():
            self._retrying = asyncio.create_task(self._retry(), name="settle-retries")

    async def _retry(self) -> None:
        """One attempt at a time, however much waits: a store that comes back is not to be run over."""
        pause_seconds = _FIRST_PAUSE_SECONDS
        while self._waiting:
            await self._sleep(pause_seconds)
            while self._waiting and await self._retry_one(self._waiting[0]):
                self._waiting.popleft()
                pause_seconds = _FIRST_PAUSE_SECONDS
            pause_seconds = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS)

    async def _retry_one(self, waiting: _Waiting) -> bool:
        """Whether this one needs to wait no longer."""
        if self._clock_ms() / 1000 >= waiting.hold.expires_at:
            left = "its hold is charged at its bound" if waiting.taken.soft is None else "replay it from this line"
            logger.error("a settle was given up; %s", left, extra=to_log_fields(waiting.event))
            return True
        try:
            settled = await self._write(waiting.taken, waiting.event, repeated=True)
        except LedgerUnavailable:
            return False
        if settled or waiting.certain:
            self._conclude(settled, waiting.taken, waiting.event)
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
