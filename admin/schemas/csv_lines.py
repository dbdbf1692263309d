"""Lines of CSV for people who open them in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

Cell = str | int | None

# What spreadsheets take for the beginning of a formula, in its full-width forms, too (OWASP, "CSV Injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def to_csv_line(cells: Iterable[Cell]) -> bytes:
    """A line by RFC 4180. None is an empty cell; a text that a spreadsheet would take for a formula begins with an
    apostrophe, which spreadsheets do not show."""
    text = io.StringIO()
    csv.writer(text).writerow([_defused(cell) if isinstance(cell, str) else cell for cell in cells])
    return text.getvalue().encode()


def _defused(text: str) -> str:
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA_STARTS) else text
