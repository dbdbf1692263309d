"""What every remote command works with, made from options, environment and clock: the entry point's part."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from admin.cli.connection import Connection, Place, connection_as_key, find_connection
from admin.cli.screen import Screen, open_screen

if TYPE_CHECKING:  # TLS and HTTP take longer to import than all the rest: `--help` does without
    from admin.cli.client import AdminClient


@dataclass(frozen=True)
class SessionOptions:
    """What every remote command takes."""

    url: Annotated[
        str | None, typer.Option(help="The gateway's address. [SLUICE_URL, http://127.0.0.1:8080]", metavar="URL")
    ] = None
    admin_key_file: Annotated[
        Path | None, typer.Option(help="File that holds the admin key. [SLUICE_ADMIN_KEY]", metavar="FILE")
    ] = None
    data_dir: Annotated[
        Path | None, typer.Option(help="The folder of a `sluice dev`: its address and its admin key.", metavar="DIR")
    ] = None
    as_json: Annotated[bool, typer.Option("--json", help="JSON, with every field and all digits.")] = False
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Ids alone; of a new key, its secret alone.")] = False
    utc: Annotated[bool, typer.Option("--utc", help="Times in UTC instead of this machine's zone.")] = False
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for an answer.", metavar="SECONDS")] = 30.0


@dataclass(frozen=True)
class Session:
    options: SessionOptions
    screen: Screen
    now_seconds: Callable[[], int]

    @cached_property
    def client(self) -> AdminClient:
        """With the admin key. Raises BadUsage where there is none: `--help` and faulty options need none."""
        return self._client_of(find_connection(self._place, os.environ))

    def client_as_key(self, api_key_file: Path | None) -> AdminClient:
        """With an inference key. Raises BadUsage."""
        return self._client_of(connection_as_key(self._place, os.environ, api_key_file))

    @property
    def _place(self) -> Place:
        return Place(self.options.url, self.options.admin_key_file, self.options.data_dir)

    def _client_of(self, connection: Connection) -> AdminClient:
        from admin.cli.client import AdminClient, Rim
        from admin.cli.transport import HttpTransport

        rim = Rim(sleep=time.sleep, jitter=_jitter, token=lambda: secrets.token_hex(16), note=self.screen.note)
        return AdminClient(connection, HttpTransport(self.options.timeout), rim)


def open_session(options: SessionOptions) -> Session:
    zone = UTC if options.utc else None
    screen = open_screen(os.environ, zone=zone, as_json=options.as_json, quiet=options.quiet)
    return Session(options, screen, now_seconds=lambda: time.time_ns() // 10**9)


def _jitter() -> float:
    return secrets.randbelow(1000) / 1000
