"""Extension: many keys from one CSV. A row is the body of a single key, spread over columns."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from admin.operations.bulk_keys import BulkRow, IssuedRow
from admin.schemas.api_key_changes import ApiKeyIssue
from admin.schemas.csv_lines import to_csv_line
from tenants.errors import InvalidArgument

MOST_ROWS = 1_000
OUTPUT_COLUMNS = ("row", "name", "user_id", "api_key_id", "value", "error")

_TOLD_FAULTS = 10
_FIRST_ROW = 2  # as spreadsheets number them: the header is row 1
_SHOWN_CHARS = 64
_NUMBER = re.compile(r"[0-9]{1,16}", re.ASCII)
_DOLLARS = re.compile(r"([0-9]{1,12})(?:\.([0-9]{1,2}))?", re.ASCII)

Body = dict[str, Any]


class _Fault(ValueError):
    """What is wrong with a cell."""


@dataclass(frozen=True, slots=True)
class _Column:
    """Where a cell goes in the body of an `ApiKeyIssue`, and how it is read."""

    path: tuple[str, ...]
    read: Callable[[str], object] = str


def _to_number(text: str) -> int:
    if _NUMBER.fullmatch(text) is None:
        raise _Fault("should be a whole number")
    return int(text)


def _to_cents(text: str) -> int:
    match = _DOLLARS.fullmatch(text)
    if match is None:
        raise _Fault("should be US dollars with at most two decimals, without a sign: 50 or 49.90")
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0"))


def _to_models(text: str) -> Body:
    return {"mode": "allow_list", "model_ids": text.split()}


_COLUMNS: Mapping[str, _Column] = {
    "name": _Column(("name",)),
    "user_id": _Column(("owner", "user_id")),
    "user_name": _Column(("owner", "name")),
    "email": _Column(("owner", "email")),
    "service_account_id": _Column(("owner", "service_account_id")),
    "expires_in_seconds": _Column(("expires_in_seconds",), _to_number),
    "models": _Column(("models",), _to_models),
    "monthly_budget_usd": _Column(("spend_limits", "month", "usd"), _to_cents),
    "daily_budget_usd": _Column(("spend_limits", "day", "usd"), _to_cents),
    "monthly_budget_tokens": _Column(("spend_limits", "month", "tokens"), _to_number),
    "daily_budget_tokens": _Column(("spend_limits", "day", "tokens"), _to_number),
    "max_requests_per_1_minute": _Column(("rate_limits", "max_requests_per_1_minute"), _to_number),
    "max_tokens_per_1_minute": _Column(("rate_limits", "max_tokens_per_1_minute"), _to_number),
    "max_parallel_requests": _Column(("rate_limits", "max_parallel_requests"), _to_number),
    "budget_mode": _Column(("budget_mode",)),
}
COLUMNS = tuple(_COLUMNS)


def parse_bulk(body: bytes) -> list[BulkRow]:
    """The keys that a CSV asks for, in its order. Raises InvalidArgument, naming row and column of what is wrong."""
    records = _records(_text(body))
    number, header = next(records, (1, []))
    columns = _columns(header)
    rows, faults = [], []
    for number, cells in records:
        if number - _FIRST_ROW >= MOST_ROWS:
            raise InvalidArgument(f"There are more than {MOST_ROWS:,} rows. Send them in several requests.", "body")
        try:
            rows.append(_row(number, columns, cells))
        except InvalidArgument as fault:
            faults.append(fault)
    if faults:
        raise _all_of(faults)
    if not rows:
        raise InvalidArgument("There is no row below the header.", "body")
    return rows


def to_output_line(issued: IssuedRow) -> bytes:
    """What became of a row, by OUTPUT_COLUMNS."""
    key, secret = issued.key, issued.secret
    return to_csv_line(
        (
            issued.row.number,
            issued.row.draft.name,
            None if key is None else key.owner.id,
            None if key is None else key.id,
            None if secret is None else secret.text,
            issued.error,
        )
    )


def _text(body: bytes) -> str:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidArgument("The CSV is not in UTF-8. Spreadsheets save it as 'CSV UTF-8'.", "body") from None
    if "\0" in text:
        raise InvalidArgument("The CSV holds a NUL character.", "body")
    return text


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, with their numbers. A quoted cell may go over lines; it is of one row."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise InvalidArgument(f"Row {number} is not CSV: {error}.", f"rows[{number}]") from error
        cells = [cell.strip() for cell in cells]
        if any(cells):
            yield number, cells
        number += 1


def _columns(header: list[str]) -> list[str]:
    for name in header:
        if name not in _COLUMNS:
            hint = " Separate columns with commas." if ";" in name else ""
            shown = name[:_SHOWN_CHARS]
            raise InvalidArgument(f"Unknown column: '{shown}'.{hint} There are {', '.join(COLUMNS)}.", "body")
    if len(set(header)) < len(header):
        raise InvalidArgument("The header names a column twice.", "body")
    if "name" not in header:
        raise InvalidArgument("The first row has to name the columns, 'name' among them.", "body")
    return header


def _row(number: int, columns: list[str], cells: list[str]) -> BulkRow:
    if len(cells) != len(columns):
        raise InvalidArgument(f"Row {number} has {len(cells)} cells, and the header {len(columns)}.", f"rows[{number}]")
    given = {column: cell for column, cell in zip(columns, cells, strict=True) if cell}
    body = _body(number, given)
    try:
        return BulkRow(number, ApiKeyIssue.model_validate(body).to_draft())
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise _at(number, _column_at(fault["loc"], given), fault["msg"]) from error
    except InvalidArgument as error:
        raise InvalidArgument(f"Row {number}: {error.message}", f"rows[{number}].{error.param}") from error


def _body(number: int, given: Mapping[str, str]) -> Body:
    """The body that stands for the cells that are not empty."""
    body: Body = {}
    for name, cell in given.items():
        column = _COLUMNS[name]
        try:
            value = column.read(cell)
        except _Fault as fault:
            raise _at(number, name, str(fault)) from fault
        field, *below = column.path
        if field == "spend_limits":
            interval, currency = below
            limit = {"interval": interval, "currency": currency, "threshold_amount": value}
            body.setdefault(field, []).append(limit)
        elif below:
            body.setdefault(field, {})[below[0]] = value
        else:
            body[field] = value
    if "owner" in body:
        body["owner"]["type"] = "service_account" if "service_account_id" in body["owner"] else "user"
    return body


def _column_at(loc: tuple[int | str, ...], given: Mapping[str, str]) -> str:
    """The column that a place in the body came from; the place itself where it came from none."""
    field, last = loc[0], loc[-1]
    if field == "spend_limits" and len(loc) > 1:
        limits = [name for name in given if _COLUMNS[name].path[0] == field]
        return limits[int(loc[1])]
    for name, column in _COLUMNS.items():
        if column.path[0] == field and column.path[-1] in (field, last):
            return name
    return ".".join(str(part) for part in loc)


def _at(number: int, column: str, what: str) -> InvalidArgument:
    return InvalidArgument(f"Row {number}, column '{column}': {what}.", f"rows[{number}].{column}")


def _all_of(faults: list[InvalidArgument]) -> InvalidArgument:
    """One error of several: the first ones told, the place of the first."""
    if len(faults) == 1:
        return faults[0]
    told = " ".join(fault.message for fault in faults[:_TOLD_FAULTS])
    more = f" And {len(faults) - _TOLD_FAULTS} more rows." if len(faults) > _TOLD_FAULTS else ""
    return InvalidArgument(f"No key was made. {told}{more}", faults[0].param)
