"""Where tenants, keys, accounts and what was used are, as one value: what both planes are built on."""

from __future__ import annotations

import time
from dataclasses import dataclass

from gateway.aws import TIMING, Aws
from gateway.metered_ledger import MeteredLedger
from gateway.metrics import Metrics
from gateway.settings import Settings
from gateway.wall_clock import clock_ms
from tenants.busy_keys import Spread
from tenants.dynamo_active_accounts import ActiveAccounts
from tenants.dynamo_escrow import TenantBudgets
from tenants.dynamo_kept_reasoning import DynamoReasoningStore
from tenants.dynamo_late_marks import mark_late
from tenants.dynamo_ledger import DynamoKeyReader, DynamoLedger
from tenants.dynamo_tenant_gate import TenantGate
from tenants.secret import Peppers
from tenants.store import Ledger
from tenants.tables import TableNames


@dataclass(frozen=True, slots=True)
class Store:
    """The tables through their readers and writers, and the peppers that keys' fingerprints are made with."""

    tables: TableNames
    reader: DynamoKeyReader
    ledger: Ledger
    active: ActiveAccounts
    budgets: TenantBudgets
    gate: TenantGate
    reasoning: DynamoReasoningStore
    peppers: Peppers


def build_store(settings: Settings, aws: Aws, metrics: Metrics) -> Store:
    """Nothing is sent before it is used. Raises SettingsError for peppers that are none."""
    client, tables = aws.dynamodb, TableNames(settings.table_prefix)
    spread = Spread(settings.account_shards, settings.account_shard_requests)
    ledger = DynamoLedger(
        client, tables, time.monotonic, lambda events: mark_late(client, tables, events, clock_ms()), spread
    )
    return Store(
        tables=tables,
        reader=DynamoKeyReader(client, tables),
        ledger=MeteredLedger(ledger, metrics, time.monotonic),
        active=ActiveAccounts(client, tables),
        budgets=TenantBudgets(client, tables, TIMING),
        gate=TenantGate(client, tables, TIMING, clock_ms),
        reasoning=DynamoReasoningStore(client, tables),
        peppers=settings.peppers(),
    )
