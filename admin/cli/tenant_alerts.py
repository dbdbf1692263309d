"""`sluice tenants alerts`: to be told when a tenant has spent so much. They refuse nothing."""

from __future__ import annotations

from datetime import tzinfo
from enum import StrEnum
from typing import Annotated

import typer

from admin.cli.amounts import count, parse_cents, parse_count, usd_of_cents
from admin.cli.columns import of_text
from admin.cli.commands import command
from admin.cli.exact_json import Json
from admin.cli.failures import BadUsage
from admin.cli.listing import Listing, show_list, walk
from admin.cli.names import tenant_id
from admin.cli.paths import path_of
from admin.cli.screen import ShownColumn
from admin.cli.session import Session
from admin.cli.table import Cell, Column

alerts = typer.Typer(help="Spend alerts of a tenant.", no_args_is_help=True)

Tenant = Annotated[str, typer.Argument(help="Its id, or its name.", metavar="TENANT")]


class Interval(StrEnum):
    MONTH = "month"
    DAY = "day"


def _threshold(alert: Json, zone: tzinfo | None) -> Cell:
    amount = alert["threshold_amount"]
    return Cell(usd_of_cents(amount) if alert["currency"] == "USD" else f"{count(amount)} tokens")


def _recipients(alert: Json, zone: tzinfo | None) -> Cell:
    return Cell(", ".join(alert["notification_channel"]["recipients"]))


_COLUMNS = (
    of_text("ID", "id"),
    ShownColumn(Column("THRESHOLD", right=True), _threshold),
    of_text("INTERVAL", "interval"),
    ShownColumn(Column("RECIPIENTS", shrinks=True), _recipients),
)


@command(alerts, "list", 'sluice tenants alerts list "Search team"')
def list_alerts(session: Session, tenant: Tenant, listing: Listing) -> None:
    """List a tenant's spend alerts."""
    found = walk(session, listing, path_of("projects", tenant_id(session, tenant), "spend_alerts"), {})
    show_list(session, listing, found, _COLUMNS, "No alerts yet: `sluice tenants alerts add` makes one.")


@command(alerts, "add", 'sluice tenants alerts add "Search team" --usd 400 --email finops@example.com')
def add_alert(
    session: Session,
    tenant: Tenant,
    email: Annotated[list[str], typer.Option(help="Whom the alert names; may be repeated.", metavar="ADDRESS")],
    usd: Annotated[str | None, typer.Option(help="At so many US dollars.", metavar="USD")] = None,
    tokens: Annotated[str | None, typer.Option(help="At so many tokens.", metavar="N")] = None,
    interval: Annotated[Interval, typer.Option(help="Of a month, or of a day (UTC).")] = Interval.MONTH,
) -> None:
    """Add a spend alert. docs/alerts.md says where it is told."""
    if (usd is None) == (tokens is None):
        raise BadUsage("Give either --usd or --tokens.")
    amount = parse_cents(usd, "--usd") if usd is not None else parse_count(str(tokens), "--tokens")
    body = {
        "currency": "tokens" if usd is None else "USD",
        "interval": interval.value,
        "threshold_amount": amount,
        "notification_channel": {"type": "email", "recipients": email},
    }
    alert = session.client.post(path_of("projects", tenant_id(session, tenant), "spend_alerts"), body).body
    fields = [(each.column.title.capitalize(), each.cell(alert, session.screen.zone)) for each in _COLUMNS]
    session.screen.one(alert, fields)


@command(alerts, "remove", 'sluice tenants alerts remove "Search team" alert_AbC123')
def remove_alert(
    session: Session, tenant: Tenant, alert: Annotated[str, typer.Argument(help="Its id.", metavar="ALERT")]
) -> None:
    """Remove a spend alert."""
    deleted = session.client.delete(path_of("projects", tenant_id(session, tenant), "spend_alerts", alert))
    session.screen.done(deleted, f"{alert} is removed.")
