"""`sluice export`: one row per request, to standard output or a file, going on where it broke off."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from admin.cli.commands import command
from admin.cli.export_rows import ExportFormat, RowReader, is_header, request_id_of
from admin.cli.failures import BadUsage, Unavailable
from admin.cli.names import tenant_id
from admin.cli.paths import path_of
from admin.cli.session import Session
from admin.cli.times import moment, parse_moment

export = typer.Typer()

_COMPLETE_UNTIL_HEADER = "x-sluice-complete-until"
_MOST_ATTEMPTS_WITHOUT_A_ROW = 4
_READ_BYTES = 1024 * 1024
_NO_EXPORT = "The file to go on with is no export in this format. It was left as it is."


@dataclass
class _Progress:
    """`after` is the last row that was written; `header` whether the file has its CSV header."""

    after: str | None
    header: bool
    rows: int = 0
    complete_until: int | None = None


@command(export, "export", "sluice export --since 2026-11-01 --format csv --output usage.csv")
def export_usage(
    session: Session,
    since: Annotated[str, typer.Option(help="From then on: 30d, 2026-11-01 (UTC).", metavar="TIME")] = "1d",
    until: Annotated[str | None, typer.Option(help="Until then; now without it.", metavar="TIME")] = None,
    tenant: Annotated[str | None, typer.Option("--tenant", "-t", help="Of this one alone.", metavar="TENANT")] = None,
    format: Annotated[ExportFormat, typer.Option(help="A table, or a JSON object a line.")] = ExportFormat.CSV,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write.", metavar="FILE")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on after the last row of the file.")] = False,
) -> None:
    """Export a row for every request: ids, model, tokens, cost. A break is got over by asking for the rest."""
    now = session.now_seconds()
    query = {
        "start_time": parse_moment(since, "--since", now, UTC),
        "end_time": None if until is None else parse_moment(until, "--until", now, UTC),
        "format": format.value,
        "project_id": None if tenant is None else tenant_id(session, tenant),
    }
    if resume and output is None:
        raise BadUsage("--resume goes with --output: it reads the file's last row.")
    with _open_output(output, resume=resume) as sink:
        progress = _Progress(after=None, header=False) if output is None else _progress_of(sink, format)
        _export(session, query, format, sink, progress)
    session.screen.note(f"{progress.rows:,} rows.")
    if progress.complete_until is not None:
        said = moment(progress.complete_until, session.screen.zone)
        session.screen.note(f"Every request that began before {said} is over; later ones may still come.")


def _export(
    session: Session, query: dict[str, str | int | None], format: ExportFormat, sink: BinaryIO, progress: _Progress
) -> None:
    from admin.cli.retrying import backoff
    from admin.cli.transport import NotReached

    client, failures = session.client, 0
    while True:
        before = progress.rows
        try:
            _receive(session, {**query, "after": progress.after}, format, sink.write, progress)
            sink.flush()
            return
        except (NotReached, Unavailable) as error:
            sink.flush()
            failures = failures + 1 if progress.rows == before else 1
            if failures >= _MOST_ATTEMPTS_WITHOUT_A_ROW or (isinstance(error, NotReached) and not error.sent):
                raise (client.unavailable(error) if isinstance(error, NotReached) else error) from error
            session.screen.note(f"After {progress.rows:,} rows: {error.message} Asking for the rest.")
            client.rim.sleep(backoff(failures, client.rim.jitter()))


def _receive(
    session: Session,
    query: dict[str, str | int | None],
    format: ExportFormat,
    write: Callable[[bytes], object],
    progress: _Progress,
) -> None:
    """Writes whole rows alone. Raises NotReached where they break off."""
    reader = RowReader(format)
    with session.client.stream(path_of("usage", "export"), query) as answer:
        until = answer.headers.get(_COMPLETE_UNTIL_HEADER, "")
        progress.complete_until = int(until) if until.isdigit() else None
        for piece in answer.pieces():
            for row in reader.feed(piece):
                request_id = request_id_of(row, format)
                if progress.header and is_header(row):
                    continue  # of the rest that was asked for
                write(row)
                progress.header = True
                progress.after = request_id or progress.after
                progress.rows += request_id is not None


@contextmanager
def _open_output(path: Path | None, *, resume: bool) -> Iterator[BinaryIO]:
    """Standard output, or a file: one that is there is gone on with, or left alone (BadUsage); one that was made is
    taken away again if nothing was written."""
    if path is None:
        yield sys.stdout.buffer
        return
    try:
        sink = path.open("r+b" if resume and path.exists() else "x+b")
    except FileExistsError as error:
        raise BadUsage(f"{path} exists. --resume goes on after its last row.") from error
    except OSError as error:
        raise BadUsage(f"{path} cannot be written: {error.strerror}.") from error
    with sink:
        try:
            yield sink
        finally:
            if sink.seek(0, os.SEEK_END) == 0:
                path.unlink(missing_ok=True)


def _progress_of(sink: BinaryIO, format: ExportFormat) -> _Progress:
    """What is in the file, which stands at its end then: a row that broke off is cut away. Raises BadUsage for a file
    that is no export, and leaves it as it is."""
    reader, end, begun, progress = RowReader(format), 0, False, _Progress(after=None, header=False)
    while piece := sink.read(_READ_BYTES):
        begun = True
        for row in reader.feed(piece):
            request_id = request_id_of(row, format)
            opening = end == 0 and format is ExportFormat.CSV and is_header(row)
            if request_id is None and not opening:
                raise BadUsage(_NO_EXPORT)
            end += len(row)
            progress.header = progress.header or opening
            progress.after = request_id or progress.after
    if begun and end == 0:
        raise BadUsage(_NO_EXPORT)
    sink.seek(end)
    sink.truncate()
    return progress
