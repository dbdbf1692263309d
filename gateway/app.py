"""The composition root: builds everything once, and has the planes that the settings name assembled."""

from __future__ import annotations

import ipaddress
import os
import random
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

from fastapi import FastAPI

from admin.auth import AdminKeys
from admin.control_plane import ControlPlane
from admin.routes.router import create_router
from gateway.admission import Admission
from gateway.alerts import Alerts
from gateway.aws import TIMING, Aws, connect
from gateway.catalog.model_rows import ModelFileError
from gateway.catalog.operator_file import OperatorFile, load_operator_file
from gateway.catalog.shipped import known_models
from gateway.catalog.shipped_prices import price_table
from gateway.catalog.source import BedrockCatalog
from gateway.kept_reasoning import ReasoningMemory
from gateway.key_cache import KeyCache
from gateway.media.addresses import Destinations
from gateway.media.fetcher import FetchLimits, MediaFetcher
from gateway.metered_ledger import MeteredLedger
from gateway.metrics import Metrics
from gateway.plane import DataPlane, Patience
from gateway.pricing import Pricing
from gateway.request_ids import RequestIds
from gateway.reserving import Books
from gateway.routes.application import assemble
from gateway.routes.metrics import router as metrics_router
from gateway.routes.middleware import RequestEnvelope
from gateway.settings import Settings, SettingsError
from gateway.sweeping import Sweeper, Sweeping
from gateway.webhooks import Endpoint, Webhooks
from tenants.busy_keys import Spread
from tenants.dynamo_active_accounts import ActiveAccounts, SweepRecord
from tenants.dynamo_directory import DynamoDirectory
from tenants.dynamo_escrow import TenantBudgets
from tenants.dynamo_kept_reasoning import DynamoReasoningStore
from tenants.dynamo_ledger import DynamoKeyReader, DynamoLedger
from tenants.dynamo_models import bind
from tenants.dynamo_tenant_gate import TenantGate
from tenants.dynamo_usage import DynamoUsage
from tenants.secret import Peppers
from tenants.store import Ledger
from tenants.tables import TableNames

# A request is broken off so long before its hold expires that its settle cannot come too late.
_SETTLE_MARGIN_SECONDS = 30.0
# One attempt: a shutdown does not wait for an endpoint that is away.
_WEBHOOKS_CLOSE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Store:
    """Where tenants, keys and accounts are, and the peppers that their keys' fingerprints are made with."""

    tables: TableNames
    reader: DynamoKeyReader
    ledger: Ledger
    active: ActiveAccounts
    budgets: TenantBudgets
    gate: TenantGate
    usage: DynamoUsage
    reasoning: DynamoReasoningStore
    peppers: Peppers


@dataclass(frozen=True, slots=True)
class _Parts:
    """What one application is made of."""

    aws: Aws
    store: _Store
    data_plane: DataPlane
    control_plane: ControlPlane | None
    sweeping: Sweeping
    webhooks: Webhooks | None
    metrics: Metrics


def create_app(settings: Settings, environ: Mapping[str, str]) -> FastAPI:
    """The application. Nothing is sent before it is started; `environ` is where AWS's own variables are read from.

    Raises EndpointUnknown where no region is set, SettingsError for an unusable setting.
    """
    parts = _build(settings, environ)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        parts.data_plane.admission.start()
        parts.sweeping.start()
        if parts.webhooks is not None:
            parts.webhooks.start()
        if "gateway" in settings.surfaces:
            parts.data_plane.catalog.latest()  # in the background: until it is known, base ids lead to no profile
        try:
            yield
        finally:
            await parts.sweeping.close()
            await parts.data_plane.admission.close(settings.shutdown_grace_seconds)
            if parts.webhooks is not None:  # after the last settle, which may reach an alert
                await parts.webhooks.close(min(settings.shutdown_grace_seconds, _WEBHOOKS_CLOSE_SECONDS))
            await parts.data_plane.catalog.aclose()
            await parts.data_plane.media.aclose()
            if parts.control_plane is not None:
                await parts.control_plane.directory.close()
            await parts.aws.transport.aclose()

    envelope = partial(
        RequestEnvelope,
        request_ids=RequestIds(_clock_ms, os.urandom),
        max_body_bytes=settings.max_body_bytes,
        monotonic=time.monotonic,
        count=parts.metrics.count_request,
    )
    store, control = parts.store, parts.control_plane
    app = assemble(
        parts.data_plane if "gateway" in settings.surfaces else None,
        None if control is None else create_router(control, store.budgets, store.usage),
        lambda: parts.store.reader.find_key("key_readiness"),
        envelope,
        lifespan,
    )
    if settings.metrics:
        app.state.metrics = parts.metrics
        app.include_router(metrics_router)
    if settings.cors_origins:
        app.let_browsers_in([origin.strip() for origin in settings.cors_origins.split(",")])
    return app


