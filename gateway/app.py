"""The composition root: builds everything once, and has the planes that the settings name assembled."""

from __future__ import annotations

import os
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
from gateway.aws import Aws, connect
from gateway.catalog.source import BedrockCatalog
from gateway.key_cache import KeyCache
from gateway.plane import DataPlane, Patience
from gateway.request_ids import RequestIds
from gateway.routes.application import assemble
from gateway.routes.middleware import RequestEnvelope
from gateway.settings import Settings
from tenants.dynamo_directory import DynamoDirectory
from tenants.dynamo_ledger import DynamoKeyReader, DynamoLedger
from tenants.dynamo_models import bind
from tenants.secret import Peppers
from tenants.tables import TableNames

# A request is broken off so long before its hold expires that its settle cannot come too late.
_SETTLE_MARGIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _Store:
    """Where tenants, keys and accounts are, and the peppers that their keys' fingerprints are made with."""

    tables: TableNames
    reader: DynamoKeyReader
    ledger: DynamoLedger
    peppers: Peppers


@dataclass(frozen=True, slots=True)
class _Parts:
    """What one application is made of."""

    aws: Aws
    store: _Store
    data_plane: DataPlane
    control_plane: ControlPlane | None


def create_app(settings: Settings, environ: Mapping[str, str]) -> FastAPI:
    """The application. Nothing is sent before it is started; `environ` is where AWS's own variables are read from.

    Raises EndpointUnknown where no region is set, SettingsError for an unusable setting.
    """
    parts = _build(settings, environ)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        parts.data_plane.admission.start()
        try:
            yield
        finally:
            await parts.data_plane.admission.close(settings.shutdown_grace_seconds)
            await parts.data_plane.catalog.aclose()
            if parts.control_plane is not None:
                await parts.control_plane.directory.close()
            await parts.aws.transport.aclose()

    envelope = partial(
        RequestEnvelope,
        request_ids=RequestIds(_clock_ms, os.urandom),
        max_body_bytes=settings.max_body_bytes,
        monotonic=time.monotonic,
    )
    return assemble(
        parts.data_plane if "gateway" in settings.surfaces else None,
        None if parts.control_plane is None else create_router(parts.control_plane),
        lambda: parts.store.reader.find_key("key_readiness"),
        envelope,
        lifespan,
    )


def _build(settings: Settings, environ: Mapping[str, str]) -> _Parts:
    aws = connect(settings, environ)
    tables = TableNames(settings.table_prefix)
    store = _Store(
        tables=tables,
        reader=DynamoKeyReader(aws.dynamodb, tables),
        ledger=DynamoLedger(aws.dynamodb, tables, time.monotonic),
        peppers=settings.peppers(),
    )
    return _Parts(
        aws=aws,
        store=store,
        data_plane=_build_data_plane(settings, aws, store),
        control_plane=_build_control_plane(settings, aws, store) if "admin" in settings.surfaces else None,
    )


def _build_data_plane(settings: Settings, aws: Aws, store: _Store) -> DataPlane:
    keys = KeyCache(store.reader, time.monotonic, settings.key_cache_size, settings.key_cache_seconds)
    admission = Admission(keys, store.ledger, store.peppers, _clock_ms, settings.hold_seconds)
    patience = Patience(
        request_seconds=max(settings.hold_seconds - _SETTLE_MARGIN_SECONDS, settings.hold_seconds / 2),
        drain_seconds=settings.disconnect_drain_seconds,
        keepalive_seconds=settings.keepalive_seconds,
    )
    catalog = BedrockCatalog(aws.bedrock_control, time.monotonic, settings.catalog_seconds)
    return DataPlane(admission, aws.bedrock, catalog, patience, _clock_ms)


def _build_control_plane(settings: Settings, aws: Aws, store: _Store) -> ControlPlane:
    assert settings.admin_key is not None  # Settings refuses the surface without it
    return ControlPlane(
        directory=DynamoDirectory(bind(aws.dynamo_access, store.tables), _clock_ms),
        ledger=store.ledger,
        peppers=store.peppers,
        admin_keys=AdminKeys(settings.admin_key.get_secret_value()),
        clock_ms=_clock_ms,
        randomness=os.urandom,
    )


def _clock_ms() -> int:
    return time.time_ns() // 1_000_000
