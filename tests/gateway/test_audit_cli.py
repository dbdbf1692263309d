"""`sluice audit verify` as an operator runs it, on a trail that a process wrote and somebody meddled with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from tenants.audit import Actor, AuditAction, AuditEvent
from tenants.audit_order import AUDIT_ID
from tenants.dynamo_directory import DynamoDirectory
from tenants.dynamo_models import bind
from tenants.ids import time_ordered
from tenants.periods import month_of
from tenants.tables import tenant_audit_partition
from tests.engines import ACCESS_KEY, REGION, SECRET_KEY
from tests.tenants.samples import NOW_MS
from tests.tenants.stores import Ground, open_client, open_ground

MINUTE_MS = 60_000
MONTH = month_of(NOW_MS)
SIZE = 6


def an_event(number: int, at_ms: int = NOW_MS) -> AuditEvent:
    at_ms += number * 60 * MINUTE_MS
    audit_id = AUDIT_ID + time_ordered(at_ms, b"\x05" * 17, 24)
    return AuditEvent(audit_id, at_ms, AuditAction.API_KEY_UPDATED, Actor("admin_1"), "proj_1", "key_1")


EVENTS = [an_event(number) for number in range(SIZE)]


@dataclass
class Deployment:
    """An audit table of its own."""

    ground: Ground
    endpoint_url: str
    environ: dict[str, str] = field(default_factory=dict)

    def call(self, operation: str, **body: Any) -> dict[str, Any]:
        """What somebody does who may write to the whole table."""

        async def send() -> dict[str, Any]:
            async with open_client(self.endpoint_url) as (client, _):
                return await client.call(operation, {"TableName": self.ground.tables.audit, **body}, repeatable=False)

        return asyncio.run(send())

    def delete(self, audit_id: str, partition: str = MONTH) -> None:
        self.call("DeleteItem", Key={"pk": {"S": partition}, "sk": {"S": audit_id}})

    def record(self, events: list[AuditEvent]) -> None:
        """By a process of its own."""

        async def write() -> None:
            directory = DynamoDirectory(bind(self.ground.access, self.ground.tables), lambda: NOW_MS)
            for event in events:
                await directory.record(event)
            await directory.close()

        asyncio.run(write())

    def verify(self, *arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["audit", "verify", *arguments], env=self.environ)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result.exit_code, result.output

    def problems(self, *arguments: str) -> list[tuple[str, int | None]]:
        status, said = self.verify("--json", *arguments)
        told = json.loads(said)
        assert status == (0 if told["intact"] else 1)
        return [(each["kind"], each["number"]) for each in told["problems"]]


@pytest.fixture
def deployment(dynoxide_endpoint: str) -> Iterator[Deployment]:
    ground = asyncio.run(open_ground(dynoxide_endpoint))
    environ = {
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_ENDPOINT_URL_DYNAMODB": dynoxide_endpoint,
        "SLUICE_TABLE_PREFIX": ground.tables.prefix,
    }
    opened = Deployment(ground, dynoxide_endpoint, environ)
    opened.record(EVENTS)
    yield opened
    asyncio.run(ground.directory.close())


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command reads up to now; the samples are of a day of their own."""
    monkeypatch.setattr("gateway.open_ledger.clock_ms", lambda: NOW_MS + 24 * 60 * MINUTE_MS)


def test_a_trail_as_it_was_written_is_intact(deployment: Deployment) -> None:
    status, said = deployment.verify()
    assert (status, said) == (0, "6 entries in 1 chains: all of them as they were written.\n")
    assert f"$ sluice audit verify\n{said}" in (Path(__file__).parents[2] / "docs" / "audit.md").read_text()
    status, said = deployment.verify("--json")
    told = json.loads(said)
    assert (status, told["intact"], told["entries"], told["problems"]) == (0, True, 6, [])
    assert [head["number"] for head in told["heads"]] == [6]


def test_an_empty_table_is_intact(deployment: Deployment) -> None:
    for event in EVENTS:
        deployment.delete(event.id)
        deployment.delete(event.id, tenant_audit_partition("proj_1", MONTH))
    assert deployment.problems() == []


def test_a_changed_entry_is_found(deployment: Deployment) -> None:
    deployment.call(
        "UpdateItem",
        Key={"pk": {"S": MONTH}, "sk": {"S": EVENTS[2].id}},
        UpdateExpression="SET actor_id = :a",
        ExpressionAttributeValues={":a": {"S": "admin_2"}},
    )
    assert deployment.problems() == [("changed", 3)]
    status, said = deployment.verify()
    assert (status, f"changed: {EVENTS[2].id} is not as it was written." in said) == (1, True)


def test_a_deleted_entry_is_found_in_its_chain_and_in_its_tenants_list(deployment: Deployment) -> None:
    deployment.delete(EVENTS[2].id)
    assert deployment.problems() == [("missing", None), ("missing", 3)]
    deployment.delete(EVENTS[2].id, tenant_audit_partition("proj_1", MONTH))
    assert deployment.problems() == [("missing", 3)]


def test_an_entry_that_was_taken_out_of_its_tenants_list_is_found(deployment: Deployment) -> None:
    deployment.delete(EVENTS[2].id, tenant_audit_partition("proj_1", MONTH))
    assert deployment.problems() == [("unlisted", None)]


