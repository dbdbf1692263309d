"""Tables, fitted to the width of a terminal. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from admin.cli.text import fitted, printable, width_of

_GAP = "  "
_NARROWEST = 8
_BAR_CELLS = 20


class Style(StrEnum):
    """SGR parameters (ECMA-48, 8.3.117)."""

    HEAD = "1"
    GOOD = "32"
    WARNING = "33"
    BAD = "31"
    FAINT = "2"


@dataclass(frozen=True, slots=True)
class Cell:
    text: str
    style: Style | None = None


@dataclass(frozen=True, slots=True)
class Column:
    """`shrinks`: its texts may be cut where the terminal is narrow. `optional`: it may be left out, the last first."""

    title: str
    right: bool = False
    shrinks: bool = False
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Every row has a cell for each column."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]


def plain(text: str, style: Style | None) -> str:
    """No colours."""
    return text


def coloured(text: str, style: Style | None) -> str:
    return text if style is None or not text else f"\x1b[{style.value}m{text}\x1b[0m"


Paint = Callable[[str, Style | None], str]


def to_lines(table: Table, width: int | None, paint: Paint = plain) -> list[str]:
    """At most `width` columns each; None for no limit. Only columns that shrink are cut; where that does not suffice,
    optional ones are left out, and at last each row becomes a block of one line per cell."""
    shown = _without_controls(table)
    widths = _widths(shown)
    while width is not None and _total(shown, widths) > width:
        shrunk = _shrink(shown, widths, width)
        if shrunk is not None:
            widths = shrunk
            break
        optional = [index for index, column in enumerate(shown.columns) if column.optional]
        if not optional:
            return _blocks(shown, width, paint)
        shown = _without_column(shown, optional[-1])
        widths = _widths(shown)
    head = [Cell(column.title, Style.HEAD) for column in shown.columns]
    return [_line(row, shown.columns, widths, paint) for row in (head, *shown.rows)]


def fields_to_lines(fields: Sequence[tuple[str, Cell]], paint: Paint = plain) -> list[str]:
    """One field a line, titles in a column of their own. Nothing is cut."""
    title_width = max((width_of(title) for title, _ in fields), default=0)
    return [
        f"{paint(title.ljust(title_width), Style.FAINT)}  {paint(printable(cell.text), cell.style)}".rstrip()
        for title, cell in fields
    ]


def bar(part: float, whole: float, block: str = "█") -> str:
    """A bar of `part` in `whole`: empty for nothing, one cell at least for anything."""
    if part <= 0 or whole <= 0:
        return ""
    return block * max(1, min(_BAR_CELLS, round(_BAR_CELLS * part / whole)))


def _without_controls(table: Table) -> Table:
    return Table(table.columns, [[Cell(printable(cell.text), cell.style) for cell in row] for row in table.rows])


def _widths(table: Table) -> list[int]:
    return [
        max(width_of(column.title), *(width_of(row[index].text) for row in table.rows), 0)
        for index, column in enumerate(table.columns)
    ]


def _total(table: Table, widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _shrink(table: Table, widths: Sequence[int], width: int) -> list[int] | None:
    """Widths that fit, the widest cut first; None where there are none."""
    shrunk = list(widths)
    flexible = [index for index, column in enumerate(table.columns) if column.shrinks]
    for _ in range(_total(table, widths) - width):
        widest = max(flexible, key=lambda index: shrunk[index], default=None)
        if widest is None or shrunk[widest] <= max(_NARROWEST, width_of(table.columns[widest].title)):
            return None
        shrunk[widest] -= 1
    return shrunk


def _without_column(table: Table, index: int) -> Table:
    rows = [[*row[:index], *row[index + 1 :]] for row in table.rows]
    return Table([*table.columns[:index], *table.columns[index + 1 :]], rows)


def _line(row: Sequence[Cell], columns: Sequence[Column], widths: Sequence[int], paint: Paint) -> str:
    cells = []
    for cell, column, width in zip(row, columns, widths, strict=True):
        text = fitted(cell.text, width)
        blanks = " " * (width - width_of(text))
        cells.append(blanks + paint(text, cell.style) if column.right else paint(text, cell.style) + blanks)
    return _GAP.join(cells).rstrip()


def _blocks(table: Table, width: int, paint: Paint) -> list[str]:
    """Each row as lines `TITLE  text`, an empty line between rows."""
    title_width = max(width_of(column.title) for column in table.columns)
    lines: list[str] = []
    for row in table.rows:
        lines += [""] if lines else []
        for column, cell in zip(table.columns, row, strict=True):
            text = fitted(cell.text, max(1, width - title_width - len(_GAP))) if column.shrinks else cell.text
            title = paint(column.title.ljust(title_width), Style.HEAD)
            lines.append(f"{title}{_GAP}{paint(text, cell.style)}".rstrip())
    return lines
