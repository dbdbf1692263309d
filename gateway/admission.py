"""Who may call, and what it may cost: authenticate, authorize, reserve -> OpenHold.

The reserve is also the fence. A process whose record of key or tenant is stale is refused by the account, reads the
record again, and decides again from the start: that is how a revocation acts on the next request everywhere without a
read added to any request.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from gateway.account_opening import AccountOpening
from gateway.caller import Caller, RulesChanged, counts_money, may_call, parse_credential, rules_of
from gateway.catalog.model import Model
from gateway.costing import NO_COSTING, Costing
from gateway.errors import ModelNotFound
from gateway.key_cache import KeyCache
from gateway.open_hold import OpenHold, Taken
from gateway.project_standings import ProjectStandings
from gateway.reserving import Books, Reserving, is_soft
from gateway.settling import Settling
from tenants.account import Account, Bound, Hold
from tenants.demand import Demand
from tenants.errors import (
    FenceStale,
    IncorrectSecret,
    LimitExceeded,
    ModelNotPriced,
    TooContended,
)
from tenants.event import Call, Operation
from tenants.principal import Fence, Principal, identify
from tenants.secret import Peppers, Secret
from tenants.tenant_standing import TenantStanding
from tenants.usage import TokenCounts
from tenants.window import window_of

logger = logging.getLogger("sluice.ledger")

_FENCE_ATTEMPTS = 6


@dataclass(frozen=True, slots=True)
class Order:
    """What is about to be asked of Bedrock. `bound` has its cost, where that is known."""

    request_id: str
    operation: Operation
    model: Model
    bound: Bound
    costing: Costing = NO_COSTING


class Admission:
    """Admits requests. Start it once, close it at the end. `clock_ms` is wall time in milliseconds.

    Without `imported_keys`, what does not have the shape of our keys is refused without asking the store.
    """

    def __init__(
        self,
        keys: KeyCache,
        books: Books,
        peppers: Peppers,
        clock_ms: Callable[[], int],
        hold_seconds: float,
        *,
        imported_keys: bool = False,
    ) -> None:
        self._keys = keys
        self._ledger = books.ledger
        self._peppers = peppers
        self._secrets_in = partial(parse_credential, peppers=peppers, imported_keys=imported_keys)
        self._clock_ms = clock_ms
        self._hold_seconds = hold_seconds
        self._opening = AccountOpening(books.ledger)
        self._standings = ProjectStandings(books.budgets, clock_ms)
        self._reserving = Reserving(books, clock_ms)
        self._settling = Settling(books.ledger, clock_ms, after=self._leave, watch=books.watch)

    def start(self) -> None:
        self._settling.start()

    async def close(self, grace_seconds: float) -> None:
        """See Settling.close."""
        await self._settling.close(grace_seconds)
        await self._reserving.close()

    async def flush(self, within_seconds: float) -> None:
        """Wait, for so long at most, until what was settled so far is delivered: before a process is frozen."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_seconds):
                await self._settling.flush()
                await self._reserving.flush()

    async def authenticate(self, credential: str | None) -> Caller:
        """The caller behind a key, as last read: for what ends in a reserve, which checks that it is current.

        Raises MissingCredential, IncorrectSecret (for every reason alike), LedgerUnavailable.
        """
        secrets = self._secrets_in(credential)
        if len(secrets) > 1:  # not to look for it again where it is not, whichever pepper that is
            secrets = sorted(secrets, key=lambda secret: not self._keys.remembers(secret.key_id))
        for secret in secrets:
            record = await self._keys.find(secret.key_id, imported=secret.sha256 is not None)
            if record is not None:
                break
        try:
            return Caller(secret, identify(record, secret, self._peppers, self._now()))
        except IncorrectSecret:
            if record is None:
                raise
            # A refusal has no reserve to find it stale: the key may have been enabled, rotated, prolonged meanwhile.
            return Caller(secret, await self._identify_now(secret))

    async def authenticate_now(self, credential: str | None) -> Caller:
        """The caller behind a key, read afresh: for what does not end in a reserve. Raises as `authenticate`."""
        for secret in self._secrets_in(credential):
            record = await self._keys.read(secret.key_id)
            if record is not None:
                break
        return Caller(secret, identify(record, secret, self._peppers, self._now()))

    async def find_account(self, key_id: str, month: str) -> Account | None:
        """The account as it stands, strongly consistent; None where the key was not used that month."""
        return await self._ledger.find_account(key_id, month)

    async def get_project_standing(self, project_id: str) -> TenantStanding:
        """See ProjectStandings.get."""
        return await self._standings.get(project_id)

    async def authorize(self, caller: Caller, model: Model) -> Caller:
        """The caller, as one who may call the model; read afresh where the record as last read would not let it.

        Raises ModelNotFound, RulesChanged, and as `authenticate_now`.
        """
        if may_call(caller, model):
            return caller
        fresh = Caller(caller.secret, await self._identify_now(caller.secret))
        if rules_of(fresh.principal) != rules_of(caller.principal):
            raise RulesChanged(fresh)
        if not may_call(fresh, model):
            raise ModelNotFound(model.name)
        return fresh

    async def reserve(self, caller: Caller, order: Order) -> OpenHold:
        """Take the hold, from every limit or from none. Raises what authenticating raises, for the record as it stands
        by now. LimitExceeded, ModelNotPriced: the key's budgets and rates, or its project's, do not allow it.

        RulesChanged: what the caller may do is not what it was. LedgerUnavailable: the store does not answer, and
        nothing may be served. TooContended: the key kept changing.
        """
        principal, now_ms = caller.principal, self._clock_ms()
        for _ in range(_FENCE_ATTEMPTS):
            hold, demand = self._hold(principal, order, now_ms), demand_of(principal, order.model, now_ms)
            try:
                if order.bound.cost_pico_usd is None and counts_money(principal):
                    raise ModelNotPriced(order.model.name)
                return await self._take(principal.fence, order, hold, demand)
            except FenceStale as stale:
                principal = await self._current(caller)
                await self._opening.open_where_behind(principal.fence, hold.call.month, stale)
            except (ModelNotPriced, LimitExceeded) as refused:
                if principal is not caller.principal or not _refused_by_record(refused):
                    raise
                principal = await self._current(caller)
                if principal.fence == caller.principal.fence:
                    raise
        raise TooContended("The key is being changed at the moment. Please try again.")

    async def _take(self, fence: Fence, order: Order, hold: Hold, demand: Demand) -> OpenHold:
        """Raises as Reserving.take."""
        if is_soft(demand):
            await self._reserving.register(hold)
            return self._settling.open(Taken(hold, order.costing, soft=demand, alerts=demand.limits.alerts))
        try:
            reserved = await self._reserving.take(fence, hold, demand)
        except (FenceStale, LimitExceeded):
            raise
        except BaseException as error:
            if getattr(error, "may_have_applied", True):  # then the hold may stand, and only its reply was lost
                self._settling.give_back(hold)
            raise
        if reserved.account is not None:
            self._settling.finish_leftovers(reserved.account)
        return self._settling.open(Taken(reserved.hold, order.costing, reserved.standing, alerts=demand.limits.alerts))

    async def _current(self, caller: Caller) -> Principal:
        """The principal as it stands by now. Raises RulesChanged."""
        principal = await self._identify_now(caller.secret)
        if rules_of(principal) != rules_of(caller.principal):
            raise RulesChanged(Caller(caller.secret, principal))
        return principal

    def _leave(self, hold: Hold, tokens: TokenCounts) -> None:
        if hold.call.request_id in self._reserving.inside:
            self._reserving.leave(hold, tokens.total_tokens)

    async def _identify_now(self, secret: Secret) -> Principal:
        return identify(await self._keys.read(secret.key_id), secret, self._peppers, self._now())

    def _hold(self, principal: Principal, order: Order, now_ms: int) -> Hold:
        call = Call(
            request_id=order.request_id,
            key_id=principal.key_id,
            tenant_id=principal.tenant_id,
            user_id=principal.user_id,
            operation=order.operation,
            model=order.model.name,
            bedrock_model=order.model.bedrock_id,
            started_at_ms=now_ms,
        )
        return Hold(call, order.bound, int(now_ms / 1000 + self._hold_seconds))

    def _now(self) -> float:
        return self._clock_ms() / 1000


def demand_of(principal: Principal, model: Model, now_ms: int) -> Demand:
    """What the caller's requests for the model have to stay within."""
    record = principal.record
    return Demand(window_of(now_ms), model.name, record.key.limits, record.tenant.limits)


def _refused_by_record(refused: ModelNotPriced | LimitExceeded) -> bool:
    """Whether it was refused before any account was asked, which knows whether the record is current: for the want of a
    price, or at the project's gate."""
    return isinstance(refused, ModelNotPriced) or (
        refused.refusal.scope == "project" and refused.refusal.kind != "spend"
    )
