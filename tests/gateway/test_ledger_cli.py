"""`sluice ledger` as an operator runs it, on a store of its own and at the time that it is."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from typer.testing import CliRunner

from gateway.cli import app
from gateway.event_log import to_log_fields
from tenants.account import Account
from tenants.event import UsageEvent
from tenants.limits import Currency, Interval, Limits, SpendAlert
from tenants.periods import day_of, month_of
from tenants.principal import Fence
from tests.engines import ACCESS_KEY, REGION, SECRET_KEY
from tests.gateway.invocations import a_line
from tests.gateway.ledgers import Bench, Clock
from tests.tenants.samples import HOLD_SECONDS, KEY, SETTLEMENT, TENANT, an_audit
from tests.tenants.stores import Ground, Hand, Store, later_tenant, open_client, open_ground
from tests.wire.webhook_receiver import open_receiver

T = TypeVar("T")


@dataclass
class Deployment:
    """A store with KEY in it, and a gateway's process that lived at `began_ms`: its holds have expired."""

    ground: Ground
    endpoint_url: str
    began_ms: int
    fence: Fence

    def do(self, work: Callable[[Bench], Awaitable[T]]) -> T:
        """What that process did."""

        async def run() -> T:
            async with open_client(self.endpoint_url) as (client, transport):
                store = Store(self.ground, client, transport, Hand())
                return await work(Bench(store, self.fence, Clock(self.began_ms)))

        return asyncio.run(run())

    def sluice_ledger(self, *arguments: str, log: str = "") -> tuple[int, str]:
        """Exit status and output."""
        environ = {
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_ENDPOINT_URL_DYNAMODB": self.endpoint_url,
            "SLUICE_TABLE_PREFIX": self.ground.tables.prefix,
        }
        result = CliRunner().invoke(app, ["ledger", *arguments], env=environ, input=log)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result.exit_code, result.output

    def sluice_ledger_json(self, *arguments: str, log: str = "") -> tuple[int, Any]:
        status, said = self.sluice_ledger(*arguments, "--json", log=log)
        return status, json.loads(said)

    def events(self) -> dict[str, UsageEvent]:
        async def read(bench: Bench) -> dict[str, UsageEvent]:
            page = await bench.ledger.list_events(TENANT.id, day_of(self.began_ms), None, 100)
            return {each.call.request_id: each for each in page.items}

        return self.do(read)

    def account(self) -> Account:
        return self.do(lambda bench: bench.store.get_account(month=month_of(self.began_ms)))

    def logged(self, request_id: str) -> dict[str, Any]:
        at = datetime.fromtimestamp(self.began_ms / 1000, UTC).isoformat()
        return a_line(request_id, line=f"bedrock-{request_id}", timestamp=at)


@pytest.fixture
def deployment(dynoxide_endpoint: str) -> Iterator[Deployment]:
    began_ms = time.time_ns() // 1_000_000 - 2 * HOLD_SECONDS * 1000

    async def open_deployment() -> Deployment:
        ground = await open_ground(dynoxide_endpoint)
        await ground.directory.create_tenant(TENANT, an_audit())
        await ground.directory.create_key(KEY, an_audit())
        return Deployment(ground, dynoxide_endpoint, began_ms, Fence(KEY.id, TENANT.id, KEY.version, TENANT.version))

    opened = asyncio.run(open_deployment())
    opened.do(lambda bench: bench.ledger.open_account(opened.fence, month_of(began_ms)))
    yield opened
    asyncio.run(opened.ground.directory.close())


def test_sweep_finishes_what_was_left_and_then_finds_nothing(deployment: Deployment) -> None:
    deployment.do(lambda bench: bench.reserve("req_crashed"))
    deployment.do(
        lambda bench: bench.serve("req_unsent0", replace(SETTLEMENT, settled_at_ms=bench.clock()), deliver=False)
    )
    found = {"accounts": 1, "abandoned": 1, "delivered": 1, "failed": 0}
    assert deployment.sluice_ledger_json("sweep") == (0, found)
    assert {each.settlement.status.value for each in deployment.events().values()} == {"abandoned", "ok"}
    assert deployment.account().in_flight == 0
    status, again = deployment.sluice_ledger_json("sweep", "--since", "3")
    assert (status, again["abandoned"], again["delivered"]) == (0, 0, 0)
    status, said = deployment.sluice_ledger("sweep")
    assert (status, "0 abandoned" in said) == (0, True)


def test_rollup_says_what_it_made(deployment: Deployment) -> None:
    deployment.do(lambda bench: bench.serve("req_1", replace(SETTLEMENT, settled_at_ms=bench.clock())))
    status, made = deployment.sluice_ledger_json("rollup", "--since", "3")
    assert (status, made.keys(), made["failed"]) == (0, {"days", "pages", "failed"}, 0)
    status, said = deployment.sluice_ledger("rollup")
    assert (status, "failed 0" in said) == (0, True)


