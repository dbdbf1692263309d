"""What a server does in its background, done on a schedule instead: an environment is frozen between requests."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.ledger_report import swept_to_json
from gateway.open_ledger import LedgerPlace, open_ledger


async def sweep(environ: Mapping[str, str]) -> dict[str, object]:
    """Finish what environments left behind. Of the gateway's settings it needs SLUICE_TABLE_PREFIX,
    SLUICE_HTTP_CLIENT and SLUICE_HOLD_SECONDS. Raises LedgerUnavailable."""
    place = LedgerPlace(
        table_prefix=environ.get("SLUICE_TABLE_PREFIX", "sluice"),
        http_client=environ.get("SLUICE_HTTP_CLIENT", "lean"),
        hold_seconds=float(environ.get("SLUICE_HOLD_SECONDS", "1800")),
        variables=environ,
    )
    async with open_ledger(place) as opened:
        return dict(swept_to_json(await opened.sweeper.sweep()))
