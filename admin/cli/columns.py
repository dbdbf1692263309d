"""The columns that tables of objects are made of. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import tzinfo
from typing import Any

from admin.cli.amounts import count
from admin.cli.exact_json import Json
from admin.cli.screen import ShownColumn
from admin.cli.table import Cell, Column, Style
from admin.cli.times import moment

NOTHING = Cell("-", Style.FAINT)
_STYLES = {
    "active": Style.GOOD,
    "ok": Style.GOOD,
    "success": Style.GOOD,
    "disabled": Style.WARNING,
    "archived": Style.FAINT,
    "expired": Style.WARNING,
    "refused": Style.BAD,
    "failure": Style.BAD,
}


def of_text(title: str, field: str, *, shrinks: bool = False, optional: bool = False) -> ShownColumn:
    """`field` may lead into objects: `owner.type`."""
    return ShownColumn(
        Column(title, shrinks=shrinks, optional=optional), lambda each, zone: text_cell(find(each, field))
    )


def of_moment(title: str, field: str, *, optional: bool = False) -> ShownColumn:
    return ShownColumn(Column(title, optional=optional), lambda each, zone: moment_cell(find(each, field), zone))


def of_count(title: str, field: str, *, optional: bool = False) -> ShownColumn:
    return ShownColumn(Column(title, right=True, optional=optional), lambda each, zone: count_cell(find(each, field)))


def of_status(title: str, field: str) -> ShownColumn:
    return ShownColumn(Column(title), lambda each, zone: status_cell(find(each, field)))


def find(shown: Json, field: str) -> Any:
    """The value at `a.b`; None where anything on the way is absent."""
    value: Any = shown
    for name in field.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def text_cell(value: object) -> Cell:
    if value is None or value == "":
        return NOTHING
    return Cell(str(value))


def moment_cell(unix_seconds: Any, zone: tzinfo | None, none: str = "-") -> Cell:
    return Cell(none, Style.FAINT) if unix_seconds is None else Cell(moment(int(unix_seconds), zone))


def count_cell(value: Any) -> Cell:
    return NOTHING if value is None else Cell(count(int(value)))


def status_cell(value: object) -> Cell:
    return NOTHING if value is None else Cell(str(value), _STYLES.get(str(value)))
