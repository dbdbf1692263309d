"""Who migrates, and what waiting depends on: everything a run takes from outside."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from awswire.dynamodb import DynamoDb
from tenants.tables import TableNames


@dataclass(frozen=True, slots=True)
class Run:
    """One run of the migrations.

    `owner_id` names it in the lock, and has to be different for every run. `clock` gives Unix seconds; the clocks of
    machines that may migrate at once have to agree within `migrations.lock.SKEW_SECONDS`. `report` gets one line for
    each thing done or noticed. `external` says that all tables are owned from outside of this application; those that
    CloudFormation owns are recognised without it.
    """

    clock: Callable[[], float]
    sleep: Callable[[float], Awaitable[object]]
    owner_id: str
    app_version: str
    report: Callable[[str], None]
    external: bool = False


@dataclass(frozen=True, slots=True)
class Context:
    """What a step is given."""

    db: DynamoDb
    tables: TableNames
    run: Run
