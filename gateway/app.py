"""The composition root: builds everything once, and has the planes that the settings name assembled."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from gateway.alerts import Alerts
from gateway.aws import TIMING, Aws, connect
from gateway.errors import GatewayError
from gateway.inference import build_data_plane
from gateway.metrics import Metrics
from gateway.plane import DataPlane
from gateway.request_ids import RequestIds
from gateway.routes.application import Application, assemble
from gateway.routes.metrics import routes as metrics_routes
from gateway.routes.middleware import RequestEnvelope
from gateway.routes.request_log import RequestLog
from gateway.settings import Settings, SettingsError
from gateway.store import Store, build_store
from gateway.wall_clock import clock_ms
from gateway.webhooks import Endpoint, Webhooks

if TYPE_CHECKING:
    from fastapi import APIRouter

    from gateway.administration import Administration
    from gateway.tracing import Traces
    from gateway.upkeep import Upkeep

# One attempt: a shutdown does not wait for an endpoint that is away.
_WEBHOOKS_CLOSE_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class _Parts:
    """What one application is made of."""

    aws: Aws
    store: Store
    data_plane: DataPlane
    administration: Administration | None
    upkeep: Upkeep | None
    webhooks: Webhooks | None
    metrics: Metrics
    traces: Traces | None


def create_app(settings: Settings, environ: Mapping[str, str], *, framework_late: bool = False) -> Application:
    """The application. Nothing is sent before it is started; `environ` is where AWS's own variables are read from.
    `framework_late`: FastAPI is loaded with the first request that needs it, not now.

    Raises EndpointUnknown where no region is set, SettingsError for an unusable setting.
    """
    parts = _build(settings, environ)
    envelope = partial(
        RequestEnvelope,
        request_ids=RequestIds(clock_ms, os.urandom),
        max_body_bytes=settings.max_body_bytes,
        monotonic=time.monotonic,
        watch=partial(_observe, parts.metrics),
    )

    @asynccontextmanager
    async def lifespan(_: Application) -> AsyncIterator[None]:
        _start(parts, settings)
        try:
            yield
        finally:
            await _close(parts, settings)

    app = assemble(
        parts.data_plane if "gateway" in settings.surfaces else None,
        _create_router(parts),
        lambda: parts.store.reader.find_key("key_readiness"),
        envelope if parts.traces is None else parts.traces.around(envelope),
        lifespan,
    )
    # For servers whose processes are frozen between requests.
    app.state.warm, app.state.flush = partial(_warm, parts), partial(_flush, parts)
    app.state.drop_idle = getattr(parts.aws.transport, "drop_idle", lambda: None)  # aiohttp has no such thing
    if settings.metrics:
        app.state.metrics = parts.metrics
        app.mount(metrics_routes)
    if settings.cors_origins:
        app.let_browsers_in([origin.strip() for origin in settings.cors_origins.split(",")])
    if not framework_late:
        app.load_framework()
    return app


def _start(parts: _Parts, settings: Settings) -> None:
    parts.data_plane.admission.start()
    if parts.upkeep is not None:
        parts.upkeep.start()
    if parts.webhooks is not None:
        parts.webhooks.start()
    if "gateway" in settings.surfaces:
        parts.data_plane.catalog.latest()  # in the background: until it is known, base ids lead to no profile


async def _close(parts: _Parts, settings: Settings) -> None:
    if parts.upkeep is not None:
        await parts.upkeep.stop()
    await parts.data_plane.admission.close(settings.shutdown_grace_seconds)
    if parts.webhooks is not None:  # after the last settle, which may reach an alert
        await parts.webhooks.close(min(settings.shutdown_grace_seconds, _WEBHOOKS_CLOSE_SECONDS))
    if parts.upkeep is not None:
        await parts.upkeep.close()
    await parts.data_plane.catalog.aclose()
    await parts.data_plane.media.aclose()
    if parts.administration is not None:
        await parts.administration.close()
    await parts.aws.transport.aclose()
    if parts.traces is not None:
        await parts.traces.close()


async def _warm(parts: _Parts, within_seconds: float) -> None:
    """Wait, for so long at most, for what the data plane otherwise reads beside its first requests."""
    with suppress(TimeoutError, GatewayError):  # the catalog says so in the log, and looks again
        await asyncio.wait_for(parts.data_plane.catalog.load(), within_seconds)


async def _flush(parts: _Parts, within_seconds: float) -> None:
    """Wait, for so long at most, until what requests left to be done behind them is done."""
    await parts.data_plane.admission.flush(within_seconds)
    if parts.webhooks is not None:
        await parts.webhooks.flush(within_seconds)


def _create_router(parts: _Parts) -> APIRouter | None:
    if parts.administration is None:
        return None
    offer = None if parts.webhooks is None else parts.webhooks.offer
    return parts.administration.create_router(parts.data_plane, parts.metrics, offer)


def _build(settings: Settings, environ: Mapping[str, str]) -> _Parts:
    aws = connect(settings, environ)
    metrics = Metrics(str(os.getpid()), clock_ms)
    store = build_store(settings, aws, metrics)
    webhooks = _build_webhooks(settings, metrics)
    alerts = Alerts(metrics, None if webhooks is None else webhooks.offer, clock_ms)
    data_plane = build_data_plane(settings, aws, store, alerts, metrics)
    traces = _open_traces() if settings.traces else None
    return _Parts(
        aws=aws,
        store=store,
        data_plane=data_plane if traces is None else traces.instrument(data_plane, store.ledger),
        administration=_build_administration(settings, aws, store),
        upkeep=_build_upkeep(settings, aws, store, alerts),
        webhooks=webhooks,
        metrics=metrics,
        traces=traces,
    )


def _build_administration(settings: Settings, aws: Aws, store: Store) -> Administration | None:
    if "admin" not in settings.surfaces:
        return None
    from gateway.administration import Administration

    return Administration(settings, aws, store)


def _build_upkeep(settings: Settings, aws: Aws, store: Store, alerts: Alerts) -> Upkeep | None:
    if settings.sweep_seconds == 0:
        return None
    from gateway.upkeep import Upkeep

    return Upkeep(settings, aws, store, alerts)


def _open_traces() -> Traces:
    try:
        # Not above: OpenTelemetry is an extra, and who does not use it shall not load it.
        from gateway.tracing import open_traces
    except ImportError as error:
        raise SettingsError("SLUICE_TRACES needs OpenTelemetry: install `sluice[otel]`, or unset it.") from error
    return open_traces()


def _build_webhooks(settings: Settings, metrics: Metrics) -> Webhooks | None:
    if settings.alert_webhook_url is None or settings.alert_webhook_secret is None:
        return None
    endpoint = Endpoint(settings.alert_webhook_url, settings.alert_webhook_secret.get_secret_value().encode())
    return Webhooks(endpoint, TIMING, clock_ms, metrics.webhooks.add)


def _observe(metrics: Metrics, log: RequestLog, seconds: float) -> None:
    """What the metrics have of a request that is over."""
    metrics.count_request(log.path, log.status)
    metrics.observe_request(log.path, seconds, log.served_model, log.first_token_seconds)
    if log.broken is not None:
        metrics.count_bedrock_error(log.broken)
