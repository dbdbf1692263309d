"""Changes and their entries on every engine: one chain after the other, whatever becomes of a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from pynamodb.exceptions import CancellationReason, TransactWriteError, VerboseClientError

from awswire.attributes import from_attributes
from tenants.account_item import account_key, to_number
from tenants.audit import ORGANIZATION, AuditAction
from tenants.audit_chain import WITNESS_EVERY, heads_seen
from tenants.audit_check import check_rows
from tenants.dynamo_directory import DynamoDirectory
from tenants.dynamo_models import Rows, bind
from tenants.errors import Conflict, LedgerUnavailable
from tenants.tables import tenant_audit_partition
from tests.tenants.samples import KEY, MONTH, NOW_MS, TENANT, an_audit
from tests.tenants.stores import Store, empty, later, later_tenant

Row = dict[str, Any]
Write = Callable[..., Any]


@pytest.fixture
async def store(store: Store) -> Store:
    """Without the entry of its tenant: it belongs to a chain that began before the tables were emptied."""
    await empty(store.client, store.tables.audit)
    return store


@pytest.fixture
def rows(store: Store) -> Rows:
    """The models of one process: what a test does to them is forgotten with it."""
    return bind(store.ground.access, store.tables)


@pytest.fixture
async def directory(rows: Rows) -> AsyncIterator[DynamoDirectory]:
    """That of another process than the one which made the tenant: with chains of its own."""
    made = DynamoDirectory(rows, lambda: NOW_MS)
    yield made
    await made.close()


async def trail(store: Store, partition: str = MONTH) -> list[Row]:
    body = {
        "TableName": store.tables.audit,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": partition}},
        "ConsistentRead": True,
    }
    answer = await store.client.call("Query", body, repeatable=True)
    return [from_attributes(item) for item in answer["Items"]]


def writers(rows: list[Row]) -> set[str]:
    return {row["writer"] for row in rows}


async def test_changes_one_after_the_other_are_one_chain(store: Store, directory: DynamoDirectory) -> None:
    tenant = TENANT
    for _ in range(WITNESS_EVERY + 2):
        tenant = later_tenant(tenant)
        await directory.update_tenant(tenant, an_audit())
    verdict = check_rows(await trail(store))
    assert verdict.problems == ()
    (head,) = verdict.heads
    assert head.number == WITNESS_EVERY + 2


async def test_changes_at_once_leave_whole_chains(store: Store, directory: DynamoDirectory) -> None:
    tenants = [replace(TENANT, id=f"proj_x{number}") for number in range(24)]
    await asyncio.gather(*(directory.create_tenant(each, an_audit()) for each in tenants))
    verdict = check_rows(await trail(store))
    assert (verdict.problems, verdict.entries) == ((), 24)


async def test_processes_at_once_leave_whole_chains_that_saw_each_other(store: Store, rows: Rows) -> None:
    directories = [DynamoDirectory(rows, lambda: NOW_MS) for _ in range(2)]
    for number in range(2 * WITNESS_EVERY + 1):
        for index, directory in enumerate(directories):
            await directory.record(replace(an_audit(), target_id=f"key_{index}_{number}"))
    for directory in directories:
        await directory.close()
    entries = await trail(store)
    assert check_rows(entries).problems == ()
    last = [row for row in entries if row["number"] == 2 * WITNESS_EVERY + 1]
    assert len(last) == 2
    newest = max(last, key=lambda row: str(row["id"]))
    assert {head.writer for head in heads_seen(newest)} == writers(entries) - {newest["writer"]}


async def test_a_refused_change_leaves_no_gap(store: Store, directory: DynamoDirectory) -> None:
    tenant = later_tenant(TENANT)
    await directory.update_tenant(tenant, an_audit())
    for _ in range(3):
        with pytest.raises(Conflict):
            await directory.update_tenant(tenant, an_audit())
    await directory.update_tenant(later_tenant(tenant), an_audit())
    verdict = check_rows(await trail(store))
    assert (verdict.problems, verdict.entries) == ((), 2)


async def test_racing_changes_of_one_record_leave_one_entry_for_each_that_was_made(
    store: Store, directory: DynamoDirectory
) -> None:
    await directory.create_key(KEY, an_audit())
    changes = [directory.update_key(later(KEY, name=f"n{number}"), an_audit()) for number in range(16)]
    done = await asyncio.gather(*changes, return_exceptions=True)
    assert [each for each in done if not isinstance(each, Conflict)] == [None]
    verdict = check_rows(await trail(store))
    assert (verdict.problems, verdict.entries) == ((), 2)


async def test_an_entry_is_never_replaced(store: Store, directory: DynamoDirectory) -> None:
    audit = an_audit()
    await directory.record(audit)
    before = await trail(store)
    # That an entry is there means to its writer that it was this very call that wrote it.
    await directory.record(replace(audit, target_id="key_2"))
    assert await trail(store) == before
    await directory.record(an_audit())
    assert check_rows(await trail(store)).problems == ()


async def test_what_changed_nothing_is_recorded_in_the_same_chain(store: Store, directory: DynamoDirectory) -> None:
    await directory.update_tenant(later_tenant(TENANT), an_audit())
    refused = replace(an_audit(AuditAction.REQUEST_REFUSED), tenant_id=ORGANIZATION)
    await directory.record(refused)
    rows = await trail(store)
    assert check_rows(rows).problems == ()
    assert (rows[-1]["id"], rows[-1]["number"]) == (refused.id, 2)


async def test_entries_are_listed_with_their_tenants(store: Store, directory: DynamoDirectory) -> None:
    audit = an_audit()
    await directory.record(audit)
    await directory.record(replace(an_audit(), tenant_id=ORGANIZATION))
    listed = await trail(store, tenant_audit_partition(TENANT.id, MONTH))
    assert listed[-1] == {"pk": f"P#{TENANT.id}#{MONTH}", "sk": audit.id}
    assert await trail(store, tenant_audit_partition(ORGANIZATION, MONTH)) == []


def no_answer() -> TransactWriteError:
    """What is left after botocore's own repeats."""
    return TransactWriteError("no answer", ConnectionError("planned"))


