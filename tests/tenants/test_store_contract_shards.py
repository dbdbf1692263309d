"""A busy key's limits hold on all of its accounts together, as they do on one."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tenants.account_item import number_of
from tenants.active_accounts import ActiveAccount
from tenants.delivery import charge_abandoned
from tenants.dynamo_active_accounts import ActiveAccounts
from tenants.dynamo_fences import Fences
from tenants.dynamo_ledger import DynamoLedger
from tenants.errors import FenceStale
from tenants.event import Settlement, UsageStatus
from tenants.limits import Currency, Interval, Limits, RateLimit, SpendAlert, SpendLimit
from tenants.principal import Fence
from tenants.usage import TokenCounts
from tests.tenants.limited import BOUND, DAY_MS, MINUTE_MS, MODEL_TOKENS, MONTH_USD, PARALLEL, REQUESTS, take
from tests.tenants.samples import CALL, HOLD_SECONDS, KEY, MONTH, NOW_MS, TENANT, a_hold, an_audit, asking
from tests.tenants.spread_keys import EAGER, SHARDS, change, spread
from tests.tenants.stores import Store, later, later_tenant, open_ground, open_store

ALLOWED, ASKED, PROCESSES = 37, 200, 4
ROOM_FOR_ALLOWED = {
    "usd a month": Limits((SpendLimit(Interval.MONTH, Currency.USD, ALLOWED * 1_000 + 999),)),
    "usd a day": Limits((SpendLimit(Interval.DAY, Currency.USD, ALLOWED * 1_000 + 999),)),
    "tokens a month": Limits((SpendLimit(Interval.MONTH, Currency.TOKENS, ALLOWED * 100 + 99),)),
    "tokens a day": Limits((SpendLimit(Interval.DAY, Currency.TOKENS, ALLOWED * 100),)),
    "requests a minute": Limits(rates=(RateLimit(None, ALLOWED),)),
    "tokens a minute": Limits(rates=(RateLimit(None, None, ALLOWED * 100 + 99),)),
    "in parallel": Limits(rates=(RateLimit(parallel_requests=ALLOWED),)),
    "a model's requests": Limits(rates=(RateLimit(CALL.model, ALLOWED),)),
    "a model's tokens": Limits(rates=(RateLimit(CALL.model, None, ALLOWED * 100),)),
    "a model in parallel": Limits(rates=(RateLimit(CALL.model, parallel_requests=ALLOWED),)),
}
TRUTH = Settlement(UsageStatus.OK, NOW_MS, TokenCounts(20, 10), 300)


@pytest.fixture
async def quick_store(dynoxide_endpoint: str) -> AsyncIterator[Store]:
    """On the faster engine alone, for what asks much of it."""
    ground = await open_ground(dynoxide_endpoint)
    async with open_store(ground) as store:
        yield store
    await ground.directory.close()


def four(store: Store) -> list[DynamoLedger]:
    return [store.new_ledger(EAGER) for _ in range(PROCESSES)]


@pytest.mark.parametrize("limits", ROOM_FOR_ALLOWED.values(), ids=ROOM_FOR_ALLOWED.keys())
async def test_room_for_37_serves_37_of_200_at_once_in_four_processes_on_sixteen_accounts(
    quick_store: Store, limits: Limits
) -> None:
    store = quick_store
    fence, ledgers = await spread(store, await store.add_key(), limits), four(quick_store)
    taken = await asyncio.gather(*(take(ledgers[each % PROCESSES], fence, each, limits) for each in range(ASKED)))
    assert taken.count(None) == ALLOWED
    account = await store.get_account()
    assert account.shards == SHARDS
    assert (account.committed_pico_usd, account.committed_tokens) == (ALLOWED * 1_000, ALLOWED * 100)
    assert len(account.holds) == ALLOWED
    assert {each.refusal.used for each in taken if each} == {_used(limits)}


def _used(limits: Limits) -> int:
    if limits.spend:
        return ALLOWED * (1_000 if limits.spend[0].currency is Currency.USD else BOUND.tokens)
    return ALLOWED * (BOUND.tokens if limits.rates[0].tokens_per_minute else 1)


@pytest.mark.parametrize("limits", [MONTH_USD, REQUESTS, PARALLEL, MODEL_TOKENS], ids=["usd", "rpm", "parallel", "tpm"])
async def test_room_for_three_serves_three_of_twelve_at_once_in_two_processes(
    store: Store, opened: Fence, limits: Limits
) -> None:
    fence, ledgers = await change(store, opened, limits), [store.new_ledger(EAGER) for _ in range(2)]
    taken = await asyncio.gather(*(take(ledgers[each % 2], fence, each, limits) for each in range(12)))
    assert taken.count(None) == 3
    assert (await store.get_account()).committed_pico_usd == 3 * 1_000


@pytest.mark.parametrize("limits", [REQUESTS, PARALLEL, MONTH_USD], ids=["rpm", "parallel", "usd"])
async def test_what_an_idle_account_was_lent_is_found_before_anybody_is_refused(
    store: Store, opened: Fence, limits: Limits
) -> None:
    fence, spreading = await change(store, opened, limits), store.new_ledger(EAGER)
    assert await take(spreading, fence, 0, limits) is None
    assert await take(spreading, fence, 1, limits) is None  # on an account of its own, which was lent all there is
    other = store.new_ledger()
    assert await take(other, fence, 2, limits) is None
    assert await take(other, fence, 3, limits) is not None


async def test_every_minute_and_day_has_the_whole_limit_again(quick_store: Store) -> None:
    store, limits = quick_store, Limits(DAY_OF_37, (RateLimit(None, ALLOWED),))
    fence, ledgers = await spread(store, await store.add_key(), limits), four(quick_store)
    for begun_ms, expected in ((0, ALLOWED), (MINUTE_MS, 63), (2 * MINUTE_MS, 0), (DAY_MS, ALLOWED)):
        numbers = range(begun_ms, begun_ms + ASKED)
        asked = (take(ledgers[each % PROCESSES], fence, each, limits, NOW_MS + begun_ms) for each in numbers)
        # A clock that is a minute behind counts in the minute that has begun.
        assert (await asyncio.gather(*asked)).count(None) == min(expected, ALLOWED)


DAY_OF_37 = (SpendLimit(Interval.DAY, Currency.TOKENS, 2 * ALLOWED * 100),)


async def test_what_was_lent_by_former_limits_is_not_spent_past_new_ones(quick_store: Store) -> None:
    store, ample = quick_store, Limits(rates=(RateLimit(None, 1_000, None, 1_000), RateLimit(CALL.model, 1_000)))
    fence, ledger = await spread(store, await store.add_key(), ample), quick_store.new_ledger(EAGER)
    for number in range(20):
        assert await take(ledger, fence, number, ample) is None
    for narrow in (
        Limits(rates=(RateLimit(None, 20),)),
        Limits(rates=(RateLimit(parallel_requests=20),)),
        Limits(rates=(RateLimit(CALL.model, 20),)),
        Limits((SpendLimit(Interval.MONTH, Currency.USD, 20_999),)),
    ):
        fence = await change(store, fence, narrow)
        ledgers = four(store)
        taken = await asyncio.gather(*(take(ledgers[each % 4], fence, 100 + each, narrow) for each in range(40)))
        assert taken.count(None) == 0
    fence = await change(store, fence, Limits(rates=(RateLimit(CALL.model, 21),)))
    assert await take(ledger, fence, 200, Limits(rates=(RateLimit(CALL.model, 21),))) is None


async def test_another_models_request_does_not_open_what_a_model_was_lent(quick_store: Store) -> None:
    store = quick_store
    ample = Limits(rates=(RateLimit(CALL.model, 1_000), RateLimit("nova", 1_000)))
    fence, ledger = await spread(store, await store.add_key(), ample), quick_store.new_ledger(EAGER)
    for number in range(20):
        assert await take(ledger, fence, number, ample) is None
    narrow = Limits(rates=(RateLimit(CALL.model, 20), RateLimit("nova", 1_000)))
    fence = await change(store, fence, narrow)
    for number in range(20):
        hold, demand = asking(a_hold(f"req_n{number}", bound=BOUND), narrow)
        hold = replace(hold, call=replace(hold.call, model="nova"))
        await ledger.reserve(fence, hold, replace(demand, model="nova"))
    taken = [await take(ledger, fence, 100 + number, narrow) for number in range(20)]
    assert taken.count(None) == 0


@pytest.mark.parametrize("whose", ["key", "project"])
async def test_nothing_is_reserved_on_any_account_once_a_change_has_returned(quick_store: Store, whose: str) -> None:
    """While accounts are being opened by four processes that do not know of it."""
    store, fence, changed = quick_store, await quick_store.add_key(), asyncio.Event()
    after: list[object] = []
    served = 0

    async def keep_asking(process: int, ledger: DynamoLedger) -> None:
        nonlocal served
        for number in range(1_000):
            began_after = changed.is_set()
            try:
                outcome: object = await ledger.reserve(fence, *asking(a_hold(f"req_p{process}n{number}")))
                served += 1
            except FenceStale as stale:
                outcome = stale
            if began_after:
                after.append(outcome)
                if len(after) > 40:
                    return

    async def revoke() -> None:
        while served < 30:  # noqa: ASYNC110 - it is the answers that say when
            await asyncio.sleep(0)
        if whose == "key":
            await store.directory.update_key(later(KEY), an_audit())
        else:
            await store.directory.update_tenant(later_tenant(TENANT), an_audit())
        changed.set()

    asking_all = (keep_asking(each, ledger) for each, ledger in enumerate(four(store) + four(store)))
    await asyncio.gather(revoke(), *asking_all)
    assert len(after) > 40
    assert [each for each in after if not isinstance(each, FenceStale)] == []
    assert (await store.get_account()).shards > 1
    await assert_all_shut(store, fence)


async def assert_all_shut(store: Store, former: Fence) -> None:
    """A process that knows nothing of a change is refused by every account."""
    stale = store.new_ledger(EAGER)
    wanted = (asking(a_hold(f"req_stale{each}", former.key_id, bound=BOUND)) for each in range(4 * SHARDS))
    outcomes = await asyncio.gather(*(stale.reserve(former, *each) for each in wanted), return_exceptions=True)
    assert [each for each in outcomes if not isinstance(each, FenceStale)] == []


async def test_a_change_of_the_key_shuts_accounts_that_are_opened_while_it_is_made(
    quick_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, fence, loop = quick_store, await quick_store.add_key(), asyncio.get_running_loop()
    opening, count = store.new_ledger(EAGER), Fences._count_shards
    meanwhile = iter([2, 3])

    async def open_accounts(number: int) -> None:
        wanted = (asking(a_hold(f"req_{number}n{each}", bound=BOUND)) for each in range(number))
        await asyncio.gather(*(opening.reserve(fence, *each) for each in wanted))

    def overtaken(fences: Fences, key_id: str, month: str) -> int:
        counted = count(fences, key_id, month)
        for number in itertools.islice(meanwhile, 1):
            asyncio.run_coroutine_threadsafe(open_accounts(number), loop).result()
        return counted

    monkeypatch.setattr(Fences, "_count_shards", overtaken)
    await store.directory.update_key(later(KEY), an_audit())
    assert (await store.get_account()).shards == 5
    await assert_all_shut(store, fence)
    held = (await store.get_account()).holds
    assert len(held) == 5  # what was taken before stays


async def test_what_a_dead_process_held_on_any_account_is_charged_once_and_cleared(store: Store, opened: Fence) -> None:
    dead, now_ms = store.new_ledger(EAGER), NOW_MS + HOLD_SECONDS * 1000
    for number in range(6):
        assert await take(dead, opened, number, Limits()) is None
    ledger = store.new_ledger()
    account = await store.get_account()
    assert {each.entry.shard for each in account.find_expired(now_ms / 1000) if each.entry} == set(range(6))
    events = [await charge_abandoned(ledger, hold, now_ms) for hold in account.find_expired(now_ms / 1000)]
    await ledger.put_events([each for each in events if each is not None])
    again = [await charge_abandoned(store.new_ledger(), hold, now_ms) for hold in account.holds.values()]
    assert again == [None] * 6
    done = await store.get_account()
    assert (done.requests, done.committed_pico_usd, len(done.outbox)) == (6, 6_000, 6)
    active = ActiveAccounts(store.client, store.tables)
    await active.clear_outbox(ActiveAccount(KEY.id, MONTH), list(done.outbox))
    assert (await store.get_account()).outbox == {}


async def test_expired_holds_of_all_accounts_make_room_before_a_request_is_refused(store: Store, opened: Fence) -> None:
    fence, dead = await change(store, opened, PARALLEL), store.new_ledger(EAGER)
    for number in range(3):
        assert await take(dead, fence, number, PARALLEL) is None
    later_ms = NOW_MS + HOLD_SECONDS * 1000
    for ledger, number in ((store.new_ledger(), 3), (store.new_ledger(EAGER), 4), (store.new_ledger(EAGER), 5)):
        assert await take(ledger, fence, number, PARALLEL, later_ms) is None
    assert await take(store.new_ledger(), fence, 6, PARALLEL, later_ms) is not None


async def test_what_a_request_used_beyond_its_bound_is_counted_against_the_key(store: Store, opened: Fence) -> None:
    limits = Limits((SpendLimit(Interval.MONTH, Currency.USD, 100_000),))
    fence, ledger = await change(store, opened, limits), store.new_ledger(EAGER)
    assert await take(ledger, fence, 0, limits) is None
    held = (await ledger.reserve(fence, *asking(a_hold("req_1", bound=BOUND), limits))).hold
    assert held.entry is not None
    assert held.entry.shard == 1
    assert await ledger.settle(held, replace(TRUTH, cost_pico_usd=98_500))
    assert (await store.get_account()).committed_pico_usd == 99_500
    refusals = [await take(each, fence, 2, limits) for each in (ledger, store.new_ledger(EAGER))]
    assert [each.refusal.used for each in refusals if each] == [99_500, 99_500]


async def test_what_was_used_beyond_a_bound_is_counted_once_by_many_that_see_it(quick_store: Store) -> None:
    """Counted twice it would be lent to the account that used it, past the limit."""
    store, limits = quick_store, Limits((SpendLimit(Interval.MONTH, Currency.USD, 100_000),))
    fence, ledger = await change(store, await store.add_key(), limits), store.new_ledger(EAGER)
    assert await take(ledger, fence, 0, limits) is None
    held = (await ledger.reserve(fence, *asking(a_hold("req_1", bound=BOUND), limits))).hold
    assert await ledger.settle(held, replace(TRUTH, cost_pico_usd=99_500))
    asked = (take(store.new_ledger(EAGER), fence, 2 + number, limits) for number in range(60))
    await asyncio.gather(*asked)
    bank, shard = await store.get_item(), await store.find_item(KEY.id, 1)
    assert number_of(shard, "lmu") == 0
    assert number_of(bank, "mu") == (await store.get_account()).committed_pico_usd
    assert await take(ledger, fence, 99, limits) is not None


async def test_a_view_tells_settled_from_held_over_all_accounts(store: Store, opened: Fence) -> None:
    ledger = store.new_ledger(EAGER)
    held = [(await ledger.reserve(opened, *asking(a_hold(f"req_{each}", bound=BOUND)))).hold for each in range(5)]
    for hold in held[:3]:
        assert await ledger.settle(hold, TRUTH)
    account = await store.get_account()
    for interval in Interval:
        spend = account.spend(interval, Currency.USD, held[0].window)
        assert (spend.settled, spend.held) == (3 * 300, 2 * 1_000)
    assert (account.requests, account.in_flight, account.settled.total_tokens) == (3, 2, 90)


async def test_a_hold_whose_reply_was_lost_is_found_on_any_account(store: Store, opened: Fence) -> None:
    ledger = store.new_ledger(EAGER)
    held = [(await ledger.reserve(opened, *asking(a_hold(f"req_{each}", bound=BOUND)))).hold for each in range(3)]
    for hold in held:
        assert await store.new_ledger().settle(replace(hold, entry=None), TRUTH)
    assert (await store.get_account()).holds == {}


async def test_what_is_left_is_never_told_to_be_more_than_it_is(store: Store, opened: Fence) -> None:
    limits = Limits((SpendLimit(Interval.MONTH, Currency.USD, 50_000),), (RateLimit(None, 50, None, 50),))
    fence, ledger = await change(store, opened, limits), store.new_ledger(EAGER)
    for number in range(1, 20):
        reserved = await ledger.reserve(fence, *asking(a_hold(f"req_{number}", bound=BOUND), limits))
        standing = reserved.standing
        assert standing.requests is not None
        assert standing.parallel is not None
        assert 0 <= standing.requests.remaining <= 50 - number
        assert 0 <= standing.parallel.remaining <= 50 - number
        assert 0 <= standing.spend[0].allowance.remaining <= 50_000 - number * 1_000


async def test_a_key_with_alerts_stays_on_one_account(store: Store, opened: Fence) -> None:
    limits = Limits(alerts=(SpendAlert("alert_1", Interval.MONTH, Currency.USD, 5_000),))
    fence, ledger = await change(store, opened, limits), store.new_ledger(EAGER)
    for number in range(4):
        assert await take(ledger, fence, number, limits) is None
    assert (await store.get_account()).shards == 1


async def test_a_settle_that_is_watched_shows_what_all_accounts_have(store: Store, opened: Fence) -> None:
    spreading = store.new_ledger(EAGER)
    held = [(await spreading.reserve(opened, *asking(a_hold(f"req_{each}", bound=BOUND)))).hold for each in range(3)]
    for hold in held[1:]:
        assert await spreading.settle(hold, TRUTH)
    settled = await spreading.settle(held[0], TRUTH, watched=True)
    assert settled.account is not None
    assert settled.account.settled_pico_usd == 900


async def test_a_key_that_is_not_busy_is_never_lent_to(store: Store, opened: Fence) -> None:
    ledger = store.new_ledger()
    for number in range(40):
        held = (await ledger.reserve(opened, *asking(a_hold(f"req_{number}", bound=BOUND)))).hold
        assert await ledger.settle(held, TRUTH)
    assert (await store.get_account()).shards == 1


async def test_a_key_comes_back_to_its_first_account(store: Store, opened: Fence) -> None:
    ledger = store.new_ledger(EAGER)
    held = [(await ledger.reserve(opened, *asking(a_hold(f"req_{each}", bound=BOUND)))).hold for each in range(4)]
    for hold in held:
        assert await ledger.settle(hold, TRUTH)
    store.transport.sent.clear()
    last = (await ledger.reserve(opened, *asking(a_hold("req_9", bound=BOUND)))).hold
    assert await ledger.settle(last, TRUTH)
    assert last.entry is not None
    assert last.entry.shard == 0
    assert [operation for operation, _ in store.transport.sent] == ["UpdateItem"] * 2
