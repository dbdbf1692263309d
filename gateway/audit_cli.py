"""`sluice audit`: whether the audit trail is as it was written."""

from __future__ import annotations

import asyncio
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.ledger_cli import AsJson, HttpClient, LedgerHttpClient, TablePrefix, failing_plainly

if TYPE_CHECKING:  # a command line that imports nothing starts at once
    from tenants.audit_chain import Head
    from tenants.audit_check import Verdict

audit = typer.Typer(
    help="The audit trail: who changed what, and whether it is as it was written.", no_args_is_help=True
)


@audit.command(epilog="Example:\n  sluice audit verify --keep heads.txt")
def verify(
    since: Annotated[
        datetime | None,
        typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"], help="Judge what is later than this, UTC."),
    ] = None,
    heads: Annotated[
        list[Path] | None,
        typer.Option(
            exists=True, dir_okay=False, help="Heads kept elsewhere: a file of --keep, or a gateway's log. Repeatable."
        ),
    ] = None,
    keep: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write the heads to this file, if nothing is wrong.")
    ] = None,
    as_json: AsJson = False,
    table_prefix: TablePrefix = "sluice",
    http_client: HttpClient = LedgerHttpClient.LEAN,
) -> None:
    """Read the audit table, and recompute all of its chains. Exit 1 where an entry was changed, taken out or put in."""
    from gateway.audit_report import heads_to_lines, verdict_to_json, verdict_to_lines

    with failing_plainly():
        kept = [head for file in heads or () for head in _read_heads(file)]
        since_ms = None if since is None else int(since.replace(tzinfo=UTC).timestamp() * 1000)
        verdict = asyncio.run(_verify(table_prefix, http_client.value, since_ms, kept))
        if keep is not None and not verdict.problems:
            keep.write_text("".join(f"{line}\n" for line in heads_to_lines(verdict.heads)))
    typer.echo(json.dumps(verdict_to_json(verdict)) if as_json else "\n".join(verdict_to_lines(verdict)))
    raise typer.Exit(1 if verdict.problems else 0)


def _read_heads(file: Path) -> list[Head]:
    """Raises OSError for a file without any: it is not the one that was meant."""
    from gateway.audit_report import heads_from_lines

    found = heads_from_lines(file.read_text(errors="replace").splitlines())
    if not found:
        raise OSError(f"{file} holds no heads: a file of `sluice audit verify --keep`, or a gateway's log, does.")
    return found


async def _verify(table_prefix: str, http_client: str, since_ms: int | None, kept: list[Head]) -> Verdict:
    from gateway.audit_verifying import Verification
    from gateway.aws import connect_dynamodb, open_transport
    from gateway.wall_clock import clock_ms
    from tenants.dynamo_audit_books import DynamoAuditBooks
    from tenants.tables import TableNames

    transport = open_transport(http_client, 32)
    try:
        books = DynamoAuditBooks(connect_dynamodb(transport, os.environ), TableNames(table_prefix))
        return await Verification(books, since_ms, clock_ms(), kept).verify()
    finally:
        await transport.aclose()
