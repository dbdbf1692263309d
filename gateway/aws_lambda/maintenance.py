"""What a server, or a person who deploys one, does beside its requests: an environment is frozen between those."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from gateway.https_address import check_https_url
from gateway.ledger_report import rolled_up_to_json, swept_to_json
from gateway.migrating import migrate_tables
from gateway.open_ledger import LedgerPlace, open_ledger
from gateway.webhooks import Endpoint

Task = Callable[[Mapping[str, str]], dict[str, object]]


def sweep(environ: Mapping[str, str]) -> dict[str, object]:
    """Finish what environments left behind, and tell of projects' alerts. Of the gateway's settings it heeds
    SLUICE_TABLE_PREFIX, SLUICE_HTTP_CLIENT, SLUICE_HOLD_SECONDS and SLUICE_ALERT_WEBHOOK_…. Raises LedgerUnavailable,
    ValueError for an address that is none."""

    async def run() -> dict[str, object]:
        async with open_ledger(_place(environ)) as opened:
            return {**swept_to_json(await opened.sweeper.sweep())}

    return asyncio.run(run())


def roll_up(environ: Mapping[str, str]) -> dict[str, object]:
    """Make the sums ahead that reports are made of, of days in which there were requests. Heeds what `sweep` does.

    Raises LedgerUnavailable.
    """

    async def run() -> dict[str, object]:
        async with open_ledger(_place(environ)) as opened:
            return {**rolled_up_to_json(await opened.rolling_up.roll_up())}

    return asyncio.run(run())


def migrate(environ: Mapping[str, str]) -> dict[str, object]:
    """Compare the tables, which are the template's, with what this version needs, and record its steps as done.

    Raises MigrationError, DynamoDbError.
    """
    place = _place(environ)
    outcome = migrate_tables(
        place.table_prefix, environ, lambda line: None, http_client=place.http_client, external=True
    )
    return {"applied": [*outcome.applied], "already_done": [*outcome.already_done]}


TASKS: Mapping[str, Task] = {"sweep": sweep, "rollup": roll_up, "migrate": migrate}
"""By the word that an event says."""


def _place(environ: Mapping[str, str]) -> LedgerPlace:
    return LedgerPlace(
        table_prefix=environ.get("SLUICE_TABLE_PREFIX", "sluice"),
        http_client=environ.get("SLUICE_HTTP_CLIENT", "lean"),
        hold_seconds=float(environ.get("SLUICE_HOLD_SECONDS", "1800")),
        variables=environ,
        webhook=_find_webhook(environ),
    )


def _find_webhook(environ: Mapping[str, str]) -> Endpoint | None:
    url, secret = (environ.get(f"SLUICE_ALERT_WEBHOOK_{name}") for name in ("URL", "SECRET"))
    return Endpoint(check_https_url(url), secret.encode()) if url and secret else None
