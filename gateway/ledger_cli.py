"""`sluice ledger`: what puts the ledger right after crashes and outages."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:  # a command line that imports nothing starts at once
    from gateway.amending import CostOf
    from gateway.invocation_log import InvocationLog
    from gateway.ledger_report import Reconciliation
    from gateway.open_ledger import LedgerPlace
    from gateway.replaying import Replayed, SettleLog
    from gateway.rolling_up import RolledUp
    from gateway.sweeping import Swept
    from gateway.webhooks import Endpoint

ledger = typer.Typer(help="Put the ledger right after crashes and outages.", no_args_is_help=True)


class LedgerHttpClient(StrEnum):
    LEAN = "lean"
    AIOHTTP = "aiohttp"


TablePrefix = Annotated[str, typer.Option(envvar="SLUICE_TABLE_PREFIX", help="The tables are PREFIX-core and so on.")]
HttpClient = Annotated[
    LedgerHttpClient, typer.Option(envvar="SLUICE_HTTP_CLIENT", help="aiohttp also honours HTTPS_PROXY.")
]
ModelsFile = Annotated[
    Path | None, typer.Option(envvar="SLUICE_MODELS_FILE", help="Your file about models: its prices win.")
]
Region = Annotated[str, typer.Option(envvar="AWS_REGION", help="Whose prices hold where a line does not say.")]
HoldSeconds = Annotated[
    float, typer.Option(envvar="SLUICE_HOLD_SECONDS", min=0, help="As the gateway has it: reports count on it.")
]
WebhookUrl = Annotated[
    str | None,
    typer.Option(envvar="SLUICE_ALERT_WEBHOOK_URL", help="Where projects' alerts are posted that it finds reached."),
]
WebhookSecretFile = Annotated[
    Path | None,
    typer.Option(
        envvar="SLUICE_ALERT_WEBHOOK_SECRET_FILE",
        help="A file with what they are signed with; or set SLUICE_ALERT_WEBHOOK_SECRET.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object.")]


@ledger.command()
def sweep(
    since: Annotated[
        float | None,
        typer.Option(min=0, max=7 * 24, metavar="HOURS", help="Look through the last HOURS hours once more."),
    ] = None,
    as_json: AsJson = False,
    table_prefix: TablePrefix = "sluice",
    http_client: HttpClient = LedgerHttpClient.LEAN,
    hold_seconds: HoldSeconds = 1800,
    alert_webhook_url: WebhookUrl = None,
    alert_webhook_secret_file: WebhookSecretFile = None,
) -> None:
    """Charge what crashed processes left held, deliver what they did not, and tell of projects' spend alerts. It begins
    where the last sweep ended. The server sweeps by itself; where there is none, on Lambda, run this on a schedule."""
    from gateway.ledger_report import swept_to_json, swept_to_lines

    with failing_plainly():
        webhook = _find_webhook(alert_webhook_url, alert_webhook_secret_file)
        place = replace(_place(table_prefix, http_client, hold_seconds), webhook=webhook)
        swept = asyncio.run(_sweep(place, since))
    typer.echo(json.dumps(swept_to_json(swept)) if as_json else "\n".join(swept_to_lines(swept)))


@ledger.command()
def rollup(
    since: Annotated[
        float, typer.Option(min=0, max=7 * 24, metavar="HOURS", help="Of what was used in the last HOURS hours.")
    ] = 72,
    as_json: AsJson = False,
    table_prefix: TablePrefix = "sluice",
    http_client: HttpClient = LedgerHttpClient.LEAN,
    hold_seconds: HoldSeconds = 1800,
) -> None:
    """Make the sums of closed hours and days ahead, of projects that had requests. Reports make what is missing
    themselves, and are exact either way: run this on a schedule so that the first one need not wait."""
    from gateway.ledger_report import rolled_up_to_json

    with failing_plainly():
        rolled_up = rolled_up_to_json(asyncio.run(_roll_up(_place(table_prefix, http_client, hold_seconds), since)))
    typer.echo(json.dumps(rolled_up) if as_json else "\n".join(f"{name} {n}" for name, n in rolled_up.items()))


@ledger.command()
def replay(
    file: Annotated[str, typer.Argument(help="A gateway's log, JSON lines; - for standard input.")],
    as_json: AsJson = False,
    models_file: ModelsFile = None,
    region: Region = "us-east-1",
    table_prefix: TablePrefix = "sluice",
    http_client: HttpClient = LedgerHttpClient.LEAN,
    hold_seconds: HoldSeconds = 1800,
) -> None:
    """Settle from its log lines what could not be written when the store was away. Repeating it changes nothing."""
    from gateway.ledger_report import replayed_to_json, replayed_to_lines
    from gateway.replaying import read_settles

    with failing_plainly():
        cost_of = _cost_of(models_file, region)
        with _open_log(file) as lines:
            log = read_settles(line.decode(errors="replace") for line in lines)
        done = asyncio.run(_replay(_place(table_prefix, http_client, hold_seconds), log, cost_of))
    told = replayed_to_json(done, log.unreadable) if as_json else replayed_to_lines(done, log.unreadable)
    typer.echo(json.dumps(told) if as_json else "\n".join(told))


@ledger.command()
def reconcile(
    files: Annotated[list[str], typer.Argument(help="Bedrock's model-invocation log, JSON lines, or .gz of them.")],
    apply: Annotated[bool, typer.Option("--apply", help="Correct what differs.")] = False,
    as_json: AsJson = False,
    models_file: ModelsFile = None,
    region: Region = "us-east-1",
    table_prefix: TablePrefix = "sluice",
    http_client: HttpClient = LedgerHttpClient.LEAN,
    hold_seconds: HoldSeconds = 1800,
) -> None:
    """Hold the ledger against Bedrock's own log. Exit 1 while something differs that was not put right."""
    from gateway.invocation_log import InvocationLog
    from gateway.ledger_report import reconciliation_to_json, reconciliation_to_lines

    log = InvocationLog()
    with failing_plainly():
        cost_of = _cost_of(models_file, region)
        for file in files:
            with _open_log(file) as lines:
                log.read(lines)
        found = asyncio.run(_reconcile(_place(table_prefix, http_client, hold_seconds), log, cost_of, apply))
    if as_json:
        typer.echo(json.dumps(reconciliation_to_json(found, log.foreign, log.unreadable)))
    else:
        typer.echo("\n".join(reconciliation_to_lines(found, log.foreign, log.unreadable)))
    raise typer.Exit(1 if found.open else 0)


