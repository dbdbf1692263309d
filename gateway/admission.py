"""Who may call, and what it may cost: authenticate, authorize, reserve -> OpenHold.

The reserve is also the fence. A process whose record of key or tenant is stale is refused by the account, reads the
record again, and decides again from the start: that is how a revocation acts on the next request everywhere without a
read added to any request.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gateway.catalog.model import Model
from gateway.costing import NO_COSTING, Costing
from gateway.errors import ModelNotFound
from gateway.key_cache import KeyCache
from gateway.reserving import Books, Reserving, is_soft
from gateway.settling import OpenHold, Settling, Taken
from tenants.account import Account, Bound, Hold
from tenants.demand import Demand
from tenants.errors import (
    FenceStale,
    IncorrectSecret,
    LimitExceeded,
    MissingCredential,
    ModelNotPriced,
    TooContended,
)
from tenants.event import Call, Operation
from tenants.imported import secrets_in
from tenants.limits import BudgetMode
from tenants.principal import Fence, Principal, identify
from tenants.secret import ADMIN_PREFIX, Peppers, Secret
from tenants.usage import TokenCounts
from tenants.window import window_of

logger = logging.getLogger("sluice.ledger")

_FENCE_ATTEMPTS = 6


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal together with the secret that proved it: after a fence it has to be proved again."""

    secret: Secret
    principal: Principal


@dataclass(frozen=True, slots=True)
class Order:
    """What is about to be asked of Bedrock. `bound` has its cost, where that is known."""

    request_id: str
    operation: Operation
    model: Model
    bound: Bound
    costing: Costing = NO_COSTING


class RulesChanged(Exception):
    """The caller's models or policy are others than the request was translated by. It has to begin again, as `caller`:
    it may have to go to another model, or through a guardrail that was not there before."""

    def __init__(self, caller: Caller) -> None:
        super().__init__()
        self.caller = caller


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
        self._imported_keys = imported_keys
        self._clock_ms = clock_ms
        self._hold_seconds = hold_seconds
        self._opening: dict[tuple[Fence, str], asyncio.Task[None]] = {}
        self._reserving = Reserving(books, clock_ms)
        self._settling = Settling(books.ledger, clock_ms, after=self._leave, watch=books.watch)

    def start(self) -> None:
        self._settling.start()

    async def close(self, grace_seconds: float) -> None:
        """See Settling.close."""
        await self._settling.close(grace_seconds)
        await self._reserving.close()

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

    async def authorize(self, caller: Caller, model: Model) -> Caller:
        """The caller, as one who may call the model; read afresh where the record as last read would not let it.

        Raises ModelNotFound, RulesChanged, and as `authenticate_now`.
        """
        if may_call(caller, model):
            return caller
        fresh = Caller(caller.secret, await self._identify_now(caller.secret))
        if _rules(fresh.principal) != _rules(caller.principal):
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
                await self._open_where_behind(principal.fence, hold.call.month, stale)
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
        if _rules(principal) != _rules(caller.principal):
            raise RulesChanged(Caller(caller.secret, principal))
        return principal

    def _leave(self, hold: Hold, tokens: TokenCounts) -> None:
        if hold.call.request_id in self._reserving.inside:
            self._reserving.leave(hold, tokens.total_tokens)

    def _secrets_in(self, credential: str | None) -> Sequence[Secret]:
        """What the credential may be; several only where it is a foreign key and there are several peppers."""
        if not credential:
            raise MissingCredential()
        secrets = secrets_in(credential, self._peppers, imported_keys=self._imported_keys)
        if secrets[0].prefix == ADMIN_PREFIX:
            raise IncorrectSecret(credential, "admin key on the data plane")
        return secrets

    async def _identify_now(self, secret: Secret) -> Principal:
        return identify(await self._keys.read(secret.key_id), secret, self._peppers, self._now())

    async def _open_where_behind(self, fence: Fence, month: str, stale: FenceStale) -> None:
        """Raise the account to the record's versions, unless it has them: then only this process was behind."""
        if (stale.key_version, stale.tenant_version) == (fence.key_version, fence.tenant_version):
            return
        if (stale.key_version or 0) > fence.key_version or (stale.tenant_version or 0) > fence.tenant_version:
            # So it is when `core` was restored from a backup: its versions have to be raised past the accounts'.
            logger.error("an account is ahead of the records", extra={"key_id": fence.key_id, "month": month})
        opening = self._opening.get((fence, month))
        if opening is None:
            opening = self._opening[fence, month] = asyncio.create_task(self._open(fence, month))
        await asyncio.shield(opening)

    async def _open(self, fence: Fence, month: str) -> None:
        try:
            await self._ledger.open_account(fence, month)
        except FenceStale:
            pass  # changed once more: the next reserve says so
        finally:
            del self._opening[fence, month]

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


def clamps(principal: Principal) -> bool:
    """Whether answers are shortened where a budget is nearly spent: as the key says, else its project."""
    record = principal.record
    return (record.key.limits.budget_mode or record.tenant.limits.budget_mode) is BudgetMode.CLAMP


def counts_money(principal: Principal) -> bool:
    """Whether a request without a known price has to be refused."""
    return principal.record.key.limits.counts_money or principal.record.tenant.limits.counts_money


def _rules(principal: Principal) -> tuple[object, ...]:
    """All that a request's models and its translation depend on."""
    tenant, key = principal.record.tenant, principal.record.key
    return tenant.models, key.models, tenant.policy, key.policy, counts_money(principal), clamps(principal)


def _refused_by_record(refused: ModelNotPriced | LimitExceeded) -> bool:
    """Whether it was refused before any account was asked, which knows whether the record is current: for the want of a
    price, or at the project's gate."""
    return isinstance(refused, ModelNotPriced) or (
        refused.refusal.scope == "project" and refused.refusal.kind != "spend"
    )


def may_call(caller: Caller, model: Model) -> bool:
    """Whether the caller, as last read, may call the model."""
    return caller.principal.may_call(model.id, model.other_ids)
