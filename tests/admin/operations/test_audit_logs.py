"""Pages of the trail on a real store: what they hold, that they stay where they are, and what they cost."""

from __future__ import annotations

import pytest

from admin.operations.audit_logs import AuditPage, AuditQuestion, AuditSelection, list_audit_logs
from awswire.dynamodb import DynamoDb
from tenants.audit import ORGANIZATION, Actor, AuditAction, AuditEvent
from tenants.audit_books import AuditSlice, AuditStretch
from tenants.audit_order import AUDIT_ID
from tenants.dynamo_access import DynamoAccess
from tenants.dynamo_audit_books import DynamoAuditBooks
from tenants.dynamo_directory import DynamoDirectory
from tenants.dynamo_models import bind
from tenants.event_order import Period
from tenants.ids import time_ordered
from tenants.tables import TableNames

NOW_MS = 1_795_132_800_000  # 2026-11-20T00:00:00Z
DAY_MS = 24 * 3600 * 1000
EVER = Period(0, 10**15)
ALL = AuditQuestion(EVER)


def an_event(
    at_ms: int, tenant_id: str = "proj_1", action: AuditAction = AuditAction.API_KEY_UPDATED, actor_id: str = "admin_1"
) -> AuditEvent:
    audit_id = AUDIT_ID + time_ordered(at_ms, b"\x05" * 17, 24)
    return AuditEvent(audit_id, at_ms, action, Actor(actor_id, email=f"{actor_id}@x"), tenant_id, f"key_{at_ms % 7}")


# Three months; two projects and entries of none; a rare kind.
EVENTS = [
    *(an_event(NOW_MS - 70 * DAY_MS + number) for number in range(3)),
    *(an_event(NOW_MS - 30 * DAY_MS + number, "proj_2") for number in range(3)),
    *(an_event(NOW_MS + number, "proj_1" if number % 2 else "proj_2") for number in range(10)),
    an_event(NOW_MS + 20_000, ORGANIZATION, AuditAction.LOGIN_FAILED, "unknown"),
]
NEWEST_FIRST = [event.id for event in reversed(EVENTS)]


class Counting:
    """The books, with what was read of them."""

    def __init__(self, books: DynamoAuditBooks) -> None:
        self._books = books
        self.read_rows, self.read_pointers = books.read_rows, books.read_pointers
        self.stretches: list[AuditStretch] = []

    async def read(self, stretch: AuditStretch) -> AuditSlice:
        self.stretches.append(stretch)
        return await self._books.read(stretch)


@pytest.fixture
async def books(dynamodb: DynamoDb, dynamo_access: DynamoAccess, tables: TableNames) -> Counting:
    directory = DynamoDirectory(bind(dynamo_access, tables), lambda: NOW_MS)
    for event in EVENTS:
        await directory.record(event)
    await directory.close()
    return Counting(DynamoAuditBooks(dynamodb, tables))


async def page(books: Counting, question: AuditQuestion, projects: frozenset[str] | None = None) -> AuditPage:
    return await list_audit_logs(books, question, NOW_MS + 60_000, projects)


def ids(found: AuditPage) -> list[str]:
    return [event.id for event in found.entries]


def asking(**fields: object) -> AuditQuestion:
    return AuditQuestion(**{"period": EVER, **fields})  # type: ignore[arg-type]  # of whichever field


async def walk(books: Counting, limit: int, **fields: object) -> list[str]:
    """All pages, by the cursor of each."""
    walked: list[str] = []
    after: str | None = None
    while True:
        found = await page(books, asking(limit=limit, after=after, **fields))
        walked += ids(found)
        after = found.reached_id
        if after is None:
            return walked


async def test_entries_are_newest_first_as_they_were_written(books: Counting) -> None:
    found = await page(books, asking(limit=100))
    assert (list(found.entries), found.reached_id) == (list(reversed(EVENTS)), None)


@pytest.mark.parametrize("limit", [1, 3, 16, 17, 100])
async def test_pages_of_any_size_miss_and_repeat_nothing_across_months(books: Counting, limit: int) -> None:
    assert await walk(books, limit) == NEWEST_FIRST
    of_one = [event.id for event in reversed(EVENTS) if event.tenant_id == "proj_2"]
    assert await walk(books, limit, project_ids=frozenset({"proj_2"})) == of_one
    both = frozenset({"proj_1", "proj_2", "proj_none"})
    assert await walk(books, limit, project_ids=both) == NEWEST_FIRST[1:]


async def test_the_last_page_says_so_though_it_is_full(books: Counting) -> None:
    assert (await page(books, asking(limit=len(EVENTS)))).reached_id is None
    assert (await page(books, asking(limit=len(EVENTS) - 1))).reached_id is not None


