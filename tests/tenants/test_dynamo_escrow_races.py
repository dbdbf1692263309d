"""`granted = sum(room + spent)` at every moment, and never more than the cap, whatever order things come in."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from awswire.dynamodb import DynamoDb
from tenants.account import Bound
from tenants.busy_keys import Spread
from tenants.dynamo_escrow import TRANSFERS
from tenants.dynamo_ledger import SPREAD
from tenants.errors import LedgerUnavailable, LimitExceeded
from tenants.escrow import Pool
from tenants.event import Settlement, UsageStatus
from tenants.limits import Currency, Interval
from tenants.standing import Reserved
from tenants.usage import TokenCounts
from tenants.window import window_of
from tests.engines import ON_ONE_ENGINE
from tests.tenants.faults import LOST_REPLIES, NOT_APPLIED, Fault
from tests.tenants.projects import BOUND, EVERY_POOL, Instance, Project, limits_for, open_project
from tests.tenants.samples import MONTH, NOW_MS, a_hold
from tests.tenants.spread_keys import EAGER
from tests.tenants.stores import Store

pytestmark = ON_ONE_ENGINE

Books = dict[Pool, tuple[int, int, int]]
KEYS = 3
_numbers = itertools.count()


@dataclass(frozen=True, slots=True)
class Step:
    """What is done next, by which process, for which key, how large, and what befalls transactions on the way."""

    action: str
    instance: int
    key: int
    size: int
    faults: Sequence[Fault]


steps = st.lists(
    st.builds(
        Step,
        action=st.sampled_from(["reserve", "reserve", "reserve", "settle", "settle", "budget"]),
        instance=st.integers(0, 1),
        key=st.integers(0, KEYS - 1),
        size=st.integers(1, 12),
        faults=st.lists(st.sampled_from([*LOST_REPLIES, *NOT_APPLIED]), max_size=3),
    ),
    max_size=16,
)
pools_of_a_tenant = st.lists(st.sampled_from(EVERY_POOL), min_size=1, unique=True)


async def take_step(project: Project, instance: Instance, step: Step, held: list[Reserved]) -> None:
    """Raises LimitExceeded, and LedgerUnavailable where nobody knows what became of it."""
    if step.action == "reserve":
        bound = Bound(step.size * 60, step.size * 40, step.size * 1_000_000)
        hold = a_hold(f"req_{next(_numbers)}", project.key_ids[step.key], bound=bound)
        held.append(await project.take(instance, hold))
    elif step.action == "settle" and held:
        hold = held.pop(0).hold
        used = TokenCounts(hold.bound.input_tokens * step.key // 2, hold.bound.output_tokens * step.size // 12)
        cost = (hold.bound.cost_pico_usd or 0) * step.size // 12
        assert await instance.ledger.settle(hold, Settlement(UsageStatus.OK, NOW_MS, used, cost))
    elif step.action == "budget":
        pools = [(limit.interval, limit.currency) for limit in project.tenant.limits.spend]
        await project.change(limits_for(step.size / 2, *pools))
        await instance.budgets.shrink(project.tenant, window_of(NOW_MS))


async def meet_the_faults_left(project: Project, instance: Instance) -> None:
    """By a transaction that changes nothing: those that a step did not meet are not for the next one."""
    while project.store.transport.pending:
        with suppress(LedgerUnavailable):
            await instance.ledger.open_account(project.fence(project.key_ids[0]), MONTH)


def assert_balanced(project: Project, former: Books, now: Books) -> None:
    """And nothing more is granted where the cap was lowered below what is."""
    for pool, (granted, room, spent) in now.items():
        cap = project.tenant.limits.spend_limit(pool.interval, pool.currency)
        assert cap is not None
        assert granted == room + spent
        assert granted <= max(cap, former[pool][0])
        assert room >= 0


# The tables are cleared once a test; every example has a tenant of its own.
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@pytest.mark.parametrize("spread", [SPREAD, EAGER], ids=["one account", "spread"])
@given(taken=steps, pools=pools_of_a_tenant)
async def test_the_books_balance_after_any_order_of_steps_and_faults(
    store: Store, taken: list[Step], pools: list[tuple[Interval, Currency]], spread: Spread
) -> None:
    project = await open_project(store, limits_for(6, *pools), KEYS, tenant_id=f"proj_r{next(_numbers)}")
    retries = replace(TRANSFERS, attempts=12, first_pause_seconds=0.0)
    instances = [project.new_instance(retries, spread=spread) for _ in range(2)]
    held: list[Reserved] = []
    former = await project.books()
    for step in taken:
        store.transport.plan("TransactWriteItems", *step.faults)
        with suppress(LimitExceeded, LedgerUnavailable):
            await take_step(project, instances[step.instance], step, held)
        await meet_the_faults_left(project, instances[0])
        now = await project.books()
        assert_balanced(project, former, now)
        former = now


class Interrupted(DynamoDb):
    """The client of a process that is overtaken: before its first call of an operation something else happens.

    Of accounts it reads all but the last, before that, and the last one after it.
    """

    def __init__(self, client: DynamoDb, operation: str, meanwhile: Callable[[], Awaitable[object]]) -> None:
        self._client = client
        self._operation = operation
        self._meanwhile: Callable[[], Awaitable[object]] | None = meanwhile

    async def call(self, operation: str, body: Mapping[str, Any], *, repeatable: bool) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        meanwhile = self._meanwhile
        projected = any("ProjectionExpression" in each for each in body.get("RequestItems", {}).values())
        if meanwhile is None or operation != self._operation or (operation == "BatchGetItem" and not projected):
            return await self._client.call(operation, body, repeatable=repeatable)
        self._meanwhile = None
        if operation == "BatchGetItem":
            ((table, request),) = body["RequestItems"].items()
            keys = request["Keys"]
            body = {"RequestItems": {table: {**request, "Keys": keys[:-1]}}}
            answer = await self._client.call(operation, body, repeatable=repeatable)
            await meanwhile()
            return {**answer, "UnprocessedKeys": {table: {**request, "Keys": keys[-1:]}}}
        await meanwhile()
        return await self._client.call(operation, body, repeatable=repeatable)


async def test_a_process_that_is_overtaken_between_reading_and_granting_does_not_pass_the_cap(store: Store) -> None:
    project = await open_project(store, limits_for(3), keys=2)
    other = project.new_instance()

    async def take_all() -> None:
        for number in range(3):
            await project.serve(other, f"req_o{number}", "key_1")

    slow = project.new_instance(client=Interrupted(store.client, "TransactWriteItems", take_all))
    with pytest.raises(LimitExceeded):
        await project.serve(slow, "req_s", "key_0")
    ((granted, room, spent),) = (await project.books()).values()
    assert (room, granted, spent) == (0, spent, 3 * (BOUND.cost_pico_usd or 0))


async def test_what_moves_between_two_accounts_while_they_are_read_is_not_overlooked(store: Store) -> None:
    project = await open_project(store, limits_for(5), keys=3)
    other = project.new_instance()
    await project.serve(other, "req_0", "key_2")
    large = Bound(BOUND.input_tokens * 4, BOUND.output_tokens * 4, (BOUND.cost_pico_usd or 0) * 4)
    hold = a_hold("req_1", "key_1", bound=large)

    async def move_all_to_the_account_just_read() -> None:
        await other.budgets.draw(project.fence("key_1"), hold, project.demand(hold))

    slow = project.new_instance(client=Interrupted(store.client, "BatchGetItem", move_all_to_the_account_just_read))
    await project.serve(slow, "req_2", "key_0")
    room = (await store.get_item("key_1"))["au"]
    left = large.cost_pico_usd or 0
    assert room == {"N": str(left - left // 3)}  # of which key_0 was given what each of three would have
