"""Whatever is reserved, settled, abandoned, delivered and repeated, in any order, by processes whose clocks differ and
whose replies get lost: the account is what one process without faults would have made of it, and within its limits.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.account import Account, Bound, Hold
from tenants.account_counts import room_name
from tenants.account_item import lent_name, number_of
from tenants.busy_keys import Spread
from tenants.delivery import charge_abandoned
from tenants.dynamo_ledger import SPREAD, DynamoLedger
from tenants.errors import LimitExceeded
from tenants.event import Settlement, UsageEvent, UsageStatus
from tenants.limits import Currency, Interval, Limits, RateLimit, SpendLimit
from tenants.principal import Fence
from tenants.usage import TokenCounts
from tests.engines import ON_ONE_ENGINE
from tests.tenants.faults import LOST_REPLIES, NOT_APPLIED, Fault
from tests.tenants.samples import CALL, HOLD_SECONDS, KEY, MONTH, NOW_MS, TENANT, a_hold, asking
from tests.tenants.stores import ATTEMPTS, Store

pytestmark = ON_ONE_ENGINE

_key_numbers = itertools.count()
BOUND = Bound(60, 40, 1_000)
TRUTH = Settlement(UsageStatus.OK, NOW_MS, TokenCounts(20, 10, 3, 2, 1), 330)
MONTH_CAP, DAY_CAP, REQUESTS, PARALLEL = 4_500, 350, 3, 3
LIMITS = Limits(
    (SpendLimit(Interval.MONTH, Currency.USD, MONTH_CAP), SpendLimit(Interval.DAY, Currency.TOKENS, DAY_CAP)),
    (RateLimit(None, REQUESTS, None, PARALLEL), RateLimit(CALL.model, None, 1_000, None)),
)
GRANTED = 10**6
MINUTE_MS, DAY_MS = 60_000, 86_400_000
# Of one process, or of another whose clock is a minute behind or ahead, or of a day later.
MOMENTS_MS = [0, 30_000, -MINUTE_MS + DAY_MS // 2, DAY_MS // 2, HOLD_SECONDS * 1000, DAY_MS]


@dataclass
class Model:
    """The account as it ought to be. `held` and `settled` say of each request where it was entered."""

    day: int = 0
    minute: int = 0
    slot_minute: int = 0
    held: dict[str, Hold] = field(default_factory=dict)
    settled: dict[str, tuple[Hold, Settlement]] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)

    def used(self, *, day: int | None = None, minute: int | None = None) -> tuple[int, int]:
        """Tokens and pico-USD, of the month or of what was entered in a day or minute."""
        truths = [(hold, each.tokens.total_tokens, each.cost_pico_usd or 0) for hold, each in self.settled.values()]
        bounds = [(hold, BOUND.tokens, BOUND.cost_pico_usd or 0) for hold in self.held.values()]
        chosen = [
            (tokens, cost)
            for hold, tokens, cost in truths + bounds
            if hold.entry is not None
            and (day is None or hold.entry.day == day)
            and (minute is None or hold.entry.minute == minute)
        ]
        return sum(tokens for tokens, _ in chosen), sum(cost for _, cost in chosen)

    def latest(self, hold: Hold) -> tuple[int, int]:
        """The day and minute that a request is entered in by an account that knows of all the others."""
        return max(self.day, hold.window.day_of_month), max(self.minute, hold.window.minute)

    def has_room(self, day: int, minute: int) -> bool:
        return (
            self.used()[1] + 1_000 <= MONTH_CAP
            and self.used(day=day)[0] + BOUND.tokens <= DAY_CAP
            and sum(each == minute for each in self.requests.values()) + 1 <= REQUESTS
            and len(self.held) + 1 <= PARALLEL
        )

    def abandon(self, now_ms: int) -> None:
        for request_id, hold in list(self.held.items()):
            if hold.expires_at <= now_ms / 1000:
                del self.held[request_id]
                self.settled[request_id] = (hold, hold.abandon(now_ms).settlement)

    def enter(self, hold: Hold) -> None:
        assert hold.entry is not None
        assert hold.entry.minute is not None
        self.held[hold.call.request_id] = hold
        self.requests[hold.call.request_id] = hold.entry.minute
        self.day, self.minute = max(self.day, hold.entry.day or 0), max(self.minute, hold.entry.minute)

    def assert_same(self, account: Account) -> None:
        tokens, cost = self.used()
        assert (account.committed_tokens, account.committed_pico_usd) == (tokens, cost)
        assert account.holds.keys() == self.held.keys()
        assert account.requests == len(self.settled)
        day_tokens, day_cost = self.used(day=self.day)
        assert (account.day.number, account.day.tokens, account.day.pico_usd) == (self.day, day_tokens, day_cost)
        assert account.minute.minute == self.minute
        assert account.minute.tokens == self.used(minute=self.minute)[0]
        assert account.minute.requests == sum(each == self.minute for each in self.requests.values())
        assert account.slots["c857"].in_flight == len(self.held)
        assert cost <= MONTH_CAP
        assert day_tokens <= DAY_CAP


@dataclass(frozen=True)
class Step:
    action: str
    request: int
    process: int
    moment_ms: int
    faults: tuple[Fault, ...]
    loan_faults: tuple[Fault, ...]


steps = st.builds(
    Step,
    action=st.sampled_from(["reserve", "reserve", "reserve", "settle", "settle", "finish", "replay", "deliver"]),
    request=st.integers(0, 7),
    process=st.integers(0, 1),
    moment_ms=st.sampled_from(MOMENTS_MS),
    faults=st.lists(st.sampled_from([*LOST_REPLIES, *NOT_APPLIED]), max_size=ATTEMPTS - 1).map(tuple),
    loan_faults=st.lists(st.sampled_from([*LOST_REPLIES, *NOT_APPLIED]), max_size=ATTEMPTS - 1).map(tuple),
)


class Run:
    """The steps on two processes and on the model."""

    def __init__(self, store: Store, fence: Fence, spread: Spread) -> None:
        self._store = store
        self._fence = fence
        self._spread = spread
        self._ledgers = [store.new_ledger(spread), store.new_ledger(spread)]
        self._model = Model()

    async def take(self, step: Step) -> None:
        ledger, request_id = self._ledgers[step.process], f"req_{self._fence.key_id[4:]}x{step.request}"
        self._store.transport.plan("TransactWriteItems", *step.loan_faults)
        if step.action == "reserve" and request_id not in self._model.settled:
            await self._reserve(ledger, a_hold(request_id, self._fence.key_id, NOW_MS + step.moment_ms, BOUND), step)
        elif step.action == "settle" and request_id in self._model.held:
            hold = self._model.held.pop(request_id)
            self._store.transport.plan("UpdateItem", *step.faults)
            # Half of them forgot what the hold was entered in.
            known = hold if step.request % 2 else replace(hold, entry=None)
            assert await ledger.settle(known, TRUTH)
            self._model.settled[request_id] = (hold, TRUTH)
        elif step.action == "finish":
            await self._finish(ledger, NOW_MS + step.moment_ms)
        elif step.action == "replay" and request_id in self._model.settled:
            hold, settlement = self._model.settled[request_id]
            assert not await ledger.settle(hold, replace(settlement, cost_pico_usd=999))
        elif step.action == "deliver" and request_id in self._model.settled:
            hold, settlement = self._model.settled[request_id]
            await ledger.put_events([UsageEvent(hold.call, settlement)])
        self._store.transport.forget("TransactWriteItems")
        assert self._store.transport.pending == 0
        account = await ledger.find_account(self._fence.key_id, MONTH)
        assert account is not None
        assert_balanced([await self._store.find_item(self._fence.key_id, shard) for shard in range(account.shards)])
        if self._model.requests:
            self._model.assert_same(account)

    async def _reserve(self, ledger: DynamoLedger, hold: Hold, step: Step) -> None:
        model, request_id = self._model, hold.call.request_id
        again = request_id in model.held
        if again and self._spread.requests == 1:
            return  # a name is looked for on the account that is written to
        self._store.transport.plan("UpdateItem", *step.faults)
        latest = model.latest(hold)
        if not again and not model.has_room(*latest):
            model.abandon(hold.call.started_at_ms)
        try:
            taken = (await ledger.reserve(self._fence, *asking(hold, LIMITS, MONTH_GRANTED))).hold
        except LimitExceeded:
            assert not again
            assert not model.has_room(*latest)
            return
        if again:
            assert taken.entry == model.held[request_id].entry
        else:
            entered = self._find_entered(taken)
            # A shard that nobody used since is in a day or minute that is over elsewhere: its own, for a clock behind.
            assert entered == latest or (self._spread.requests == 1 and entered < latest)
            assert model.has_room(*entered)
            model.enter(taken)

    def _find_entered(self, taken: Hold) -> tuple[int, int]:
        assert taken.entry is not None
        assert taken.entry.day is not None
        assert taken.entry.minute is not None
        return taken.entry.day, taken.entry.minute

    async def _finish(self, ledger: DynamoLedger, now_ms: int) -> None:
        account = await ledger.find_account(self._fence.key_id, MONTH)
        assert account is not None
        for hold in account.find_expired(now_ms / 1000):
            event = await charge_abandoned(ledger, hold, now_ms)
            assert event is not None
            await ledger.put_events([event])
        self._model.abandon(now_ms)

    async def assert_one_event_a_request(self) -> None:
        account = await self._ledgers[0].find_account(self._fence.key_id, MONTH)
        assert account is not None
        days = ("2026-11-20", "2026-11-21")
        pages = [await self._ledgers[0].list_events(TENANT.id, day, None, 1_000) for day in days]
        stored = [each for page in pages for each in page.items if each.call.key_id == self._fence.key_id]
        assert len({each.call.request_id for each in stored}) == len(stored)
        known = {each.call.request_id: each.settlement for each in (*stored, *account.outbox.values())}
        assert known == {request_id: settlement for request_id, (_, settlement) in self._model.settled.items()}


MONTH_GRANTED = Limits((SpendLimit(Interval.MONTH, Currency.USD, GRANTED),))


def assert_balanced(items: list[dict[str, Any]]) -> None:
    """What is lent is what shards have left and what they used; and the tenant's grant is spent or left."""
    bank, *shards = items
    assert number_of(bank, "au") + number_of(bank, "mu") == GRANTED
    for counter, window in COUNTERS:
        at = None if window is None else bank.get(lent_name(window))
        current = [each for each in shards if window is None or (at is not None and each.get(window) == at)]
        lent = [number_of(each, room_name(counter)) + number_of(each, counter) for each in current]
        assert sum(lent) == number_of(bank, lent_name(counter))
        assert all(number_of(each, room_name(counter)) >= 0 for each in current)


COUNTERS = [
    *((counter, None) for counter in ("mk", "mu", "n", "Pc857")),
    *((counter, "dd") for counter in ("dk", "du")),
    *((counter, "w") for counter in ("wr", "wt")),
    *((counter, "Wc857") for counter in ("Rc857", "Tc857")),
]


# The tables are cleared once a test; every example has a key of its own.
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("spread", [SPREAD, Spread(requests=1)], ids=["one account", "spread"])
@given(taken=st.lists(steps, max_size=25))
async def test_any_order_of_steps_clocks_and_faults_keeps_every_counter_and_every_limit(
    store: Store, taken: list[Step], spread: Spread
) -> None:
    key_id = f"key_{next(_key_numbers):04}"
    for operation in ("TransactWriteItems", "UpdateItem"):
        store.transport.forget(operation)  # of an example that failed
    fence = await store.add_key(replace(KEY, id=key_id))
    await store.grant("au", GRANTED, key_id=key_id)
    run = Run(store, fence, spread)
    for step in taken:
        await run.take(step)
    await run.assert_one_event_a_request()
