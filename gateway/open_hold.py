"""A hold that a request has taken, and the duty to settle it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from gateway.bounds import estimate_of
from gateway.costing import NO_COSTING, Costing
from tenants.account import Hold
from tenants.demand import Demand
from tenants.event import Call, UsageStatus
from tenants.limits import SpendAlert
from tenants.standing import Standing
from tenants.usage import NO_TOKENS, TokenCounts

NO_STANDING = Standing()


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


Settle = Callable[[Taken, Used], "asyncio.Task[None]"]


class OpenHold:
    """A hold and the duty to settle it. The first settle takes effect; whatever is called later changes nothing.

    As an async context manager it settles as an error with no tokens, unless that was done: for what fails before
    Bedrock ran anything. `settle` is `Settling.settle`.
    """

    def __init__(self, settle: Settle, taken: Taken) -> None:
        self._begin_settle = settle
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
            self._settle = self._begin_settle(taken, Used(status, tokens, cost_pico_usd))
        await asyncio.shield(self._settle)

    async def __aenter__(self) -> OpenHold:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.settle(UsageStatus.ERROR)
