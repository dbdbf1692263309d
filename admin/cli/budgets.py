"""What is used, held and left of budgets, as a table. Pure."""

from __future__ import annotations

from datetime import tzinfo

from admin.cli.amounts import count, usd_of_pico
from admin.cli.columns import NOTHING, moment_cell
from admin.cli.exact_json import Json
from admin.cli.screen import Screen, ShownColumn
from admin.cli.table import Cell, Column, Style, bar

_NEARLY_SPENT = 0.8


def show_budget(screen: Screen, budget: Json) -> None:
    """Of a key, a project, or the caller's own."""
    if screen.as_json:
        screen.json_document(budget)
        return
    screen.table(_columns(screen.block), budget["budgets"])
    if not screen.quiet:
        screen.note(f"{count(int(budget['in_flight']))} requests are in flight.")


def _columns(block: str) -> list[ShownColumn]:
    def amount(field: str) -> ShownColumn:
        return ShownColumn(Column(field.upper(), right=True), lambda line, zone: _amount(line, line[field]))

    return [
        ShownColumn(Column("BUDGET"), _name),
        amount("limit"),
        amount("settled"),
        amount("held"),
        amount("remaining"),
        ShownColumn(Column("USED", optional=True), lambda line, zone: _used(line, block)),
        ShownColumn(Column("RESETS", optional=True), lambda line, zone: moment_cell(line["resets_at"], zone)),
    ]


def _name(line: Json, zone: tzinfo | None) -> Cell:
    return Cell(f"{line['currency'].upper() if line['currency'] == 'usd' else line['currency']} a {line['interval']}")


def _amount(line: Json, value: int | None) -> Cell:
    if value is None:
        return NOTHING
    return Cell(usd_of_pico(value) if line["unit"] == "pico_usd" else count(value))


def _used(line: Json, block: str) -> Cell:
    if not line["limit"]:
        return Cell("")
    part = (line["settled"] + line["held"]) / line["limit"]
    style = Style.BAD if part >= 1 else Style.WARNING if part >= _NEARLY_SPENT else Style.GOOD
    return Cell(f"{bar(part, 1, block)} {min(part, 9.99):.0%}".strip(), style)
