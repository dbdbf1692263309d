from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from admin.refused_attempts import (
    BY_ACTOR,
    BY_ADDRESS,
    MOST_COUNTED_ORIGINS,
    MOST_TOLD_ORIGINS,
    WINDOW_MS,
    RefusedAttempts,
    Window,
    network_of,
)
from tenants.audit import ORGANIZATION, UNKNOWN_ACTOR_ID, Actor, Attempt, AuditAction, AuditEvent
from tenants.errors import LedgerUnavailable

NOW_MS = 1_795_132_800_000


def an_attempt(number: int, address: str = "192.0.2.7", actor_id: str = UNKNOWN_ACTOR_ID) -> AuditEvent:
    return AuditEvent(
        f"audit_{number}",
        NOW_MS + number,
        AuditAction.LOGIN_FAILED,
        Actor(actor_id, address),
        ORGANIZATION,
        "",
        attempt=Attempt("POST", "/v1/organization/projects", "incorrect_secret", "Incorrect API key provided."),
    )


def told_of(events: Sequence[AuditEvent]) -> int:
    """Attempts that these entries tell of."""
    return sum(1 + event.attempt.more for event in events if event.attempt is not None)


class Trail:
    """What was recorded, by a clock that is set by hand."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS
        self.entries: list[AuditEvent] = []
        self.down = False
        self.told = asyncio.Event()
        self.hanging = asyncio.Event()
        self.hanging.set()
        self.attempts = RefusedAttempts(self.record, lambda: self.now_ms)

    async def record(self, event: AuditEvent) -> None:
        await self.hanging.wait()
        if self.down:
            raise LedgerUnavailable
        self.entries.append(event)
        if event.attempt is not None and event.attempt.more:
            self.told.set()


@pytest.fixture
def trail() -> Trail:
    return Trail()


def test_the_first_attempts_of_an_address_have_entries_and_the_others_are_counted() -> None:
    window = Window(BY_ADDRESS)
    admitted = [window.admits("a", an_attempt(number)) for number in range(100)]
    assert admitted == [True] * BY_ADDRESS.of_origin + [False] * (100 - BY_ADDRESS.of_origin)
    (summary,) = window.summaries()
    assert summary.attempt is not None
    assert (summary.id, summary.attempt.more) == ("audit_99", 100 - BY_ADDRESS.of_origin - 1)
    assert summary.attempt.since_ms == NOW_MS + BY_ADDRESS.of_origin


def test_what_is_not_counted_has_no_summary() -> None:
    window = Window(BY_ADDRESS)
    assert window.admits("a", an_attempt(1))
    assert window.summaries() == []


@pytest.mark.parametrize("origins", [1, 40, MOST_COUNTED_ORIGINS + 50])
def test_every_attempt_of_a_flood_is_told_of_by_a_bounded_number_of_entries(origins: int) -> None:
    window = Window(BY_ADDRESS)
    events = [an_attempt(number, f"address {number % origins}") for number in range(3_000)]
    entries = [event for event in events if window.admits(str(event.actor.address), event)]
    summaries = window.summaries()
    assert told_of([*entries, *summaries]) == 3_000
    assert len(entries) <= BY_ADDRESS.of_all
    assert len(summaries) <= MOST_TOLD_ORIGINS + 1
    assert len(window.origins) <= MOST_COUNTED_ORIGINS


def test_the_busiest_origins_are_told_apart_and_the_others_together_without_a_name() -> None:
    window = Window(BY_ADDRESS)
    for origin in range(MOST_TOLD_ORIGINS + 2):
        for number in range(BY_ADDRESS.of_origin + 2 + origin):
            window.admits(f"address {origin}", an_attempt(number, f"address {origin}"))
    *told, together = window.summaries()
    assert [each.actor.address for each in told] == [f"address {origin}" for origin in range(11, 1, -1)]
    assert (together.actor, together.target_id) == (Actor(UNKNOWN_ACTOR_ID), "")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.7", "192.0.2.8", False),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.7", "::ffff:192.0.2.8", False),
        ("testclient", "another", False),
        (None, "", True),
    ],
)
def test_who_has_an_ipv6_network_is_one_origin(one: str | None, other: str | None, same: bool) -> None:
    assert (network_of(one) == network_of(other)) is same


async def test_an_attempt_is_recorded_before_it_is_answered(trail: Trail) -> None:
    await trail.attempts.note(an_attempt(1))
    assert [event.id for event in trail.entries] == ["audit_1"]


async def test_the_count_is_told_when_the_minute_is_over(trail: Trail) -> None:
    for number in range(BY_ADDRESS.of_origin + 3):
        await trail.attempts.note(an_attempt(number))
    trail.now_ms += WINDOW_MS
    await trail.attempts.note(an_attempt(50))
    await trail.attempts.close()
    assert told_of(trail.entries) == BY_ADDRESS.of_origin + 4
    assert len(trail.entries) == BY_ADDRESS.of_origin + 2


async def test_the_count_is_told_without_a_further_attempt(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("admin.refused_attempts.WINDOW_MS", 1)
    for number in range(BY_ADDRESS.of_origin + 3):
        await trail.attempts.note(an_attempt(number))
    await trail.told.wait()
    assert told_of(trail.entries) == BY_ADDRESS.of_origin + 3
    assert len(trail.entries) == BY_ADDRESS.of_origin + 1


async def test_the_count_is_told_at_the_end(trail: Trail) -> None:
    for number in range(BY_ADDRESS.of_origin + 3):
        await trail.attempts.note(an_attempt(number))
    await trail.attempts.close()
    assert told_of(trail.entries) == BY_ADDRESS.of_origin + 3


async def test_a_flood_without_a_key_takes_nothing_from_those_who_have_one(trail: Trail) -> None:
    for number in range(1_000):
        await trail.attempts.note(an_attempt(number, f"192.0.2.{number % 250}"))
    before = len(trail.entries)
    for number in range(BY_ACTOR.of_origin):
        await trail.attempts.note(an_attempt(number, actor_id="admin_1"))
    assert len(trail.entries) == before + BY_ACTOR.of_origin


async def test_a_clock_that_goes_back_begins_a_new_minute(trail: Trail) -> None:
    for now_ms in (NOW_MS, NOW_MS - 10 * WINDOW_MS, NOW_MS):
        trail.now_ms = now_ms
        for number in range(BY_ADDRESS.of_origin):
            await trail.attempts.note(an_attempt(number))
    assert len(trail.entries) == 3 * BY_ADDRESS.of_origin


async def test_a_store_that_is_away_fails_nothing_and_is_logged(trail: Trail, caplog: pytest.LogCaptureFixture) -> None:
    trail.down = True
    await trail.attempts.note(an_attempt(1))
    assert [record.audit_id for record in caplog.records] == ["audit_1"]  # type: ignore[attr-defined]  # of `extra`


async def test_a_store_that_hangs_holds_up_no_refusal_and_gets_the_entry_later(
    trail: Trail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("admin.refused_attempts._WRITE_SECONDS", 0.001)
    trail.hanging.clear()
    await trail.attempts.note(an_attempt(1))
    assert trail.entries == []
    trail.hanging.set()
    await trail.attempts.close()
    assert trail.entries == [an_attempt(1)]


async def test_a_store_that_hangs_holds_up_no_shutdown(trail: Trail, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("admin.refused_attempts._WRITE_SECONDS", 0.001)
    monkeypatch.setattr("admin.refused_attempts._CLOSE_SECONDS", 0.001)
    trail.hanging.clear()
    await trail.attempts.note(an_attempt(1))
    await trail.attempts.close()
    assert trail.entries == []


def test_a_summary_is_an_entry_that_nobody_wrote_yet() -> None:
    window = Window(BY_ADDRESS)
    events = [an_attempt(number) for number in range(20)]
    written = [event.id for event in events if window.admits("a", event)]
    (summary,) = window.summaries()
    assert summary.id not in written
    assert replace(summary, attempt=events[-1].attempt) == events[-1]
