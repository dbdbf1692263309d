"""Migrations, run from an entry point."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version

from awswire.dynamodb import DynamoDb
from gateway.aws import connect_dynamodb, open_transport
from migrations.run import Run
from migrations.runner import Outcome, check, migrate
from tenants.tables import TableNames

_CONNECTIONS = 4


def migrate_tables(
    table_prefix: str,
    environ: Mapping[str, str],
    report: Callable[[str], None],
    *,
    http_client: str,
    external: bool = False,
) -> Outcome:
    """Apply what is missing. `http_client` is the setting of that name; `external` is `Run.external`.

    Raises MigrationError, DynamoDbError, EndpointUnknown.
    """
    run = Run(
        clock=time.time,  # noqa: TID251 - entry points hand the real clock in
        sleep=asyncio.sleep,
        owner_id=f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}",
        app_version=version("sluice"),
        report=report,
        external=external,
    )

    async def up() -> Outcome:
        async with _dynamodb(environ, http_client) as db:
            return await migrate(db, TableNames(table_prefix), run)

    return asyncio.run(up())


def check_tables(table_prefix: str, environ: Mapping[str, str], *, http_client: str) -> list[str]:
    """What is missing, a line each. Raises DynamoDbError, EndpointUnknown."""

    async def look() -> list[str]:
        async with _dynamodb(environ, http_client) as db:
            return await check(db, TableNames(table_prefix))

    return asyncio.run(look())


@asynccontextmanager
async def _dynamodb(environ: Mapping[str, str], http_client: str) -> AsyncIterator[DynamoDb]:
    transport = open_transport(http_client, _CONNECTIONS)
    try:
        yield connect_dynamodb(transport, environ)
    finally:
        await transport.aclose()
