"""`sluice usage` and `sluice costs`: what was used, and what it cost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, tzinfo
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

import typer

from admin.cli.amounts import count, usd
from admin.cli.columns import count_cell
from admin.cli.commands import command
from admin.cli.exact_json import Json
from admin.cli.names import tenant_id
from admin.cli.paths import path_of
from admin.cli.reports import By, CostSum, Row, SumT, UsageSum, report_start, sums_of
from admin.cli.screen import ShownColumn
from admin.cli.session import Session
from admin.cli.table import Cell, Column, Style, bar
from admin.cli.times import bucket_name, parse_moment

reports = typer.Typer()

_DAYS = re.compile(r"([1-9][0-9]{0,3})d")
_DIMENSIONS = {By.MODEL: "model", By.TENANT: "project_id", By.KEY: "api_key_id", By.USER: "user_id"}
_COST_DIMENSIONS = {**_DIMENSIONS, By.MODEL: "line_item"}
# The most buckets that a page has (docs/usage.md).
_USAGE_PAGE = {"1m": 1440, "1h": 168, "1d": 31}
_COSTS_PAGE = 180
_WIDTH_NAMES = {"1m": "minute", "1h": "hour", "1d": "day"}
_USAGE_PATHS = {"chat": ("usage", "completions"), "embeddings": ("usage", "embeddings")}


class Operation(StrEnum):
    ALL = "all"
    CHAT = "chat"
    EMBEDDINGS = "embeddings"


class Width(StrEnum):
    MINUTE = "1m"
    HOUR = "1h"
    DAY = "1d"


@dataclass(frozen=True)
class Range:
    """What of the ledger a report is of."""

    by: Annotated[By, typer.Option(help="What a row is of.")] = By.DAY
    since: Annotated[
        str, typer.Option(help="From then on: 7d (days of UTC, today among them), 12h, 2026-11-01.", metavar="TIME")
    ] = "7d"
    until: Annotated[str | None, typer.Option(help="Until then; now without it.", metavar="TIME")] = None
    tenant: Annotated[
        list[str] | None,
        typer.Option("--tenant", "-t", help="Of this tenant alone; may be repeated.", metavar="TENANT"),
    ] = None
    key: Annotated[list[str] | None, typer.Option(help="Of this key alone; may be repeated.", metavar="KEY")] = None
    user: Annotated[list[str] | None, typer.Option(help="Of this user alone; may be repeated.", metavar="ID")] = None
    model: Annotated[
        list[str] | None, typer.Option(help="Of this model alone, as clients name it.", metavar="MODEL")
    ] = None


@command(reports, "usage", "sluice usage --by model --since 30d")
def show_usage(
    session: Session,
    asked: Range,
    operation: Annotated[Operation, typer.Option(help="Of chats, of embeddings, or of both.")] = Operation.ALL,
    width: Annotated[Width, typer.Option(help="With --by day: how long a row's time is.")] = Width.DAY,
) -> None:
    """Show the requests and tokens that were used."""
    of = asked.by if asked.by is not By.DAY else None
    query = {**_query(session, asked, "models"), "bucket_width": width.value, "limit": _USAGE_PAGE[width.value]}
    query["group_by"] = None if of is None else [_DIMENSIONS[of]]
    kinds = [each for each in _USAGE_PATHS if operation in (Operation.ALL, each)]
    buckets = [bucket for kind in kinds for bucket in session.client.buckets(path_of(*_USAGE_PATHS[kind]), query)]
    rows = _ordered(sums_of(buckets, None if of is None else _DIMENSIONS[of], UsageSum.of, UsageSum()), asked.by)
    total = sum((row.sum for row in rows), UsageSum())
    if session.screen.as_json:
        _show_json(session, "usage", asked, rows, total)
        return
    most = max((row.sum.tokens for row in rows), default=0)
    columns = [
        _name_column(session, asked.by, width.value),
        _count_column("REQUESTS", "requests"),
        _count_column("INPUT", "input_tokens"),
        _count_column("CACHED", "cached_tokens", optional=True),
        _count_column("OUTPUT", "output_tokens"),
        ShownColumn(Column("TOKENS", optional=True), lambda row, zone: _bar(session, row, row["sum"].tokens, most)),
    ]
    _show_table(session, columns, rows, total)


@command(reports, "costs", "sluice costs --by tenant --since 30d")
def show_costs(session: Session, asked: Range) -> None:
    """Show what requests cost. A request without a known price is in no sum, and counted apart."""
    of = asked.by if asked.by is not By.DAY else None
    query = {**_query(session, asked, "line_items"), "limit": _COSTS_PAGE}
    query["group_by"] = None if of is None else [_COST_DIMENSIONS[of]]
    buckets = list(session.client.buckets(path_of("costs"), query))
    rows = _ordered(sums_of(buckets, None if of is None else _COST_DIMENSIONS[of], CostSum.of, CostSum()), asked.by)
    total = sum((row.sum for row in rows), CostSum())
    if session.screen.as_json:
        _show_json(session, "costs", asked, rows, total)
        return
    most = max((row.sum.usd for row in rows), default=Decimal(0))
    columns = [
        _name_column(session, asked.by, "1d"),
        ShownColumn(Column("COST", right=True), lambda row, zone: Cell(usd(row["sum"].usd))),
        ShownColumn(
            Column("", optional=True), lambda row, zone: _bar(session, row, float(row["sum"].usd), float(most))
        ),
    ]
    _show_table(session, columns, rows, total)
    if total.unpriced:
        session.screen.note(f"{count(total.unpriced)} requests have no known price: no sum has them.")


def _query(session: Session, asked: Range, models_field: str) -> dict[str, Any]:
    now = session.now_seconds()
    days = _DAYS.fullmatch(asked.since)
    start = report_start(int(days[1]), now) if days else parse_moment(asked.since, "--since", now, UTC)
    return {
        "start_time": max(0, start),
        "end_time": None if asked.until is None else parse_moment(asked.until, "--until", now, UTC),
        "project_ids": [tenant_id(session, each) for each in asked.tenant or ()],
        "api_key_ids": asked.key or (),
        "user_ids": asked.user or (),
        models_field: asked.model or (),
    }


def _ordered(rows: list[Row[SumT]], by: By) -> list[Row[SumT]]:
    """By time, or the largest first."""
    if by is By.DAY:
        return sorted(rows, key=lambda row: int(row.name))
    return sorted(rows, key=lambda row: row.sum.tokens if isinstance(row.sum, UsageSum) else row.sum.usd, reverse=True)


def _name_column(session: Session, by: By, width: str) -> ShownColumn:
    names = _tenant_names(session) if by is By.TENANT and not session.screen.quiet else {}

    def cell(row: Json, zone: tzinfo | None) -> Cell:
        if row["total"]:
            return Cell("Total", Style.HEAD)
        name = row["name"]
        return Cell(bucket_name(int(name), width, zone) if by is By.DAY else names.get(name) or str(name))

    title = _WIDTH_NAMES[width] if by is By.DAY else by.value
    return ShownColumn(Column(title.upper(), shrinks=by is not By.DAY), cell)


def _tenant_names(session: Session) -> dict[str, str]:
    """By id; a name that two tenants have comes with its id."""
    projects = list(session.client.walk(path_of("projects"), {"include_archived": True}))
    names = [each["name"] for each in projects]
    return {
        each["id"]: each["name"] if names.count(each["name"]) == 1 else f"{each['name']} ({each['id']})"
        for each in projects
    }


def _count_column(title: str, field: str, *, optional: bool = False) -> ShownColumn:
    column = Column(title, right=True, optional=optional)
    return ShownColumn(column, lambda row, zone: count_cell(getattr(row["sum"], field)))


def _bar(session: Session, row: Json, part: float, most: float) -> Cell:
    return Cell("" if row["total"] else bar(part, most, session.screen.block))


def _show_table(session: Session, columns: Sequence[ShownColumn], rows: Sequence[Row[Any]], total: Any) -> None:
    if not rows:
        session.screen.note("Nothing was used in this time.")
        return
    shown = [{"name": row.name, "sum": row.sum, "total": False} for row in rows]
    session.screen.table(columns, [*shown, {"name": "", "sum": total, "total": True}])


def _show_json(session: Session, kind: str, asked: Range, rows: Sequence[Row[Any]], total: Any) -> None:
    """One document. A day's row is named by its beginning in Unix seconds."""
    data = [{asked.by.value: int(row.name) if asked.by is By.DAY else row.name, **asdict(row.sum)} for row in rows]
    session.screen.json_document({"object": kind, "by": asked.by.value, "data": data, "total": asdict(total)})
