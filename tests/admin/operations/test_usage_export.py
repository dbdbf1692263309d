from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from admin.control_plane import ControlPlane, Requester
from admin.operations import projects
from admin.operations.usage_export import ExportQuestion, export_usage
from tenants.event import UsageEvent
from tenants.event_order import Period, counted_at_ms
from tenants.tenant import Tenant
from tenants.usage import TokenCounts
from tests.admin.conftest import NOW_MS
from tests.admin.usage_books import ListedBooks
from tests.tenants.usage_samples import HOUR_MS, a_correction, a_request, random_request

DAY_MS = 24 * HOUR_MS
RANGE = Period(NOW_MS, NOW_MS + 3 * DAY_MS)


@pytest.fixture
async def project_ids(control: ControlPlane, requester: Requester) -> list[str]:
    return [(await projects.create_project(control, requester, name)).id for name in ("one", "other")]


async def exported(control: ControlPlane, events: list[UsageEvent], question: ExportQuestion) -> list[UsageEvent]:
    return [event async for event in export_usage(control, ListedBooks(events), question)]


@pytest.fixture
def events(project_ids: list[str]) -> list[UsageEvent]:
    """Three days of two projects, with corrections, and requests on either side of a midnight."""
    random = Random(3)
    found = [random_request(random, RANGE, random.choice(project_ids)) for _ in range(60)]
    found += [a_correction(event, TokenCounts(1)) for event in random.sample(found, 5)]
    midnight_ms = NOW_MS + DAY_MS
    for project_id in project_ids:
        found.append(a_request(midnight_ms - 1, project_id))
        found.append(a_request(midnight_ms - 30, project_id, admitted_ms=midnight_ms + 30))
        found.append(a_request(midnight_ms + 30, project_id, admitted_ms=midnight_ms - 30))
    random.shuffle(found)
    return found


async def test_every_event_of_the_range_comes_once_in_order(control: ControlPlane, events: list[UsageEvent]) -> None:
    rows = await exported(control, events, ExportQuestion(RANGE))
    expected = [event for event in events if RANGE.from_ms <= counted_at_ms(event) < RANGE.to_ms]
    assert rows == sorted(expected, key=lambda event: event.call.request_id)


async def test_an_export_goes_on_after_any_row_without_gap_or_repetition(
    control: ControlPlane, events: list[UsageEvent]
) -> None:
    rows = await exported(control, events, ExportQuestion(RANGE))
    for index, row in enumerate(rows):
        rest = await exported(control, events, ExportQuestion(RANGE, after=row.call.request_id))
        assert rest == rows[index + 1 :]


async def test_ranges_that_meet_share_no_event_and_miss_none(control: ControlPlane, events: list[UsageEvent]) -> None:
    for cut_ms in (NOW_MS + DAY_MS - 30, NOW_MS + DAY_MS, NOW_MS + DAY_MS + 17, NOW_MS + 2 * DAY_MS):
        halves = (Period(RANGE.from_ms, cut_ms), Period(cut_ms, RANGE.to_ms))
        parts = [await exported(control, events, ExportQuestion(half)) for half in halves]
        ids = [event.call.request_id for part in parts for event in part]
        whole = await exported(control, events, ExportQuestion(RANGE))
        assert sorted(ids) == sorted(event.call.request_id for event in whole)


async def test_a_projects_export_has_its_events_alone(
    control: ControlPlane, events: list[UsageEvent], project_ids: list[str]
) -> None:
    rows = await exported(control, events, ExportQuestion(RANGE, frozenset({project_ids[1]})))
    assert {event.call.tenant_id for event in rows} == {project_ids[1]}
    assert await exported(control, events, ExportQuestion(RANGE, frozenset({"proj_unknown"}))) == []


async def test_what_is_in_memory_does_not_grow_with_the_projects(control: ControlPlane, requester: Requester) -> None:
    for number in range(12):
        await projects.create_project(control, requester, f"p{number}")

    class Measured(ListedBooks):
        page_events: list[int] = []  # noqa: RUF012 - of this test alone

        def read_events(self, stretch):  # type: ignore[no-untyped-def]  # as its base's
            self.page_events.append(stretch.page_events)
            return super().read_events(stretch)

    books = Measured()
    one_day = Period(NOW_MS, NOW_MS + DAY_MS)
    assert [event async for event in export_usage(control, books, ExportQuestion(one_day))] == []
    assert sum(books.page_events) <= 3 * 20_000


async def test_no_day_is_gone_through_before_the_first_project_was_made(
    control: ControlPlane, events: list[UsageEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Period] = []

    def existed_by(tenant: Tenant, period: Period) -> bool:
        seen.append(period)
        return True

    monkeypatch.setattr("admin.operations.usage_export.existed_by", existed_by)
    rows = await exported(control, events, ExportQuestion(Period(0, RANGE.to_ms)))
    assert rows == sorted(
        (event for event in events if counted_at_ms(event) < RANGE.to_ms), key=lambda event: event.call.request_id
    )
    assert 0 < len(seen) < 2 * 10


async def test_an_empty_range_has_no_rows(control: ControlPlane, events: list[UsageEvent]) -> None:
    question = ExportQuestion(Period(NOW_MS + 5, NOW_MS + 5))
    assert await exported(control, events, question) == []
    assert await exported(control, events, replace(question, period=Period(NOW_MS + 5, NOW_MS))) == []