def _build(settings: Settings, environ: Mapping[str, str]) -> _Parts:
    aws = connect(settings, environ)
    metrics = Metrics(str(os.getpid()), _clock_ms)
    store = _build_store(settings, aws, metrics)
    sweeper = Sweeper(store.ledger, store.active, SweepRecord(aws.dynamodb, store.tables), _clock_ms)
    webhooks = _build_webhooks(settings, metrics)
    alerts = Alerts(metrics, None if webhooks is None else webhooks.offer, _clock_ms)
    return _Parts(
        aws=aws,
        store=store,
        data_plane=_build_data_plane(settings, aws, store, alerts),
        control_plane=_build_control_plane(settings, aws, store) if "admin" in settings.surfaces else None,
        sweeping=Sweeping(sweeper, settings.sweep_seconds, random.random),
        webhooks=webhooks,
        metrics=metrics,
    )


def _build_store(settings: Settings, aws: Aws, metrics: Metrics) -> _Store:
    client, tables = aws.dynamodb, TableNames(settings.table_prefix)
    usage = DynamoUsage(client, tables, settings.hold_seconds)
    spread = Spread(settings.account_shards, settings.account_shard_requests)
    ledger = DynamoLedger(client, tables, time.monotonic, lambda events: usage.mark_late(events, _clock_ms()), spread)
    return _Store(
        tables=tables,
        reader=DynamoKeyReader(client, tables),
        ledger=MeteredLedger(ledger, metrics, time.monotonic),
        active=ActiveAccounts(client, tables),
        budgets=TenantBudgets(client, tables, TIMING),
        gate=TenantGate(client, tables, TIMING, _clock_ms),
        usage=usage,
        reasoning=DynamoReasoningStore(client, tables),
        peppers=settings.peppers(),
    )


def _build_webhooks(settings: Settings, metrics: Metrics) -> Webhooks | None:
    if settings.alert_webhook_url is None or settings.alert_webhook_secret is None:
        return None
    endpoint = Endpoint(settings.alert_webhook_url, settings.alert_webhook_secret.get_secret_value().encode())
    return Webhooks(endpoint, TIMING, _clock_ms, metrics.webhooks.add)


def _build_data_plane(settings: Settings, aws: Aws, store: _Store, alerts: Alerts) -> DataPlane:
    keys = KeyCache(store.reader, time.monotonic, settings.key_cache_size, settings.key_cache_seconds)
    books = Books(store.ledger, store.active, store.budgets, store.gate, alerts.after_settle)
    admission = Admission(keys, books, store.peppers, _clock_ms, settings.hold_seconds)
    said = _read_models_file(settings)
    patience = Patience(
        request_seconds=max(settings.hold_seconds - _SETTLE_MARGIN_SECONDS, settings.hold_seconds / 2),
        drain_seconds=settings.disconnect_drain_seconds,
        keepalive_seconds=settings.keepalive_seconds,
    )
    return DataPlane(
        admission=admission,
        bedrock=aws.bedrock,
        catalog=_build_catalog(settings, aws, said),
        pricing=Pricing(price_table(*said.prices), aws.bedrock_control.endpoint.region),
        media=_build_media(settings),
        reasoning=ReasoningMemory(store.reasoning, _clock_ms, settings.reasoning_seconds),
        patience=patience,
        clock_ms=_clock_ms,
    )


def _read_models_file(settings: Settings) -> OperatorFile:
    try:
        return load_operator_file(settings.models_file)
    except ModelFileError as error:
        raise SettingsError(f"SLUICE_MODELS_FILE: {error}") from error


def _build_catalog(settings: Settings, aws: Aws, said: OperatorFile) -> BedrockCatalog:
    models = known_models(*said.rows)
    return BedrockCatalog(aws.bedrock_control, time.monotonic, settings.catalog_seconds, models, said.policy)


def _build_media(settings: Settings) -> MediaFetcher:
    networks = tuple(ipaddress.ip_network(part.strip()) for part in settings.fetch_media_networks.split(",") if part)
    limits = FetchLimits(total_bytes=settings.max_body_bytes, total_seconds=settings.fetch_media_seconds)
    return MediaFetcher(limits, Destinations(networks), enabled=settings.fetch_media)


def _build_control_plane(settings: Settings, aws: Aws, store: _Store) -> ControlPlane:
    assert settings.admin_key is not None  # Settings refuses the surface without it
    return ControlPlane(
        directory=DynamoDirectory(bind(aws.dynamo_access, store.tables), _clock_ms, store.budgets),
        ledger=store.ledger,
        peppers=store.peppers,
        admin_keys=AdminKeys(settings.admin_key.get_secret_value()),
        clock_ms=_clock_ms,
        randomness=os.urandom,
    )


def _clock_ms() -> int:
    return time.time_ns() // 1_000_000
