from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from gateway.reserving import Books, Reserving, is_soft
from tenants.account import Bound, Hold
from tenants.demand import Demand
from tenants.errors import FenceStale, GrantNeeded, LedgerUnavailable, LimitExceeded, Refusal
from tenants.event import Call, Operation
from tenants.limits import NO_LIMITS, Currency, Enforcement, Interval, Limits, RateLimit, SpendLimit
from tenants.principal import Fence
from tenants.refusals import limit_exceeded
from tenants.standing import Allowance, Reserved, Standing
from tenants.window import window_of
from tests.gateway.fakes import NOW_MS, FakeBudgets, FakeGate, FakeLedger, FakeReader, FakeRegistry, until

RATES = Limits(rates=(RateLimit(requests_per_minute=5),))
SPEND = Limits(spend=(SpendLimit(Interval.DAY, Currency.TOKENS, 10),))
FENCE = Fence("key_1", "proj_1", 1, 1)
CALL = Call("req_1", "key_1", "proj_1", "user_1", Operation.CHAT, "m", "m", NOW_MS)
HOLD = Hold(CALL, Bound(10, 10), NOW_MS // 1000 + 1800)
FULL = limit_exceeded(Refusal("key", "requests", 5, 5, 1, NOW_MS + 1))
REFUSALS = [FULL, FenceStale(2, 1)]


def demand(tenant_limits: Limits = RATES, limits: Limits = NO_LIMITS) -> Demand:
    return Demand(window_of(NOW_MS), "m", limits, tenant_limits)


class SlowGate(FakeGate):
    """A gate whose writes take some turns of the loop, and fail as they are told."""

    def __init__(self) -> None:
        super().__init__()
        self.failures: list[Exception] = []
        self.entering = asyncio.Event()
        self.entering.set()
        self.standing = Standing()

    async def enter(self, tenant_id: str, hold: Hold, limits: Limits) -> Standing:
        await super().enter(tenant_id, hold, limits)
        await self.entering.wait()
        return self.standing

    async def leave(self, hold: Hold, tokens: int) -> None:
        await self._write()
        await super().leave(hold, tokens)

    async def turn_away(self, hold: Hold) -> None:
        await self._write()
        await super().turn_away(hold)

    async def _write(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)
        if self.failures:
            raise self.failures.pop(0)


@dataclass
class Desk:
    """A Reserving over fakes, whose account is open."""

    ledger: FakeLedger = field(default_factory=lambda: FakeLedger(FakeReader()))
    gate: SlowGate = field(default_factory=SlowGate)
    budgets: FakeBudgets = field(default_factory=FakeBudgets)
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    pauses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ledger.fences["key_1", "2026-11"] = FENCE
        books = Books(self.ledger, self.registry, self.budgets, self.gate)
        self.reserving = Reserving(books, lambda: NOW_MS, self._pause)

    async def take(self, asked: Demand | None = None) -> Reserved:
        return await self.reserving.take(FENCE, HOLD, asked or demand())

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)


async def test_an_account_is_registered_before_it_holds_anything() -> None:
    desk = Desk()
    desk.ledger.failures["reserve"] = [FULL]
    with pytest.raises(type(FULL)):
        await desk.take()
    assert desk.registry.noted == [("key_1", "2026-11", NOW_MS)]


async def test_a_request_that_reserves_nothing_is_looked_for_until_its_hold_would_have_expired() -> None:
    desk = Desk()
    await desk.reserving.register(HOLD)
    assert [at_ms for _, _, at_ms in desk.registry.noted] == [NOW_MS, HOLD.expires_at * 1000]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda each: type(each).__name__)
async def test_whoever_the_account_refuses_is_out_of_the_gate_before_it_can_come_again(refusal: Exception) -> None:
    desk = Desk()
    desk.ledger.failures["reserve"] = [refusal]
    with pytest.raises(type(refusal)):
        await desk.take()
    assert desk.gate.inside == set()
    await desk.take()
    await desk.reserving.close()
    assert desk.gate.inside == {"req_1"}
    assert desk.reserving.inside == {"req_1"}


async def test_a_gate_that_cannot_be_told_of_a_refusal_lets_nobody_come_again_and_is_told_later() -> None:
    desk = Desk()
    desk.ledger.failures["reserve"] = [FULL]
    desk.gate.failures = [LedgerUnavailable(may_have_applied=True), LedgerUnavailable()]
    with pytest.raises(LedgerUnavailable) as raised:
        await desk.take()
    assert not raised.value.may_have_applied
    await until(lambda: not desk.gate.inside)
    assert desk.pauses == [1.0]


@pytest.mark.parametrize("failure", [LedgerUnavailable(may_have_applied=True), ValueError("unforeseen")])
async def test_whatever_a_reserve_fails_with_the_gate_is_left(failure: Exception) -> None:
    desk = Desk()
    desk.ledger.failures["reserve"] = [failure]
    with pytest.raises(type(failure)):
        await desk.take()
    await until(lambda: not desk.gate.inside)
    assert desk.reserving.inside == set()


