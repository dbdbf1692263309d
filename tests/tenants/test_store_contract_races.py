"""`committed = settled + the bounds of all holds`, at every moment, for any number of requests and processes."""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import sys
from asyncio.subprocess import PIPE
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tenants.account import Account, Bound
from tenants.busy_keys import Spread
from tenants.dynamo_ledger import DynamoLedger
from tenants.event import Settlement, UsageEvent, UsageStatus
from tenants.principal import Fence
from tenants.usage import NO_TOKENS, TokenCounts
from tests.engines import ON_ONE_ENGINE
from tests.tenants.faults import LOST_REPLIES, NOT_APPLIED, Fault
from tests.tenants.samples import DAY, FENCE, KEY, MONTH, NOW_MS, TENANT, a_hold, an_audit, asking
from tests.tenants.stores import ATTEMPTS, Store

pytestmark = ON_ONE_ENGINE

PROJECT = Path(__file__).parents[2]
_key_numbers = itertools.count()
RACERS = 4
ONE_ACCOUNT = Spread(1)
REQUESTS = 50


def assert_balanced(account: Account) -> None:
    assert account.committed_tokens == account.settled.total_tokens + account.held_tokens
    assert account.settled_pico_usd >= 0
    assert account.requests >= len(account.outbox)


def a_settlement(rng: random.Random) -> Settlement:
    tokens = TokenCounts(*(rng.randrange(2_000) for _ in range(4)))
    return Settlement(UsageStatus.OK, NOW_MS + rng.randrange(10_000), tokens, rng.choice([None, rng.randrange(10**12)]))


@pytest.mark.parametrize("seed", range(2))
async def test_two_hundred_requests_at_once_on_two_processes_stay_balanced_and_add_up(
    store: Store, opened: Fence, seed: int
) -> None:
    rng = random.Random(seed)
    ledgers = [store.new_ledger(ONE_ACCOUNT), store.new_ledger(ONE_ACCOUNT)]
    true: dict[str, Settlement] = {}
    left: dict[str, Bound] = {}

    async def request(number: int) -> None:
        bound = Bound(rng.randrange(3_000), rng.randrange(3_000), rng.choice([None, rng.randrange(10**12)]))
        asked = a_hold(f"req_{number}", bound=bound)
        hold = (await ledgers[number % 2].reserve(opened, *asking(asked))).hold
        if rng.random() < 0.1:
            left[hold.call.request_id] = bound
            return
        if rng.random() < 0.1:
            assert_balanced(await store.get_account())
        settlement = true[hold.call.request_id] = a_settlement(rng)
        repeats = rng.choice([1, 1, 2])
        done = await asyncio.gather(*(ledgers[rng.randrange(2)].settle(hold, settlement) for _ in range(repeats)))
        assert all(done)
        if rng.random() < 0.5:
            await ledgers[number % 2].put_events([UsageEvent(hold.call, settlement)])

    await asyncio.gather(*(request(number) for number in range(200)))
    account = await store.get_account()
    assert_balanced(account)
    assert (account.requests, account.holds.keys()) == (len(true), left.keys())
    assert account.settled == sum((each.tokens for each in true.values()), NO_TOKENS)
    assert account.settled_pico_usd == sum(each.cost_pico_usd or 0 for each in true.values())
    assert (await store.get_item())["n"] == {"N": str(len(left))}
    page = await store.new_ledger().list_events(TENANT.id, DAY, None, 300)
    events = {each.call.request_id: each.settlement for each in page.items}
    assert len(events) == len(page.items)
    kept = {request_id: each.settlement for request_id, each in account.outbox.items()}
    assert events | kept == true


# One step: which request, which process, which faults meet it on the way.
steps = st.lists(
    st.tuples(
        st.sampled_from(["reserve", "settle", "abandon", "deliver"]),
        st.integers(0, 3),
        st.integers(0, 1),
        st.lists(st.sampled_from([*LOST_REPLIES, *NOT_APPLIED]), max_size=ATTEMPTS - 1),
    ),
    max_size=14,
)


