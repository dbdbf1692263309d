"""The rows of an export, cut out of its bytes as they come: only whole rows are kept, and the last one is the cursor.
Pure."""

from __future__ import annotations

import csv
import json
from enum import StrEnum

_QUOTE = b'"'


class ExportFormat(StrEnum):
    CSV = "csv"
    NDJSON = "ndjson"


class RowReader:
    """Takes pieces of any size, and gives whole rows, each with its end of line.

    A line break between quotes belongs to a CSV's cell: a row ends where the quotes before it are even in number.
    """

    def __init__(self, format: ExportFormat) -> None:
        self._format = format
        self._rest = b""

    def feed(self, piece: bytes) -> list[bytes]:
        rows: list[bytes] = []
        lines = (self._rest + piece).split(b"\n")
        row = b""
        for line in lines[:-1]:
            row += line + b"\n"
            if self._format is ExportFormat.NDJSON or row.count(_QUOTE) % 2 == 0:
                rows.append(row)
                row = b""
        self._rest = row + lines[-1]
        return rows


def is_header(row: bytes) -> bool:
    """Of an export as CSV."""
    return row.startswith(b"request_id,")


def request_id_of(row: bytes, format: ExportFormat) -> str | None:
    """The row's cursor; None for a CSV's header, and for what is no row."""
    try:
        text = row.decode()
        cell = next(csv.reader([text]))[0] if format is ExportFormat.CSV else json.loads(text)["request_id"]
    except (ValueError, KeyError, IndexError, StopIteration, TypeError, csv.Error):
        return None
    return str(cell) if str(cell).startswith("req_") else None