@pytest.mark.parametrize("where", ["gate", "reserve", "turning away"])
async def test_a_request_that_is_cancelled_anywhere_is_not_left_in_the_gate(where: str) -> None:
    desk = Desk()
    if where == "gate":
        desk.gate.entering.clear()
    elif where == "reserve":
        desk.ledger.gates["reserve"] = asyncio.Event()
    else:
        desk.ledger.failures["reserve"] = [FULL]
    task = asyncio.create_task(desk.take())
    await until(lambda: desk.gate.inside and (where == "gate" or desk.ledger.calls))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not desk.gate.inside)
    assert desk.reserving.inside == set()


async def test_of_a_request_that_left_nothing_is_remembered() -> None:
    desk = Desk()
    reserved = await desk.take()
    desk.reserving.leave(reserved.hold, 7)
    await desk.reserving.close()
    assert (desk.gate.left, desk.gate.inside, desk.reserving.inside) == ([7], set(), set())


async def test_a_leave_is_written_again_until_the_store_takes_it() -> None:
    desk = Desk()
    reserved = await desk.take()
    desk.gate.failures = [LedgerUnavailable(), LedgerUnavailable()]
    desk.reserving.leave(reserved.hold, 7)
    await until(lambda: desk.gate.left)
    assert desk.pauses == [1.0, 2.0]


async def test_a_leave_that_the_store_never_takes_is_given_up() -> None:
    desk = Desk()
    reserved = await desk.take()
    desk.gate.failures = [LedgerUnavailable()] * 20
    desk.reserving.leave(reserved.hold, 7)
    await until(lambda: len(desk.gate.failures) == 14)
    assert desk.pauses == [1.0, 2.0, 5.0, 10.0, 30.0]


async def test_without_rates_of_the_tenant_nobody_passes_a_gate() -> None:
    desk = Desk()
    await desk.take(demand(Limits()))
    assert (desk.gate.inside, desk.reserving.inside) == (set(), set())


async def test_a_draw_is_followed_by_the_reserve_that_needed_it() -> None:
    desk = Desk()
    desk.ledger.failures["reserve"] = [GrantNeeded(), GrantNeeded()]
    await desk.take(demand(SPEND))
    assert (desk.budgets.draws, desk.ledger.calls) == (2, ["reserve"] * 3)


async def test_a_request_that_was_not_even_sent_is_not_refused_for_a_budget_before_the_account_was_asked() -> None:
    desk = Desk()
    desk.ledger.failures["reserve"] = [GrantNeeded(foreseen=True), FenceStale(2, 1)]
    desk.budgets.refusal = FULL
    with pytest.raises(FenceStale):
        await desk.take(demand(SPEND))
    desk.ledger.failures["reserve"] = [GrantNeeded(foreseen=True), GrantNeeded()]
    with pytest.raises(LimitExceeded):
        await desk.take(demand(SPEND))


async def test_an_account_that_others_empty_for_ever_is_given_up_and_nothing_is_held() -> None:
    desk = Desk()
    desk.ledger.failures["reserve"] = [GrantNeeded() for _ in range(1000)]
    with pytest.raises(LedgerUnavailable) as raised:
        await desk.take()
    assert not raised.value.may_have_applied
    assert desk.budgets.draws <= 50
    await until(lambda: not desk.gate.inside)


async def test_a_draw_that_is_refused_leaves_the_gate() -> None:
    desk = Desk()
    desk.ledger.failures["reserve"] = [GrantNeeded()]
    desk.budgets.refusal = FULL
    with pytest.raises(type(FULL)):
        await desk.take()
    assert desk.gate.inside == set()


async def test_of_two_limits_the_tighter_one_is_told() -> None:
    desk = Desk()
    desk.gate.standing = Standing(requests=Allowance(100, 3), tokens=Allowance(100, 90))
    desk.ledger.standing = Standing(requests=Allowance(10, 9), tokens=Allowance(50, 20), parallel=Allowance(2, 1))
    standing = (await desk.take()).standing
    assert standing == Standing(Allowance(100, 3), Allowance(50, 20), Allowance(2, 1))


@pytest.mark.parametrize("kept", [RATES, SPEND])
def test_a_trusted_key_reserves_all_the_same_where_a_limit_has_to_be_kept(kept: Limits) -> None:
    soft = Limits(enforcement=Enforcement.SOFT)
    assert is_soft(demand(Limits(), soft))
    assert not is_soft(demand(kept, soft))
    assert not is_soft(demand(Limits(), replace(kept, enforcement=Enforcement.SOFT)))
    assert not is_soft(demand(Limits(), Limits()))
