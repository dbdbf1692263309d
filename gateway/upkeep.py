"""The sweep of a server, built on the store, and the projects' alerts that it finds. `app` imports it where there is
one: on AWS Lambda a function of its own sweeps."""

from __future__ import annotations

import random

from gateway.alerts import Alerts
from gateway.aws import Aws
from gateway.background_sweep import Sweeping
from gateway.project_alerts import ProjectAlerts
from gateway.settings import Settings
from gateway.store import Store
from gateway.sweeping import Sweeper
from gateway.wall_clock import clock_ms
from tenants.dynamo_active_accounts import SweepRecord
from tenants.dynamo_reached_alerts import ReachedAlerts
from tenants.dynamo_tenant_spend import TenantSpend
from tenants.dynamo_usage import DynamoUsage


class Upkeep:
    """Start it once, stop it before what it sweeps, and close it at the end."""

    def __init__(self, settings: Settings, aws: Aws, store: Store, alerts: Alerts) -> None:
        client, tables = aws.dynamodb, store.tables
        spend = TenantSpend(client, tables, DynamoUsage(client, tables, settings.hold_seconds))
        self._project_alerts = ProjectAlerts(spend, ReachedAlerts(client, tables), alerts, clock_ms)
        sweeper = Sweeper(store.ledger, store.active, SweepRecord(client, tables), clock_ms, self._project_alerts.look)
        self._sweeping = Sweeping(sweeper, settings.sweep_seconds, random.random)

    def start(self) -> None:
        self._sweeping.start()

    async def stop(self) -> None:
        """What a sweep was about to do is left to the next one."""
        await self._sweeping.close()

    async def close(self) -> None:
        """After the webhook was closed: alerts that it delivered are being noted as told."""
        await self._project_alerts.close()
