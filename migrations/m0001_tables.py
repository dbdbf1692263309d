"""The three tables: core, usage, audit."""

from __future__ import annotations

from migrations.run import Context
from migrations.steps import ensure_table
from tenants.tables import AUDIT, CORE, USAGE


async def apply(context: Context) -> None:
    for spec in (CORE, USAGE, AUDIT):
        await ensure_table(context, spec)