def test_sweep_tells_a_webhook_of_projects_alerts_before_it_ends(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def use(bench: Bench) -> None:
        alerts = (SpendAlert("alert_1", Interval.MONTH, Currency.TOKENS, 10),)
        await bench.store.directory.update_tenant(later_tenant(TENANT, limits=Limits(alerts=alerts)), an_audit())
        bench.fence = replace(deployment.fence, tenant_version=TENANT.version + 1)
        await bench.ledger.open_account(bench.fence, month_of(deployment.began_ms))
        await bench.serve("req_1", SETTLEMENT)

    deployment.do(use)
    with open_receiver() as receiver:
        for name, text in receiver.settings.items():
            monkeypatch.setenv(name, text)
        status, _ = deployment.sluice_ledger("sweep")
        assert (status, [event["data"]["alert_id"] for event in receiver.events]) == (0, ["alert_1"])
        deployment.sluice_ledger("sweep")
        assert len(receiver.events) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--alert-webhook-url", "https://example.com/hook"], "SLUICE_ALERT_WEBHOOK_SECRET"),
        (["--alert-webhook-url", "http://example.com/hook", "--alert-webhook-secret-file", __file__], "https://"),
    ],
)
def test_a_webhook_that_cannot_be_used_is_refused_before_anything_is_swept(
    deployment: Deployment, options: list[str], said: str
) -> None:
    status, output = deployment.sluice_ledger("sweep", *options)
    assert (status, said in output) == (2, True)


@pytest.mark.parametrize("swept", [False, True], ids=["held", "abandoned"])
def test_replay_settles_from_a_log_in_a_file_or_on_standard_input(
    deployment: Deployment, tmp_path: Path, swept: bool
) -> None:
    hold = deployment.do(lambda bench: bench.reserve("req_crashed"))
    if swept:
        deployment.sluice_ledger("sweep")
    fields = to_log_fields(UsageEvent(hold.call, SETTLEMENT))
    log = json.dumps({"logger": "sluice.ledger", "message": "a settle was given up", **fields}) + "\n"
    status, told = deployment.sluice_ledger_json("replay", "-", log=log)
    assert (status, told["outcomes"]) == (0, {"corrected" if swept else "settled": 1})
    assert deployment.account().settled == SETTLEMENT.tokens
    (tmp_path / "gateway.log").write_text(log)
    status, said = deployment.sluice_ledger("replay", str(tmp_path / "gateway.log"))
    assert (status, said.splitlines()[1].split()) == (0, ["req_crashed", KEY.id, "ok", "known"])
    assert deployment.account().settled == SETTLEMENT.tokens


def test_reconcile_tells_the_drift_and_with_apply_puts_it_right(deployment: Deployment, tmp_path: Path) -> None:
    deployment.do(lambda bench: bench.reserve("req_abandoned"))
    deployment.do(lambda bench: bench.serve("req_right", SETTLEMENT))
    deployment.sluice_ledger("sweep")
    first, second = tmp_path / "first.json", tmp_path / "second.json.gz"
    first.write_text(json.dumps(deployment.logged("req_abandoned")))
    second.write_bytes(gzip.compress(json.dumps(deployment.logged("req_right")).encode()))
    files = (str(first), str(second))
    status, told = deployment.sluice_ledger_json("reconcile", *files)
    assert (status, told["verdicts"], told["applied"]) == (1, {"drift": 1, "ok": 1}, 0)
    assert told["change"]["input_tokens"] == -300
    assert told["change"]["cost_pico_usd"] < 0
    status, said = deployment.sluice_ledger("reconcile", *files, "--apply")
    assert (status, "1 corrected" in said) == (0, True)
    assert deployment.sluice_ledger("reconcile", *files) == (0, "2 requests: 2 ok; 0 corrected.\n")
    assert deployment.account().settled == SETTLEMENT.tokens + SETTLEMENT.tokens
    assert set(deployment.events()) == {"req_abandoned", "req_abandoned.1", "req_right"}


@pytest.mark.parametrize("command", ["replay", "reconcile"])
def test_a_file_that_cannot_be_read_is_said_in_one_line(deployment: Deployment, command: str, tmp_path: Path) -> None:
    status, said = deployment.sluice_ledger(command, str(tmp_path / "nowhere"))
    assert (status, said.count("\n"), "No such file" in said) == (2, 1, True)


def test_tables_that_are_missing_are_said_in_one_line(deployment: Deployment) -> None:
    status, said = deployment.sluice_ledger("sweep", "--table-prefix", "nobodys")
    assert (status, "run `sluice migrate`" in said) == (2, True)