def losing_replies(send: Write, *, applied: bool) -> Write:
    """The first transaction gets no answer; `applied` says whether it was, the others are as they are."""
    calls = iter([True])

    def transact(*args: Any, **kwargs: Any) -> Any:
        if not next(calls, False):
            return send(*args, **kwargs)
        if applied:
            send(*args, **kwargs)
        raise no_answer()

    return transact


async def test_a_change_whose_reply_was_lost_is_done_and_its_chain_goes_on(
    store: Store, directory: DynamoDirectory, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    await directory.update_tenant(later_tenant(TENANT), an_audit())
    send = rows.connection.transact_write_items
    monkeypatch.setattr(rows.connection, "transact_write_items", losing_replies(send, applied=True))
    await directory.update_tenant(later_tenant(later_tenant(TENANT)), an_audit())
    await directory.record(an_audit())
    entries = await trail(store)
    assert check_rows(entries).problems == ()
    assert entries[-1]["number"] == 3


async def test_a_change_that_may_still_come_forks_nothing_even_when_it_comes(
    store: Store, directory: DynamoDirectory, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    await directory.record(an_audit())
    late: list[Callable[[], Any]] = []
    send = rows.connection.transact_write_items

    def hold_back(*args: Any, **kwargs: Any) -> Any:
        if late:
            return send(*args, **kwargs)
        late.append(lambda: send(*args, **kwargs))
        raise no_answer()

    monkeypatch.setattr(rows.connection, "transact_write_items", hold_back)
    with pytest.raises(LedgerUnavailable):
        await directory.record(an_audit())
    await directory.record(an_audit())
    entries = await trail(store)
    assert check_rows(entries).problems == ()
    assert entries[-1]["number"] == 1, "another chain"
    await asyncio.to_thread(late[0])
    await directory.record(an_audit())
    entries = await trail(store)
    assert (check_rows(entries).problems, len(entries)) == ((), 4)


async def test_a_chain_whose_end_nobody_knows_is_left(
    store: Store, directory: DynamoDirectory, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the transaction nor the question for its entry is answered."""
    await directory.record(an_audit())
    send = rows.connection.transact_write_items
    with monkeypatch.context() as patched:
        patched.setattr(rows.connection, "transact_write_items", losing_replies(send, applied=True))

        def unanswered(*args: Any, **kwargs: Any) -> Any:
            raise no_answer()

        patched.setattr(rows.audit, "query", unanswered)
        with pytest.raises(LedgerUnavailable):
            await directory.record(an_audit())
    await directory.record(an_audit())
    entries = await trail(store)
    assert (check_rows(entries).problems, len(entries)) == ((), 3)
    assert entries[-1]["number"] == 1


async def test_an_attempt_that_was_taken_for_refused_and_is_there_forks_nothing(
    store: Store, directory: DynamoDirectory, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A conflict is reported of a transaction that was applied: its repetition finds the entry."""
    await directory.record(an_audit())
    send = rows.connection.transact_write_items
    calls = iter([True])

    def conflict_though_applied(*args: Any, **kwargs: Any) -> Any:
        answer = send(*args, **kwargs)
        if next(calls, False):
            raise TransactWriteError("cancelled", cancelled("TransactionConflict"))
        return answer

    monkeypatch.setattr(rows.connection, "transact_write_items", conflict_though_applied)
    await directory.record(an_audit())
    await directory.record(an_audit())
    entries = await trail(store)
    assert (check_rows(entries).problems, len(entries)) == ((), 3)


async def test_a_change_that_met_another_is_repeated_under_a_token_of_its_own(
    store: Store, directory: DynamoDirectory, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it met may have opened an account of the key: DynamoDB refuses a token that comes with other steps."""
    await store.add_key()
    send = rows.connection.transact_write_items
    sent: list[tuple[str, int]] = []

    def meet(*args: Any, **kwargs: Any) -> Any:
        sent.append((kwargs["client_request_token"], len(kwargs["update_items"])))
        if len(sent) > 1:
            return send(*args, **kwargs)
        opening = store.client.call("UpdateItem", count_accounts(store, 2), repeatable=False)
        asyncio.run_coroutine_threadsafe(opening, loop).result()
        raise TransactWriteError("cancelled", cancelled("TransactionConflict"))

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(rows.connection, "transact_write_items", meet)
    await directory.update_key(later(KEY), an_audit())
    (first, steps), (second, more_steps) = sent
    assert more_steps == steps + 1
    assert first != second


def count_accounts(store: Store, number: int) -> dict[str, Any]:
    return {
        "TableName": store.tables.usage,
        "Key": account_key(KEY.id, MONTH),
        "UpdateExpression": "SET sh = :sh",
        "ExpressionAttributeValues": {":sh": to_number(number)},
    }


def cancelled(code: str) -> VerboseClientError:
    error = {"Error": {"Code": "TransactionCanceledException", "Message": "planned"}}
    return VerboseClientError(error, "TransactWriteItems", {}, cancellation_reasons=[CancellationReason(code)])