async def test_entries_that_come_meanwhile_move_no_page(books: Counting, dynamo_access: DynamoAccess) -> None:
    first = await page(books, asking(limit=5))
    directory = DynamoDirectory(bind(dynamo_access, TableNames(books._books._table.removesuffix("-audit"))), int)
    await directory.record(an_event(NOW_MS + 50_000))
    await directory.close()
    assert ids(await page(books, asking(limit=5, after=first.reached_id))) == NEWEST_FIRST[5:10]


async def test_a_page_before_an_entry_holds_those_right_before_it_newest_first(books: Counting) -> None:
    found = await page(books, asking(limit=4, before=NEWEST_FIRST[9]))
    assert (ids(found), found.backwards, found.reached_id) == (NEWEST_FIRST[5:9], True, NEWEST_FIRST[5])
    assert ids(await page(books, asking(limit=50, before=NEWEST_FIRST[2]))) == NEWEST_FIRST[:2]
    between = await page(books, asking(limit=50, after=NEWEST_FIRST[2], before=NEWEST_FIRST[6]))
    assert ids(between) == NEWEST_FIRST[3:6]


@pytest.mark.parametrize(
    ("selection", "index"),
    [
        (AuditSelection(event_types=frozenset({"login.failed"})), slice(0, 1)),
        (AuditSelection(actor_ids=frozenset({"unknown"})), slice(0, 1)),
        (AuditSelection(actor_emails=frozenset({"unknown@x", "z"})), slice(0, 1)),
        (AuditSelection(actor_emails=frozenset({"z"})), slice(0, 0)),
        (AuditSelection(event_types=frozenset({"api_key.updated"})), slice(1, None)),
        (AuditSelection(frozenset({"login.failed"}), frozenset({"admin_1"})), slice(0, 0)),
    ],
)
async def test_filters_leave_out_everything_else(books: Counting, selection: AuditSelection, index: slice) -> None:
    assert await walk(books, 100, selection=selection) == NEWEST_FIRST[index]


async def test_entries_are_found_by_their_target(books: Counting) -> None:
    wanted = EVENTS[7].target_id
    found = await walk(books, 2, selection=AuditSelection(resource_ids=frozenset({wanted})))
    assert found == [event.id for event in reversed(EVENTS) if event.target_id == wanted]


async def test_a_period_holds_its_beginning_and_not_its_end(books: Counting) -> None:
    period = Period(EVENTS[7].at_ms, EVENTS[9].at_ms)
    assert await walk(books, 100, period=period) == [EVENTS[8].id, EVENTS[7].id]
    assert (await page(books, AuditQuestion(Period(5, 5)))).entries == ()


async def test_who_sees_one_project_sees_nothing_of_another(books: Counting) -> None:
    of_one = [event.id for event in reversed(EVENTS) if event.tenant_id == "proj_1"]
    assert ids(await page(books, asking(limit=100), frozenset({"proj_1"}))) == of_one
    assert (
        ids(await page(books, asking(limit=100, project_ids=frozenset({"proj_1", "proj_2"})), frozenset({"proj_1"})))
        == of_one
    )
    assert ids(await page(books, asking(limit=100, project_ids=frozenset({"proj_2"})), frozenset({"proj_1"}))) == []


async def test_a_page_reads_little_more_than_it_shows(books: Counting) -> None:
    await page(books, asking(limit=3))
    assert [(each.month, each.limit) for each in books.stretches] == [("2026-11", 4)]


async def test_a_filter_that_matches_little_ends_a_page_early_and_goes_on_there(
    books: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("admin.operations.audit_logs.MOST_ENTRIES_READ", 4)
    monkeypatch.setattr("admin.operations.audit_logs._READ_AT_ONCE", 2)
    selection = AuditSelection(resource_ids=frozenset({EVENTS[0].target_id, EVENTS[3].target_id}))
    first = await page(books, asking(selection=selection))
    assert len(books.stretches) == 2
    assert first.reached_id == NEWEST_FIRST[3]
    wanted = [event.id for event in reversed(EVENTS) if selection.selects(event)]
    assert await walk(books, 20, selection=selection) == wanted


async def test_months_to_come_are_not_read(books: Counting) -> None:
    await page(books, asking(limit=100))
    assert max(each.month for each in books.stretches) == "2026-11"


async def test_an_entry_that_cannot_be_read_is_left_out_and_logged(
    books: Counting, dynamodb: DynamoDb, tables: TableNames, caplog: pytest.LogCaptureFixture
) -> None:
    for number, item in enumerate([{}, {"at_ms": {"N": "1.5"}}, {"id": {"S": "x"}, "at_ms": {"S": "x"}}]):
        key = {"pk": {"S": "2026-11"}, "sk": {"S": f"{EVENTS[-1].id}{number}"}}
        await dynamodb.call("PutItem", {"TableName": tables.audit, "Item": {**key, **item}}, repeatable=True)
    assert ids(await page(books, asking(limit=100))) == NEWEST_FIRST
    assert len(caplog.records) == 3