def test_an_entry_that_was_put_in_is_found(deployment: Deployment) -> None:
    item = deployment.call("GetItem", Key={"pk": {"S": MONTH}, "sk": {"S": EVENTS[2].id}})["Item"]
    deployment.call("PutItem", Item={**item, "sk": {"S": EVENTS[2].id + "0"}, "id": {"S": EVENTS[2].id + "0"}})
    assert {kind for kind, _ in deployment.problems()} == {"changed", "inserted", "unlisted"}


@pytest.mark.parametrize("attributes", [{}, {"number": {"N": "1.5"}}, {"x": {"B": "AA=="}}, {"at_ms": {"S": "x"}}])
def test_what_is_no_entry_is_found(deployment: Deployment, attributes: dict[str, Any]) -> None:
    deployment.call("PutItem", Item={"pk": {"S": MONTH}, "sk": {"S": f"{EVENTS[0].id}0"}, **attributes})
    assert deployment.problems() == [("unchained", None)]


def test_a_cut_off_end_is_found_by_the_witness_of_a_later_process(deployment: Deployment) -> None:
    deployment.record([an_event(20)])
    for event in EVENTS[4:]:
        deployment.delete(event.id)
        deployment.delete(event.id, tenant_audit_partition("proj_1", MONTH))
    assert deployment.problems() == [("cut_off", 5)]


def test_heads_that_were_kept_tell_what_the_table_cannot(deployment: Deployment, tmp_path: Path) -> None:
    kept = tmp_path / "heads"
    assert deployment.verify("--keep", str(kept))[0] == 0
    assert deployment.problems("--heads", str(kept)) == []
    deployment.delete(EVENTS[-1].id)
    deployment.delete(EVENTS[-1].id, tenant_audit_partition("proj_1", MONTH))
    assert deployment.problems() == []
    assert deployment.problems("--heads", str(kept)) == [("cut_off", 6)]
    kept_before = kept.read_text()
    assert deployment.verify("--heads", str(kept), "--keep", str(kept))[0] == 1
    assert kept.read_text() == kept_before, "heads of a broken trail are not kept"


def test_a_gateways_log_is_a_file_of_heads(
    deployment: Deployment, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", logger="sluice.audit"):
        deployment.record([an_event(20)])
    (record,) = [each for each in caplog.records if each.message == "audit entry"]
    fields = {name: getattr(record, name) for name in ("audit_id", "writer", "number", "hash", "at_ms")}
    log = tmp_path / "gateway.log"
    log.write_text(f'no json\n{{"message": "another line"}}\n[]\n{json.dumps({"message": "audit entry", **fields})}\n')
    assert deployment.problems("--heads", str(log)) == []
    deployment.delete(an_event(20).id)
    deployment.delete(an_event(20).id, tenant_audit_partition("proj_1", MONTH))
    assert deployment.problems("--heads", str(log)) == [("cut_off", 1)]


def test_a_file_without_heads_was_not_meant(deployment: Deployment, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("{}\n")
    status, said = deployment.verify("--heads", str(tmp_path / "empty"))
    assert (status, "holds no heads" in said) == (2, True)


def test_what_is_older_than_since_is_not_judged(deployment: Deployment) -> None:
    deployment.delete(EVENTS[0].id)
    since = datetime.fromtimestamp(EVENTS[3].at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    assert ("missing", 1) in deployment.problems()
    assert deployment.problems("--since", since) == []
    deployment.delete(EVENTS[4].id)
    assert ("missing", 5) in deployment.problems("--since", since)
    assert deployment.problems("--since", "2026-12-01") == []


def test_a_trail_that_is_written_to_while_it_is_read_is_intact(deployment: Deployment) -> None:
    """An entry that is written in a month that was read already, and its successor in a later one."""
    from gateway.audit_verifying import Verification
    from tenants.dynamo_audit_books import DynamoAuditBooks

    month_later_ms = NOW_MS + 31 * 24 * 60 * MINUTE_MS

    async def verify() -> int:
        directory = DynamoDirectory(bind(deployment.ground.access, deployment.ground.tables), lambda: NOW_MS)
        async with open_client(deployment.endpoint_url) as (client, _):
            books = DynamoAuditBooks(client, deployment.ground.tables)
            read_rows = books.read_rows
            raced: list[str] = []

            async def read_while_written(month: str, ids: Any) -> Any:
                async for row in read_rows(month, ids):
                    yield row
                if month == MONTH and not raced:
                    raced.append(month)
                    await directory.record(an_event(30))
                    await directory.record(replace(an_event(31, month_later_ms), tenant_id="proj_2"))

            books.read_rows = read_while_written  # type: ignore[method-assign]  # at the seam between two reads
            verdict = await Verification(books, None, month_later_ms + 100 * 60 * MINUTE_MS).verify()
            await directory.close()
            assert verdict.problems == ()
            return verdict.entries

    assert asyncio.run(verify()) == SIZE + 2


def test_tables_that_are_not_there_are_said_in_a_line(deployment: Deployment) -> None:
    status, said = deployment.verify("--table-prefix", "nowhere")
    assert (status, "The tables are missing" in said) == (2, True)
