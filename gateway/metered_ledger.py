"""A Ledger that counts what goes through it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from gateway.metrics import Metrics
from tenants.account import Account, Bound, Hold
from tenants.demand import Demand
from tenants.errors import FenceStale, GrantNeeded, LimitExceeded
from tenants.event import Call, Settlement, UsageEvent, UsageStatus
from tenants.principal import Fence
from tenants.standing import Reserved, Settled
from tenants.store import Ledger, Page

# A request that reserved nothing had no bound to keep.
_UNBOUND = Bound(input_tokens=2**63, output_tokens=2**63)


class MeteredLedger:
    """Promises what `ledger` does, and counts it: durations, refusals, what was settled, holds that are open.

    `monotonic` gives seconds on a clock that never goes back. What the ledger does on its own is not seen here: holds
    that it finishes in order to admit another request.
    """

    def __init__(self, ledger: Ledger, metrics: Metrics, monotonic: Callable[[], float]) -> None:
        self._ledger = ledger
        self._metrics = metrics
        self._monotonic = monotonic

    async def reserve(self, fence: Fence, hold: Hold, demand: Demand) -> Reserved:
        async with self._timed("reserve"):
            try:
                reserved = await self._ledger.reserve(fence, hold, demand)
            except BaseException as error:
                self._metrics.count_refusal(error)
                raise
        self._metrics.holds.add(reserved.hold)
        return reserved

    async def settle(self, hold: Hold, settlement: Settlement, *, watched: bool = False) -> Settled:
        async with self._timed("settle"):
            settled = await self._ledger.settle(hold, settlement, watched=watched)
        self._metrics.holds.discard(hold)
        if settled:
            self._metrics.count_settled(hold.bound, settlement, hold.call.bedrock_model)
            if settlement.status is UsageStatus.ABANDONED:
                self._metrics.leftovers.add("hold")
        return settled

    async def settle_soft(
        self, hold: Hold, settlement: Settlement, demand: Demand, *, repeated: bool = False, watched: bool = False
    ) -> Settled:
        async with self._timed("settle"):
            settled = await self._ledger.settle_soft(hold, settlement, demand, repeated=repeated, watched=watched)
        if settled:
            self._metrics.count_settled(_UNBOUND, settlement, hold.call.bedrock_model)
        return settled

    async def drop_hold(self, hold: Hold) -> None:
        await self._ledger.drop_hold(hold)
        self._metrics.holds.discard(hold)

    async def open_account(self, fence: Fence, month: str) -> None:
        await self._ledger.open_account(fence, month)

    async def find_event(self, call: Call) -> UsageEvent | None:
        return await self._ledger.find_event(call)

    async def find_account(self, key_id: str, month: str) -> Account | None:
        return await self._ledger.find_account(key_id, month)

    async def put_events(self, events: Sequence[UsageEvent]) -> None:
        await self._ledger.put_events(events)

    async def list_events(self, tenant_id: str, day: str, after: str | None, limit: int) -> Page[UsageEvent]:
        return await self._ledger.list_events(tenant_id, day, after, limit)

    @asynccontextmanager
    async def _timed(self, operation: str) -> AsyncIterator[None]:
        began, outcome = self._monotonic(), "failed"
        try:
            yield
            outcome = "done"
        except (FenceStale, LimitExceeded, GrantNeeded):
            outcome = "refused"
            raise
        finally:
            self._metrics.ledger_seconds.observe(self._monotonic() - began, operation, outcome)
