"""`sluice audit list`: who changed what, from the gateway's audit trail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import tzinfo
from typing import Annotated, Any

import typer

from admin.cli.columns import NOTHING, find, moment_cell, of_text, status_cell, text_cell
from admin.cli.commands import command
from admin.cli.exact_json import Json, to_json_line
from admin.cli.failures import BadUsage
from admin.cli.listing import Listing, show_list, walk
from admin.cli.names import tenant_id
from admin.cli.paths import path_of
from admin.cli.screen import ShownColumn
from admin.cli.session import Session
from admin.cli.table import Cell, Column
from admin.cli.text import printable
from admin.cli.times import parse_moment

trail = typer.Typer()

_POLL_SECONDS = 2.0
# Entries may become readable a little after their time, and out of order.
_OVERLAP_SECONDS = 60
_CLOCKS_APART_SECONDS = 3600


def actor_cell(entry: Json) -> Cell:
    """Who did it: a name, an e-mail address or an id, in the places where OpenAI's shape has them."""
    for place in ("actor.name", "actor.email", "actor.api_key.user.email", "actor.session.user.email"):
        if find(entry, place):
            return Cell(str(find(entry, place)))
    ids = (find(entry, place) for place in ("actor.api_key.id", "actor.id", "actor.session.user.id"))
    return text_cell(next((each for each in ids if each), None))


def target_cell(entry: Json) -> Cell:
    """What it was done to: `{"<type>": {"id": …}}`."""
    subject = entry.get(str(entry.get("type")))
    return text_cell(subject.get("id")) if isinstance(subject, dict) else NOTHING


def change_cell(entry: Json) -> Cell:
    """What was asked for; of a refused attempt, what was tried and why it was refused."""
    attempt = entry.get("attempt")
    if isinstance(attempt, dict):
        return Cell(" ".join(str(attempt[each]) for each in ("method", "route", "error") if attempt.get(each)))
    subject: Any = entry.get(str(entry.get("type")))
    asked = (subject.get("changes_requested") or subject.get("data")) if isinstance(subject, dict) else None
    return Cell(to_json_line(asked)) if asked else NOTHING


def _when(entry: Json, zone: tzinfo | None) -> Cell:
    return moment_cell(entry.get("effective_at"), zone)


_COLUMNS = (
    ShownColumn(Column("WHEN"), _when),
    ShownColumn(Column("WHO", shrinks=True), lambda entry, zone: actor_cell(entry)),
    of_text("WHAT", "type"),
    ShownColumn(Column("ON", optional=True), lambda entry, zone: target_cell(entry)),
    of_text("TENANT", "project.id", optional=True),
    ShownColumn(Column("OUTCOME", optional=True), lambda entry, zone: status_cell(entry.get("outcome"))),
    ShownColumn(Column("CHANGE", shrinks=True, optional=True), lambda entry, zone: change_cell(entry)),
)


@command(trail, "list", 'sluice audit list --since 7d --tenant "Search team"')
def list_entries(
    session: Session,
    listing: Listing,
    since: Annotated[str | None, typer.Option(help="From then on: 7d, 2026-11-01.", metavar="TIME")] = None,
    until: Annotated[str | None, typer.Option(help="Until then.", metavar="TIME")] = None,
    tenant: Annotated[
        list[str] | None, typer.Option("--tenant", "-t", help="Of this tenant; may be repeated.", metavar="TENANT")
    ] = None,
    type: Annotated[
        list[str] | None, typer.Option(help="Of this type, api_key.created for one; may be repeated.", metavar="TYPE")
    ] = None,
    actor: Annotated[list[str] | None, typer.Option(help="By this actor's id; may be repeated.", metavar="ID")] = None,
    resource: Annotated[list[str] | None, typer.Option(help="On this id; may be repeated.", metavar="ID")] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Show new entries as they come, until Ctrl-C.")
    ] = False,
) -> None:
    """List the audit trail, the newest first; with --follow, the newest last."""
    now, zone = session.now_seconds(), session.screen.zone
    query: dict[str, Any] = {
        "project_ids": [tenant_id(session, each) for each in tenant or ()],
        "event_types": type or (),
        "actor_ids": actor or (),
        "resource_ids": resource or (),
    }
    if since is not None:
        query["effective_at[gte]"] = parse_moment(since, "--since", now, zone)
    if until is not None:
        query["effective_at[lt]"] = parse_moment(until, "--until", now, zone)
    if not follow:
        found = walk(session, listing, path_of("audit_logs"), query)
        show_list(session, listing, found, _COLUMNS, "No entries in this time.")
    elif until is not None or listing.after is not None:
        raise BadUsage("--follow has no end: it goes without --until and --after.")
    else:
        _follow(session, listing, query)


def _follow(session: Session, listing: Listing, query: dict[str, Any]) -> None:
    """Ends with Ctrl-C alone."""
    entries = list(_first(walk(session, listing, path_of("audit_logs"), query), listing))
    seen: dict[str, int] = {}
    # By the gateway's clock, once there is an entry: this machine's may be ahead of it.
    newest = max(map(_at, entries), default=session.now_seconds() - _CLOCKS_APART_SECONDS)
    while True:
        for entry in reversed(entries):
            if entry["id"] not in seen:
                _show(session, entry)
            seen[entry["id"]] = _at(entry)
        session.screen.output.flush()
        session.client.rim.sleep(_POLL_SECONDS)
        horizon = max(newest - _OVERLAP_SECONDS, int(query.get("effective_at[gte]") or 0))
        seen = {each: at for each, at in seen.items() if at >= horizon}
        entries = list(session.client.walk(path_of("audit_logs"), {**query, "effective_at[gte]": horizon}))
        newest = max([newest, *map(_at, entries)])


def _at(entry: Json) -> int:
    return int(entry["effective_at"])


def _first(entries: Iterator[Json], listing: Listing) -> Iterator[Json]:
    for number, entry in enumerate(entries):
        if number >= listing.limit and not listing.all:
            return
        yield entry


def _show(session: Session, entry: Json) -> None:
    """One line: a table's columns would change with every entry."""
    screen = session.screen
    if screen.as_json:
        screen.json_line(entry)
    elif screen.quiet:
        screen.line(str(entry["id"]))
    else:
        cells = [each.cell(entry, screen.zone) for each in _COLUMNS]
        screen.line("  ".join(screen.paint(printable(cell.text), cell.style) for cell in cells))
