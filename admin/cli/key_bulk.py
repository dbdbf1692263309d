"""`sluice keys bulk-issue`: many keys from a table."""

from __future__ import annotations

import csv
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from admin.cli.commands import command
from admin.cli.export_rows import ExportFormat, RowReader
from admin.cli.failures import BadUsage, Refused, Unavailable
from admin.cli.keys import keys
from admin.cli.names import tenant_id
from admin.cli.paths import path_of
from admin.cli.secrets_shown import SHOWN_ONCE
from admin.cli.session import Session

_FIND_THE_REST = "Keys may have been issued whose secrets did not arrive: `sluice keys list` shows them."


@command(keys, "bulk-issue", 'sluice keys bulk-issue "Search team" people.csv --output keys.csv')
def bulk_issue(
    session: Session,
    tenant: Annotated[str, typer.Argument(help="Their tenant's id or name.", metavar="TENANT")],
    file: Annotated[str, typer.Argument(help="CSV, one key a row; - for standard input.", metavar="FILE")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="New file for ids and secrets, for you alone.", metavar="FILE")
    ] = None,
) -> None:
    """Issue a key for each row of a CSV. The columns are in docs/bulk-keys.md; the secrets come back in a CSV, once."""
    from admin.cli.transport import NotReached

    rows, counts = _read(file), Counter[str]()
    path = path_of("projects", tenant_id(session, tenant), "api_keys", "bulk")
    with _open_output(output) as sink:  # before the keys are issued: their secrets need a place to go
        try:
            with session.client.stream_csv(path, rows) as answer:
                _receive(answer.pieces(), sink, counts)
        except NotReached as error:
            unavailable = session.client.unavailable(error)
            raise Unavailable(f"{unavailable.message} {_FIND_THE_REST if error.sent else ''}".strip()) from error
    issued = "1 key is" if counts["issued"] == 1 else f"{counts['issued']:,} keys are"
    session.screen.note(f"{issued} issued. {SHOWN_ONCE.replace('The secret is', 'Secrets are')}")
    if counts["failed"]:
        failed = "1 row failed: its" if counts["failed"] == 1 else f"{counts['failed']:,} rows failed: their"
        raise Refused(f"{failed} `error` says why.")


def _receive(pieces: Iterable[bytes], sink: BinaryIO, counts: Counter[str]) -> None:
    """Writes what comes as it comes: a secret that was received is kept, whatever follows."""
    reader, columns = RowReader(ExportFormat.CSV), list[str]()
    for piece in pieces:
        sink.write(piece)
        sink.flush()
        for row in reader.feed(piece):
            cells = next(csv.reader([row.decode(errors="replace")]), [])
            if not columns:
                columns = cells
                continue
            told = dict(zip(columns, cells, strict=False))
            counts["issued"] += bool(told.get("value"))
            counts["failed"] += bool(told.get("error"))


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise BadUsage(f"The file {file} cannot be read: {error.strerror}.") from error


@contextmanager
def _open_output(output: Path | None) -> Iterator[BinaryIO]:
    """A new file for this user alone, gone again where nothing was issued; or standard output. Raises BadUsage."""
    if output is None:
        yield sys.stdout.buffer
        return
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BadUsage(f"The file {output} cannot be made: {error.strerror}.") from error
    with os.fdopen(descriptor, "wb") as sink:
        try:
            yield sink
        except BaseException:
            if sink.tell() == 0:
                output.unlink()
            raise
