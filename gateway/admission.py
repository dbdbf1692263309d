"""Who may call, and what it may cost: authenticate, authorize, reserve -> OpenHold; settle.

The reserve is also the fence. A process whose record of key or tenant is stale is refused by the account, reads the
record again, and decides again from the start: that is how a revocation acts on the next request everywhere without a
read added to any request.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass

from gateway.catalog.model import Model
from gateway.errors import ModelNotFound
from gateway.key_cache import KeyCache
from tenants.account import Bound, Hold
from tenants.delivery import Delivery
from tenants.errors import FenceStale, IncorrectSecret, LedgerUnavailable, MissingCredential, TooContended
from tenants.event import Call, Operation, Settlement, UsageEvent, UsageStatus
from tenants.principal import Fence, Principal, identify
from tenants.secret import KEY_PREFIX, Peppers, Secret, parse_secret
from tenants.store import Ledger
from tenants.usage import NO_TOKENS, TokenCounts

logger = logging.getLogger("sluice.ledger")

_FENCE_ATTEMPTS = 6
_SETTLE_RETRY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal together with the secret that proved it: after a fence it has to be proved again."""

    secret: Secret
    principal: Principal


@dataclass(frozen=True, slots=True)
class Order:
    """What is about to be asked of Bedrock."""

    request_id: str
    operation: Operation
    model: Model
    bound: Bound


class OpenHold:
    """A hold and the duty to settle it. `settle` takes effect once; whatever is called later changes nothing.

    As an async context manager it settles as an error with no tokens, unless that was done: for what fails before
    Bedrock ran anything.
    """

    def __init__(self, admission: Admission, hold: Hold) -> None:
        self._admission = admission
        self._settled = False
        self.hold = hold

    @property
    def settled(self) -> bool:
        return self._settled

    async def settle(self, status: UsageStatus, tokens: TokenCounts = NO_TOKENS) -> None:
        """Durable on return, also when the caller is cancelled meanwhile; or queued, when the store is away."""
        if self._settled:
            return
        self._settled = True
        await self._admission.settle(self.hold, status, tokens)

    async def __aenter__(self) -> OpenHold:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.settle(UsageStatus.ERROR)


