"""The data plane, built on the store."""

from __future__ import annotations

import ipaddress
import time
from typing import TYPE_CHECKING

from gateway.admission import Admission
from gateway.alerts import Alerts
from gateway.aws import Aws
from gateway.catalog.shipped import known_models
from gateway.catalog.shipped_prices import price_table
from gateway.catalog.source import BedrockCatalog
from gateway.kept_reasoning import ReasoningMemory
from gateway.key_cache import KeyCache
from gateway.media.addresses import Destinations
from gateway.media.fetcher import FetchLimits, MediaFetcher
from gateway.metered_bedrock import MeteredBedrock
from gateway.metrics import Metrics
from gateway.plane import DataPlane, Patience
from gateway.pricing import Pricing
from gateway.reserving import Books
from gateway.settings import Settings, SettingsError
from gateway.store import Store
from gateway.wall_clock import clock_ms
from tenants.policy import NO_POLICY, Policy

if TYPE_CHECKING:
    from gateway.catalog.known_models import Row
    from gateway.catalog.prices import PriceRow

# A request is broken off so long before its hold expires that its settle cannot come too late.
_SETTLE_MARGIN_SECONDS = 30.0


def build_data_plane(settings: Settings, aws: Aws, store: Store, alerts: Alerts, metrics: Metrics) -> DataPlane:
    """Nothing of it is started. Raises SettingsError for an unusable setting."""
    keys = KeyCache(store.reader, time.monotonic, settings.key_cache_size, settings.key_cache_seconds)
    books = Books(store.ledger, store.active, store.budgets, store.gate, alerts.after_settle)
    admission = Admission(
        keys, books, store.peppers, clock_ms, settings.hold_seconds, imported_keys=settings.imported_keys
    )
    policy, rows, prices = _read_models_file(settings)
    patience = Patience(
        request_seconds=max(settings.hold_seconds - _SETTLE_MARGIN_SECONDS, settings.hold_seconds / 2),
        drain_seconds=settings.disconnect_drain_seconds,
        keepalive_seconds=settings.keepalive_seconds,
    )
    return DataPlane(
        admission=admission,
        bedrock=MeteredBedrock(aws.bedrock, metrics, time.monotonic),
        catalog=BedrockCatalog(
            aws.bedrock_control, time.monotonic, settings.catalog_seconds, known_models(*rows), policy
        ),
        pricing=Pricing(price_table(*prices), aws.bedrock_control.endpoint.region),
        media=_build_media(settings),
        reasoning=ReasoningMemory(store.reasoning, clock_ms, settings.reasoning_seconds),
        patience=patience,
        clock_ms=clock_ms,
    )


def _read_models_file(settings: Settings) -> tuple[Policy, tuple[Row, ...], tuple[PriceRow, ...]]:
    """The deployment's policy, and what goes over the shipped rows of models and of prices."""
    if settings.models_file is None:
        return NO_POLICY, (), ()
    # Not above: what reads an operator's file strictly takes long to load, and few have one.
    from gateway.catalog.model_rows import ModelFileError
    from gateway.catalog.operator_file import load_operator_file

    try:
        said = load_operator_file(settings.models_file)
    except ModelFileError as error:
        raise SettingsError(f"SLUICE_MODELS_FILE: {error}") from error
    return said.policy, said.rows, said.prices


def _build_media(settings: Settings) -> MediaFetcher:
    networks = tuple(ipaddress.ip_network(part.strip()) for part in settings.fetch_media_networks.split(",") if part)
    limits = FetchLimits(total_bytes=settings.max_body_bytes, total_seconds=settings.fetch_media_seconds)
    return MediaFetcher(limits, Destinations(networks), enabled=settings.fetch_media)
