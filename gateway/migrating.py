"""Migrations, run from an entry point."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import Callable, Mapping
from importlib.metadata import version

from gateway.aws import connect_dynamodb, open_transport
from migrations.run import Run
from migrations.runner import Outcome, check, migrate
from tenants.tables import TableNames


def migrate_tables(table_prefix: str, environ: Mapping[str, str], report: Callable[[str], None]) -> Outcome:
    """Apply what is missing. Raises MigrationError, DynamoDbError, EndpointUnknown."""
    run = Run(
        clock=time.time,  # noqa: TID251 - entry points hand the real clock in
        sleep=asyncio.sleep,
        owner_id=f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}",
        app_version=version("sluice"),
        report=report,
    )

    async def up() -> Outcome:
        transport = open_transport("lean", 4)
        try:
            return await migrate(connect_dynamodb(transport, environ), TableNames(table_prefix), run)
        finally:
            await transport.aclose()

    return asyncio.run(up())


def check_tables(table_prefix: str, environ: Mapping[str, str]) -> list[str]:
    """What is missing, a line each. Raises DynamoDbError, EndpointUnknown."""

    async def look() -> list[str]:
        transport = open_transport("lean", 4)
        try:
            return await check(connect_dynamodb(transport, environ), TableNames(table_prefix))
        finally:
            await transport.aclose()

    return asyncio.run(look())