async def _roll_up(place: LedgerPlace, since: float) -> RolledUp:
    from gateway.open_ledger import open_ledger

    async with open_ledger(place) as opened:
        return await opened.rolling_up.roll_up(since)


async def _sweep(place: LedgerPlace, since: float | None) -> Swept:
    from gateway.open_ledger import open_ledger
    from gateway.wall_clock import clock_ms
    from tenants.active_accounts import hours_since

    async with open_ledger(place) as opened:
        sweeper = opened.sweeper
        return await (sweeper.sweep() if since is None else sweeper.sweep_hours(hours_since(since, clock_ms())))


async def _replay(place: LedgerPlace, log: SettleLog, cost_of: CostOf) -> list[Replayed]:
    from gateway.open_ledger import open_ledger
    from gateway.replaying import Replay

    async with open_ledger(place) as opened:
        replaying = Replay(opened.amending, cost_of)
        return [await replaying.replay(event) for event in log.events]


async def _reconcile(place: LedgerPlace, log: InvocationLog, cost_of: CostOf, apply: bool) -> Reconciliation:
    from gateway.ledger_report import Reconciliation
    from gateway.open_ledger import open_ledger
    from gateway.reconciling import Reconcile

    found = Reconciliation()
    async with open_ledger(place) as opened:
        async for each in Reconcile(opened.amending, cost_of, apply=apply).reconcile_all(log.requests()):
            found.add(each)
    return found


def _place(table_prefix: str, http_client: LedgerHttpClient, hold_seconds: float) -> LedgerPlace:
    from gateway.open_ledger import LedgerPlace

    return LedgerPlace(table_prefix, http_client.value, hold_seconds, os.environ)


def _find_webhook(url: str | None, secret_file: Path | None) -> Endpoint | None:
    from gateway.https_address import check_https_url
    from gateway.webhooks import Endpoint

    secret = os.environ.get("SLUICE_ALERT_WEBHOOK_SECRET", "") if secret_file is None else secret_file.read_text()
    if url is None:
        return None
    if not secret.strip():
        raise typer.BadParameter(
            "it goes with a secret: set SLUICE_ALERT_WEBHOOK_SECRET", param_hint="alert-webhook-url"
        )
    try:
        return Endpoint(check_https_url(url), secret.strip().encode())
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="alert-webhook-url") from error


def _cost_of(models_file: Path | None, region: str) -> CostOf:
    from gateway.call_costs import cost_by
    from gateway.catalog.operator_file import load_operator_file
    from gateway.catalog.shipped_prices import price_table

    return cost_by(price_table(*load_operator_file(models_file).prices), region)


@contextmanager
def _open_log(file: str) -> Iterator[Iterable[bytes]]:
    """Its lines. S3 gets Bedrock's log in files that end in .gz."""
    if file == "-":
        yield sys.stdin.buffer
    elif file.endswith(".gz"):
        with gzip.open(file) as unpacked:
            yield unpacked
    else:
        with open(file, "rb") as plain:
            yield plain


@contextmanager
def failing_plainly() -> Iterator[None]:
    """What an operator can do something about is one line, and exit 2."""
    from awswire.credentials import CredentialsUnavailable
    from awswire.dynamodb import DynamoDbError
    from awswire.endpoints import EndpointUnknown
    from gateway.catalog.model_rows import ModelFileError
    from tenants.errors import LedgerUnavailable, TablesMissing

    unusable = (CredentialsUnavailable, EndpointUnknown, ModelFileError, OSError)
    try:
        yield
    except (DynamoDbError, LedgerUnavailable, *unusable) as error:
        missing = "The tables are missing: run `sluice migrate`, or name them with --table-prefix."
        typer.echo(f"sluice: {missing if isinstance(error, TablesMissing) else error}", err=True)
        raise typer.Exit(2) from error
