"""`sluice keys bulk-issue`: many keys from a table."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from admin.cli.commands import command
from admin.cli.failures import BadUsage
from admin.cli.keys import keys
from admin.cli.names import tenant_id
from admin.cli.paths import path_of
from admin.cli.secrets_shown import SHOWN_ONCE
from admin.cli.session import Session


@command(keys, "bulk-issue", 'sluice keys bulk-issue "Search team" people.csv --output keys.csv')
def bulk_issue(
    session: Session,
    tenant: Annotated[str, typer.Argument(help="Their tenant's id or name.", metavar="TENANT")],
    file: Annotated[str, typer.Argument(help="CSV, one key a row; - for standard input.", metavar="FILE")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="New file for ids and secrets, for you alone.", metavar="FILE")
    ] = None,
) -> None:
    """Issue a key for each row of a CSV. The columns are in docs/keys.md; the secrets come back in a CSV, once."""
    rows = _read(file)
    path = path_of("projects", tenant_id(session, tenant), "api_keys", "bulk")
    with _open_output(output) as sink:  # before the keys are issued: their secrets need a place to go
        sink.write(session.client.post_csv(path, rows).body)
        sink.flush()
    session.screen.note(SHOWN_ONCE.replace("The secret is", "Secrets are"))


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
