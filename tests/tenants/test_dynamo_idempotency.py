"""Claims on every engine, also where replies are lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tenants.dynamo_idempotency import DynamoClaims
from tenants.errors import AnswerLost, IdempotencyInProgress, IdempotencyKeyReused, LedgerUnavailable
from tenants.idempotency import KEPT_MS, LEASE_MS, HeldClaim, KeptAnswer
from tests.tenants.faults import LOST_REPLIES, Fault
from tests.tenants.samples import NOW_MS, TENANT, an_audit
from tests.tenants.stores import Store, later_tenant

ANSWER = KeptAnswer(200, '{"id":"key_1"}', '"1"', secrets_dropped=True)


@pytest.fixture
def claims(store: Store) -> DynamoClaims:
    return DynamoClaims(store.client, store.tables)


async def hold(claims: DynamoClaims, now_ms: int = NOW_MS) -> HeldClaim:
    held = await claims.claim("digest", "body", now_ms)
    assert isinstance(held, HeldClaim)
    return held


async def test_an_answer_is_kept_for_a_day(claims: DynamoClaims) -> None:
    await claims.keep(await hold(claims), ANSWER)
    assert await claims.claim("digest", "body", NOW_MS + KEPT_MS) == ANSWER
    assert isinstance(await claims.claim("digest", "another body", NOW_MS + KEPT_MS + 1), HeldClaim)


@pytest.mark.parametrize("answer", [KeptAnswer(201, None), KeptAnswer(200, "{}")])
async def test_an_answer_is_read_as_it_was_kept(claims: DynamoClaims, answer: KeptAnswer) -> None:
    await claims.keep(await hold(claims), answer)
    assert await claims.claim("digest", "body", NOW_MS) == answer


async def test_another_body_is_refused_before_and_after_the_answer(claims: DynamoClaims) -> None:
    held = await hold(claims)
    for _ in range(2):
        with pytest.raises(IdempotencyKeyReused):
            await claims.claim("digest", "another body", NOW_MS)
        await claims.keep(held, ANSWER)


async def test_of_many_at_once_one_holds_the_claim(claims: DynamoClaims) -> None:
    done = await asyncio.gather(*(claims.claim("digest", "body", NOW_MS) for _ in range(16)), return_exceptions=True)
    assert len([each for each in done if isinstance(each, HeldClaim)]) == 1
    assert len([each for each in done if isinstance(each, IdempotencyInProgress)]) == 15


async def test_of_many_at_once_one_takes_over_and_with_the_first_ones_seed(claims: DynamoClaims) -> None:
    first = await hold(claims)
    later_ms = NOW_MS + LEASE_MS
    done = await asyncio.gather(*(claims.claim("digest", "body", later_ms) for _ in range(16)), return_exceptions=True)
    (taken,) = [each for each in done if isinstance(each, HeldClaim)]
    assert (taken.seed, taken.made_at_ms) == (first.seed, first.made_at_ms)
    assert taken.token != first.token


async def test_who_lost_the_claim_keeps_and_forgets_nothing(claims: DynamoClaims) -> None:
    first = await hold(claims)
    second = await hold(claims, NOW_MS + LEASE_MS)
    await claims.keep(first, ANSWER)
    await claims.forget(first)
    await claims.give_up(first)
    with pytest.raises(IdempotencyInProgress):
        await claims.claim("digest", "body", NOW_MS + LEASE_MS)
    await claims.keep(second, ANSWER)
    assert await claims.claim("digest", "body", NOW_MS + LEASE_MS) == ANSWER


async def test_a_claim_that_is_given_up_is_the_next_ones_at_once(claims: DynamoClaims) -> None:
    first = await hold(claims)
    await claims.give_up(first)
    assert (await hold(claims)).seed == first.seed


async def test_a_claim_is_forgotten_unless_something_was_changed_under_it(store: Store, claims: DynamoClaims) -> None:
    first = await hold(claims)
    await claims.forget(first)
    second = await hold(claims)
    assert second.seed != first.seed
    await store.directory.update_tenant(later_tenant(TENANT), replace(an_audit(), claim=second))
    await claims.forget(second)
    assert (await hold(claims)).seed == second.seed


async def test_a_change_is_made_once_under_a_claim(store: Store, claims: DynamoClaims) -> None:
    held = await hold(claims)
    changed = later_tenant(TENANT, name="one")
    await store.directory.update_tenant(changed, replace(an_audit(), claim=held))
    with pytest.raises(AnswerLost):
        await store.directory.update_tenant(later_tenant(changed, name="two"), replace(an_audit(), claim=held))
    assert await store.directory.get_tenant(TENANT.id) == changed
    assert held.found_made


async def test_a_change_under_a_lost_claim_is_not_made(store: Store, claims: DynamoClaims) -> None:
    held = await hold(claims)
    await hold(claims, NOW_MS + LEASE_MS)
    with pytest.raises(IdempotencyInProgress):
        await store.directory.update_tenant(later_tenant(TENANT), replace(an_audit(), claim=held))
    assert await store.directory.get_tenant(TENANT.id) == TENANT
    assert not held.found_made


@pytest.mark.parametrize("fault", LOST_REPLIES)
async def test_lost_replies_lose_no_claim_and_no_answer(store: Store, claims: DynamoClaims, fault: Fault) -> None:
    store.transport.plan("PutItem", fault)
    first = await hold(claims)
    later_ms = NOW_MS + LEASE_MS
    store.transport.plan("UpdateItem", fault, Fault.THROTTLE)
    second = await hold(claims, later_ms)
    assert second.seed == first.seed
    store.transport.plan("UpdateItem", fault)
    await claims.keep(second, ANSWER)
    assert store.transport.pending == 0
    assert await claims.claim("digest", "body", later_ms) == ANSWER


async def test_a_store_that_is_away_is_unavailable(store: Store, claims: DynamoClaims) -> None:
    store.transport.plan("PutItem", *[Fault.NOT_SENT] * 10)
    with pytest.raises(LedgerUnavailable):
        await hold(claims)