class Admission:
    """Admits requests and settles them. `clock_ms` is wall time in milliseconds."""

    def __init__(
        self, keys: KeyCache, ledger: Ledger, peppers: Peppers, clock_ms: Callable[[], int], hold_seconds: float
    ) -> None:
        self._keys = keys
        self._ledger = ledger
        self._peppers = peppers
        self._clock_ms = clock_ms
        self._hold_seconds = hold_seconds
        self._opening: dict[tuple[Fence, str], asyncio.Task[None]] = {}
        self._settling: set[asyncio.Task[None]] = set()
        self._delivery = Delivery(ledger, clock_ms)

    def start(self) -> None:
        self._delivery.start()

    async def close(self, grace_seconds: float) -> None:
        """Wait for settles under way and deliver their events, for at most `grace_seconds` each."""
        if self._settling:
            await asyncio.wait(self._settling, timeout=grace_seconds)
        await self._delivery.close(grace_seconds)

    async def authenticate(self, credential: str | None) -> Caller:
        """The caller behind a key, as last read: for what ends in a reserve, which checks that it is current.

        Raises MissingCredential, IncorrectSecret (for every reason alike), LedgerUnavailable.
        """
        secret = _parse(credential)
        record = await self._keys.find(secret.key_id)
        try:
            return Caller(secret, identify(record, secret, self._peppers, self._now()))
        except IncorrectSecret:
            if record is None:
                raise
            # A refusal has no reserve to find it stale: the key may have been enabled, rotated, prolonged meanwhile.
            return Caller(secret, await self._identify_now(secret))

    async def authenticate_now(self, credential: str | None) -> Caller:
        """The caller behind a key, read afresh: for what does not end in a reserve. Raises as `authenticate`."""
        secret = _parse(credential)
        return Caller(secret, await self._identify_now(secret))

    async def authorize(self, caller: Caller, model: Model) -> Caller:
        """The caller, as one who may call the model; read afresh where the record as last read would not let it.

        Raises ModelNotFound, and as `authenticate_now`.
        """
        if _may_call(caller.principal, model):
            return caller
        fresh = await self._identify_now(caller.secret)
        _authorize(fresh, model)
        return Caller(caller.secret, fresh)

    async def reserve(self, caller: Caller, order: Order) -> OpenHold:
        """Take the hold. Raises what authenticating and authorizing raise, for the record as it stands by now.

        LedgerUnavailable: the store does not answer, and nothing may be served. TooContended: the key kept changing.
        """
        principal = caller.principal
        now_ms = self._clock_ms()
        for _ in range(_FENCE_ATTEMPTS):
            hold = self._hold(principal, order, now_ms)
            try:
                account = await self._ledger.reserve(principal.fence, hold)
            except FenceStale as stale:
                principal = await self._identify_now(caller.secret)
                _authorize(principal, order.model)
                await self._open_where_behind(principal.fence, hold.call.month, stale)
                continue
            except (LedgerUnavailable, asyncio.CancelledError) as error:
                if getattr(error, "may_have_applied", True):  # then the hold stands, and only its reply was lost
                    self._later(self._give_back(hold))
                raise
            if account is not None:
                self._delivery.finish_leftovers(account)
            return OpenHold(self, hold)
        raise TooContended("The key is being changed at the moment. Please try again.")

    async def settle(self, hold: Hold, status: UsageStatus, tokens: TokenCounts) -> None:
        """Replace the hold by what was used. `OpenHold.settle` calls this once per hold."""
        event = UsageEvent(hold.call, Settlement(status, self._clock_ms(), tokens))
        await asyncio.shield(self._later(self._settle(hold, event)))

    def _later(self, work: Coroutine[object, object, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._settling.add(task)
        task.add_done_callback(self._settling.discard)
        return task

    async def _settle(self, hold: Hold, event: UsageEvent) -> None:
        try:
            done = await self._ledger.settle(hold, event.settlement)
        except LedgerUnavailable:
            logger.error("a settle is waiting for the store", extra=_fields(event))
            self._later(self._settle_when_back(hold, event))
            return
        self._conclude(done, event)

    async def _settle_when_back(self, hold: Hold, event: UsageEvent) -> None:
        while self._now() < hold.expires_at:
            await asyncio.sleep(_SETTLE_RETRY_SECONDS)
            try:
                done = await self._ledger.settle(hold, event.settlement)
            except LedgerUnavailable:
                continue
            self._conclude(done, event)
            return
        logger.error("a settle was given up; its hold will be charged at its bound", extra=_fields(event))

    def _conclude(self, done: bool, event: UsageEvent) -> None:
        if done:
            self._delivery.deliver(event)
        else:
            logger.error("a hold had been settled by somebody else", extra=_fields(event))

    async def _give_back(self, hold: Hold) -> None:
        settlement = Settlement(UsageStatus.ERROR, self._clock_ms())
        while self._now() < hold.expires_at:
            await asyncio.sleep(_SETTLE_RETRY_SECONDS)
            try:
                await self._ledger.settle(hold, settlement)
            except LedgerUnavailable:
                continue
            return

    async def _identify_now(self, secret: Secret) -> Principal:
        return identify(await self._keys.read(secret.key_id), secret, self._peppers, self._now())

    async def _open_where_behind(self, fence: Fence, month: str, stale: FenceStale) -> None:
        """Raise the account to the record's versions, unless it has them: then only this process was behind."""
        if (stale.key_version, stale.tenant_version) == (fence.key_version, fence.tenant_version):
            return
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


def _may_call(principal: Principal, model: Model) -> bool:
    return principal.may_call(model.name, model.other_ids)


def _authorize(principal: Principal, model: Model) -> None:
    if not _may_call(principal, model):
        raise ModelNotFound(model.name)


def _parse(credential: str | None) -> Secret:
    if not credential:
        raise MissingCredential()
    secret = parse_secret(credential)
    if secret.prefix != KEY_PREFIX:
        raise IncorrectSecret(credential, "admin key on the data plane")
    return secret


def _fields(event: UsageEvent) -> dict[str, object]:
    """All that it takes to settle by hand."""
    call, settlement = event.call, event.settlement
    return {
        "request_id": call.request_id,
        "key_id": call.key_id,
        "tenant_id": call.tenant_id,
        "month": call.month,
        "model": call.model,
        "status": settlement.status.value,
        "input_tokens": settlement.tokens.input_tokens,
        "output_tokens": settlement.tokens.output_tokens,
        "cache_read_tokens": settlement.tokens.cache_read_tokens,
        "cache_write_tokens": settlement.tokens.cache_write_tokens,
    }
