"""The ledger, opened by an entry point to put it right: `sluice ledger`."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gateway.alerts import Alerts
from gateway.amending import Amending
from gateway.aws import TIMING, connect_dynamodb, open_transport
from gateway.metrics import Metrics
from gateway.project_alerts import ProjectAlerts
from gateway.rolling_up import RollingUp
from gateway.sweeping import Sweeper
from gateway.wall_clock import clock_ms
from gateway.webhooks import Endpoint, Webhooks
from tenants.dynamo_active_accounts import ActiveAccounts, SweepRecord
from tenants.dynamo_corrections import DynamoCorrections
from tenants.dynamo_ledger import DynamoLedger
from tenants.dynamo_reached_alerts import ReachedAlerts
from tenants.dynamo_tenant_spend import TenantSpend
from tenants.dynamo_usage import DynamoUsage
from tenants.tables import TableNames

_CONNECTIONS = 32
_WEBHOOKS_CLOSE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class LedgerPlace:
    """Where the ledger is. `http_client` and `hold_seconds` are the settings of those names; `variables` hold AWS's
    own. `webhook` is where projects' alerts are told that a sweep finds reached; None logs them alone."""

    table_prefix: str
    http_client: str
    hold_seconds: float
    variables: Mapping[str, str]
    webhook: Endpoint | None = None


@dataclass(frozen=True, slots=True)
class OpenLedger:
    sweeper: Sweeper
    amending: Amending
    rolling_up: RollingUp


@asynccontextmanager
async def open_ledger(place: LedgerPlace) -> AsyncIterator[OpenLedger]:
    """Its webhook has been tried for a moment when it is closed. Raises EndpointUnknown where no region is set."""
    transport = open_transport(place.http_client, _CONNECTIONS)
    try:
        client, tables = connect_dynamodb(transport, place.variables), TableNames(place.table_prefix)
        usage = DynamoUsage(client, tables, place.hold_seconds)
        ledger = DynamoLedger(client, tables, time.monotonic, lambda events: usage.mark_late(events, clock_ms()))
        active = ActiveAccounts(client, tables)
        spend, reached = TenantSpend(client, tables, usage), ReachedAlerts(client, tables)
        async with _open_project_alerts(spend, reached, place.webhook) as project_alerts:
            yield OpenLedger(
                Sweeper(ledger, active, SweepRecord(client, tables), clock_ms, project_alerts.look),
                Amending(ledger, DynamoCorrections(client, tables, ledger), active, clock_ms),
                RollingUp(ledger, active, usage, place.hold_seconds, clock_ms),
            )
    finally:
        await transport.aclose()


@asynccontextmanager
async def _open_project_alerts(
    spend: TenantSpend, reached: ReachedAlerts, endpoint: Endpoint | None
) -> AsyncIterator[ProjectAlerts]:
    metrics = Metrics("ledger", clock_ms)  # nobody reads them: this process ends
    webhooks = None if endpoint is None else Webhooks(endpoint, TIMING, clock_ms, metrics.webhooks.add)
    alerts = Alerts(metrics, None if webhooks is None else webhooks.offer, clock_ms)
    project_alerts = ProjectAlerts(spend, reached, alerts, clock_ms)
    if webhooks is not None:
        webhooks.start()
    try:
        yield project_alerts
    finally:
        if webhooks is not None:
            await webhooks.close(_WEBHOOKS_CLOSE_SECONDS)
        await project_alerts.close()
