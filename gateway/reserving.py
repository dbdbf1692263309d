"""Taking a hold: the account is registered, the tenant's rates are passed, its budget is drawn from where the account
has too little of it, and the hold is written."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from gateway.alerts import Watch, watch_nothing
from tenants.account import Hold
from tenants.demand import Demand
from tenants.errors import GrantNeeded, LedgerUnavailable, LimitExceeded, TenantsError
from tenants.limits import Enforcement, Limits
from tenants.principal import Fence
from tenants.standing import Reserved, Standing, tighter
from tenants.store import Ledger
from tenants.tenant_standing import TenantStanding

logger = logging.getLogger("sluice.ledger")

# Others of the tenant's keys may take what was drawn before this request has it.
_MOST_DRAWS = 50
_DRAWING_SECONDS = 10.0
_LEAVE_PAUSES_SECONDS = (1.0, 2.0, 5.0, 10.0, 30.0)


class Registry(Protocol):
    """Which accounts have holds: what is not registered is not reserved."""

    async def note(self, key_id: str, month: str, now_ms: int) -> None: ...


class Budgets(Protocol):
    """The budgets of tenants, of which keys' accounts draw."""

    async def draw(self, fence: Fence, hold: Hold, demand: Demand) -> None: ...

    async def standing(self, tenant_id: str, month: str, day: str) -> TenantStanding: ...


class Gate(Protocol):
    """The rates of tenants. Every `enter` ends with one `leave` or `turn_away`, whatever it raised."""

    async def enter(self, tenant_id: str, hold: Hold, limits: Limits) -> Standing: ...

    async def leave(self, hold: Hold, tokens: int) -> None: ...

    async def turn_away(self, hold: Hold) -> None: ...


@dataclass(frozen=True, slots=True)
class Books:
    """What a request is entered in, and with `watch` who sees what it comes to."""

    ledger: Ledger
    registry: Registry
    budgets: Budgets
    gate: Gate
    watch: Watch = watch_nothing


class Reserving:
    """`clock_ms` is wall time in milliseconds."""

    def __init__(
        self,
        books: Books,
        clock_ms: Callable[[], int],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._books = books
        self._clock_ms = clock_ms
        self._sleep = sleep
        self._leaving: set[asyncio.Task[None]] = set()
        self.inside: set[str] = set()
        """The requests, by id, that are inside their tenant's gate."""

    async def take(self, fence: Fence, hold: Hold, demand: Demand) -> Reserved:
        """The hold, taken from every limit or from none. Raises FenceStale, LimitExceeded, LedgerUnavailable."""
        books, call = self._books, hold.call
        await books.registry.note(call.key_id, call.month, self._clock_ms())
        gated = bool(demand.tenant_limits.rates)
        try:
            at_gate = await books.gate.enter(call.tenant_id, hold, demand.tenant_limits) if gated else Standing()
            reserved = await self._reserve(fence, hold, demand)
        except BaseException as error:
            if gated:
                await self._turn_away(hold, error)
            raise
        if not gated:
            return reserved
        self.inside.add(call.request_id)
        return replace(reserved, standing=_both(at_gate, reserved.standing))

    async def register(self, hold: Hold) -> None:
        """Register the account of a request that reserves nothing: what it used may be left there undelivered. No hold
        tells of that beforehand, so it is looked for until the hold would have expired. Raises LedgerUnavailable."""
        for at_ms in (self._clock_ms(), hold.expires_at * 1000):
            await self._books.registry.note(hold.call.key_id, hold.call.month, at_ms)

    def leave(self, hold: Hold, tokens: int) -> None:
        """Let a settled request out of its tenant's gate, in the background."""
        self.inside.discard(hold.call.request_id)
        self._leave(lambda: self._books.gate.leave(hold, tokens))

    async def flush(self) -> None:
        """Wait for what is being written, however long: for its caller to bound."""
        if self._leaving:
            await asyncio.wait(self._leaving)

    async def close(self) -> None:
        """Wait for what is being written, for a moment; the rest is left to its holds' expiry."""
        if not self._leaving:
            return
        _, late = await asyncio.wait(self._leaving, timeout=_LEAVE_PAUSES_SECONDS[1])
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)

    async def _reserve(self, fence: Fence, hold: Hold, demand: Demand) -> Reserved:
        clock = asyncio.get_running_loop().time
        until = clock() + _DRAWING_SECONDS
        for _ in range(_MOST_DRAWS):
            try:
                return await self._books.ledger.reserve(fence, hold, demand)
            except GrantNeeded as needed:
                if clock() >= until:
                    break
                await self._draw(fence, hold, demand, needed)
        raise LedgerUnavailable()

    async def _draw(self, fence: Fence, hold: Hold, demand: Demand, needed: GrantNeeded) -> None:
        try:
            await self._books.budgets.draw(fence, hold, demand)
        except LimitExceeded:
            # The account is to be asked before anybody is refused: the key may be revoked, or the budget another one.
            if not needed.foreseen:
                raise

    async def _turn_away(self, hold: Hold, because: BaseException) -> None:
        """A refused request may come again at once, under the same id: its key was changed, or its answer is shortened.
        It has to be out by then, or else its next visit would be the one that is ended."""
        if not isinstance(because, TenantsError) or isinstance(because, LedgerUnavailable):
            self._leave(lambda: self._books.gate.turn_away(hold))
            return
        try:
            await self._books.gate.turn_away(hold)
        except BaseException as error:
            self._leave(lambda: self._books.gate.turn_away(hold))
            if isinstance(error, LedgerUnavailable):
                raise LedgerUnavailable() from error  # of the hold, nothing was taken
            raise

    def _leave(self, write: Callable[[], Awaitable[None]]) -> None:
        task = asyncio.create_task(self._write(write))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _write(self, write: Callable[[], Awaitable[None]]) -> None:
        for pause_seconds in (*_LEAVE_PAUSES_SECONDS, None):
            try:
                await write()
                return
            except LedgerUnavailable:
                if pause_seconds is None:
                    break
                await self._sleep(pause_seconds)
        logger.warning("a request is left in its project's gate until its hold expires")


def is_soft(demand: Demand) -> bool:
    """Whether the request is only recorded: its key is trusted, and no limit has to be kept."""
    spends = demand.limits.spend or demand.tenant_limits.spend
    rates = demand.limits.rates or demand.tenant_limits.rates
    return demand.limits.enforcement is Enforcement.SOFT and not (spends or rates)


def _both(project: Standing, key: Standing) -> Standing:
    return Standing(
        requests=tighter(project.requests, key.requests),
        tokens=tighter(project.tokens, key.tokens),
        parallel=tighter(project.parallel, key.parallel),
        spend=key.spend,
    )
