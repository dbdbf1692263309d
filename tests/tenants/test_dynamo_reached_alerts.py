"""A crossing is noted once by however many, and its telling is one process's turn at a time."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tenants.dynamo_reached_alerts import ReachedAlerts
from tenants.errors import LedgerUnavailable
from tenants.reached_alerts import TURN_MS, Crossing, UntoldAlert
from tests.tenants.faults import Fault
from tests.tenants.samples import DAY, MONTH, NOW_MS, TENANT
from tests.tenants.stores import ATTEMPTS, Store

CROSSING = Crossing(TENANT.id, MONTH, "alert_1", 5)
UNTOLD = UntoldAlert(CROSSING, '{"id": "x"}', NOW_MS, NOW_MS + TURN_MS)


def reached(store: Store) -> ReachedAlerts:
    return ReachedAlerts(store.client, store.tables)


async def test_of_many_that_note_the_same_crossing_one_does(store: Store) -> None:
    notes = await asyncio.gather(*(reached(store).note(UNTOLD) for _ in range(10)), return_exceptions=True)
    # One that met another in the middle of its transaction is to look again.
    assert [note for note in notes if note is True] == [True]
    assert all(isinstance(note, bool | LedgerUnavailable) for note in notes)
    assert await reached(store).list_reached(TENANT.id, MONTH) == {CROSSING}
    assert await reached(store).list_untold() == [UNTOLD]


async def test_each_period_and_tenant_has_its_own(store: Store) -> None:
    others = [replace(CROSSING, period=DAY), replace(CROSSING, tenant_id="proj_11"), replace(CROSSING, threshold=6)]
    for crossing in (CROSSING, *others):
        assert await reached(store).note(replace(UNTOLD, crossing=crossing))
    assert await reached(store).list_reached(TENANT.id, MONTH) == {CROSSING, replace(CROSSING, threshold=6)}
    assert await reached(store).list_reached(TENANT.id, DAY) == {replace(CROSSING, period=DAY)}
    assert {untold.crossing for untold in await reached(store).list_untold()} == {CROSSING, *others}


async def test_a_turn_is_taken_by_one_once_the_former_is_over(store: Store) -> None:
    await reached(store).note(UNTOLD)
    assert not await reached(store).take_turn(UNTOLD, UNTOLD.until_ms - 1)
    turns = await asyncio.gather(*(reached(store).take_turn(UNTOLD, UNTOLD.until_ms) for _ in range(5)))
    assert sorted(turns) == [False] * 4 + [True]
    assert await reached(store).list_untold() == [replace(UNTOLD, until_ms=UNTOLD.until_ms + TURN_MS)]


async def test_what_was_told_is_nobodys_turn_and_noted_for_good(store: Store) -> None:
    await reached(store).note(UNTOLD)
    await reached(store).remove(CROSSING)
    assert not await reached(store).take_turn(UNTOLD, NOW_MS + 10 * TURN_MS)
    assert await reached(store).list_untold() == []
    assert not await reached(store).note(UNTOLD)


@pytest.mark.parametrize("fault", [Fault.NOT_SENT, Fault.THROTTLE])
async def test_a_store_that_does_not_answer_notes_nothing(store: Store, fault: Fault) -> None:
    store.transport.plan("TransactWriteItems", *[fault] * ATTEMPTS)
    with pytest.raises(LedgerUnavailable):
        await reached(store).note(UNTOLD)
    assert await reached(store).note(UNTOLD)