class Model:
    """The ledger as it ought to be: holds, and what they became."""

    def __init__(self) -> None:
        self.held: set[str] = set()
        self.settled: dict[str, Settlement] = {}

    def assert_same(self, account: Account | None) -> None:
        if account is None:
            account = Account(KEY.id, MONTH)
        assert_balanced(account)
        assert account.holds.keys() == self.held
        assert account.requests == len(self.settled)
        assert account.settled == sum((each.tokens for each in self.settled.values()), NO_TOKENS)
        assert account.settled_pico_usd == sum(each.cost_pico_usd or 0 for each in self.settled.values())


async def take_step(
    model: Model, ledger: DynamoLedger, fence: Fence, step: tuple[str, str], faults: tuple[Store, list[Fault]]
) -> None:
    """One step on the ledger and on the model, and their answers compared."""
    (action, request_id), (store, planned) = step, faults
    hold = a_hold(request_id, fence.key_id)
    settlement = Settlement(UsageStatus.OK, NOW_MS, TokenCounts(len(request_id), 7, 1, 2), 5_000)
    if action == "reserve" and request_id not in model.settled:
        store.transport.plan("UpdateItem", *planned)
        await ledger.reserve(fence, *asking(hold))
        model.held.add(request_id)
    elif action in ("settle", "abandon"):
        ours = settlement if action == "settle" else hold.abandon(NOW_MS).settlement
        store.transport.plan("UpdateItem", *planned)
        done = await ledger.settle(hold, ours)
        if request_id in model.held:
            model.held.remove(request_id)
            model.settled[request_id] = ours
            assert done
        elif model.settled.get(request_id) != ours:
            assert not done
    elif action == "deliver" and request_id in model.settled:
        store.transport.plan("BatchWriteItem", *planned)
        await ledger.put_events([UsageEvent(hold.call, model.settled[request_id])])
    assert store.transport.pending == 0


# The tables are cleared once a test; every example has a key of its own.
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(taken=steps)
async def test_any_order_of_steps_and_faults_leaves_the_ledger_as_one_process_without_faults_would(
    store: Store, taken: list[tuple[str, int, int, list[Fault]]]
) -> None:
    key_id = f"key_{next(_key_numbers):04}"
    fence = await store.add_key(replace(KEY, id=key_id))
    ledgers, model = [store.new_ledger(), store.new_ledger()], Model()
    for action, number, process, planned in taken:
        await take_step(model, ledgers[process], fence, (action, f"req_{number}"), (store, planned))
        model.assert_same(await ledgers[0].find_account(key_id, MONTH))


async def test_processes_racing_on_one_account_add_up_exactly(store: Store) -> None:
    # Nobody has opened the account: they race for that, too.
    await store.directory.create_key(KEY, an_audit())
    arguments = ["-m", "tests.tenants.racer", str(store.ground.access.endpoint_url), store.tables.prefix]
    racers = [
        await asyncio.create_subprocess_exec(
            sys.executable, *arguments, str(racer), str(REQUESTS), stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=PROJECT
        )
        for racer in range(RACERS)
    ]
    for each in racers:
        assert each.stdout is not None
        assert await each.stdout.readline() == b"ready\n"
    results = await asyncio.gather(*(each.communicate(b"go\n") for each in racers))
    assert [each.returncode for each in racers] == [0] * RACERS, results
    totals = [json.loads(out) for out, _ in results]
    account = await store.get_account()
    assert_balanced(account)
    assert (account.requests, account.holds, len(account.outbox)) == (RACERS * REQUESTS, {}, RACERS * REQUESTS)
    assert account.committed_tokens == sum(each["tokens"] for each in totals)
    assert account.settled_pico_usd == sum(each["pico_usd"] for each in totals)
    assert (account.key_version, account.tenant_version) == (FENCE.key_version, FENCE.tenant_version)
