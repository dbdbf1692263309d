"""The composition root: builds everything once, and mounts the planes that the settings name."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from admin.auth import AdminKeys
from admin.control_plane import ControlPlane
from admin.routes.router import create_router
from gateway.admission import Admission
from gateway.aws import Aws, connect
from gateway.catalog.source import BedrockCatalog
from gateway.key_cache import KeyCache
from gateway.plane import DataPlane, Patience
from gateway.request_ids import RequestIds
from gateway.routes import chat, embeddings, health, models
from gateway.routes.direct import Application, to_asgi
from gateway.routes.errors import answer_of_status, answer_of_validation, to_response
from gateway.routes.middleware import RequestEnvelope
from gateway.routes.openapi import describe_bodies
from gateway.settings import Settings
from tenants.dynamo_directory import DynamoDirectory
from tenants.dynamo_ledger import DynamoKeyReader, DynamoLedger
from tenants.dynamo_models import bind
from tenants.store import Ledger
from tenants.tables import TableNames

PREFIXES = ("/v1", "/api/v1")
"""`/api/v1` is where bedrock-access-gateway served: its clients need no change."""

# A request is broken off so long before its hold expires that its settle cannot come too late.
_SETTLE_MARGIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class _Parts:
    """What one application is made of."""

    aws: Aws
    admission: Admission
    data_plane: DataPlane
    control_plane: ControlPlane | None
    reader: DynamoKeyReader


def create_app(settings: Settings, environ: Mapping[str, str]) -> FastAPI:
    """The application. Nothing is sent before it is started; `environ` is where AWS's own variables are read from.

    Raises EndpointUnknown where no region is set, SettingsError for an unusable setting.
    """
    parts = _build(settings, environ)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        parts.admission.start()
        try:
            yield
        finally:
            await parts.admission.close(settings.shutdown_grace_seconds)
            await parts.data_plane.catalog.aclose()
            if parts.control_plane is not None:
                await parts.control_plane.directory.close()
            await parts.aws.transport.aclose()

    # No /docs page: FastAPI's loads its scripts from elsewhere. The document itself is at /openapi.json.
    app = Application(
        title="Sluice",
        version=version("sluice"),
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.data_plane = parts.data_plane
    app.state.readiness_probe = lambda: parts.reader.find_key("key_readiness")
    app.include_router(health.router)
    enveloped = partial(
        RequestEnvelope,
        request_ids=RequestIds(_clock_ms, os.urandom),
        max_body_bytes=settings.max_body_bytes,
        monotonic=time.monotonic,
    )
    if "gateway" in settings.surfaces:
        for prefix in PREFIXES:
            for router in (chat.router, embeddings.router, models.router):
                app.include_router(router, prefix=prefix, tags=["inference"], include_in_schema=prefix == "/v1")
            app.add_direct_route("POST", f"{prefix}{chat.PATH}", enveloped(to_asgi(chat.create_chat_completion)))
            app.add_direct_route("POST", f"{prefix}{embeddings.PATH}", enveloped(to_asgi(embeddings.create_embeddings)))
    if parts.control_plane is not None:
        app.include_router(create_router(parts.control_plane))
    _render_errors_as_openai(app)
    describe_bodies(app)
    app.add_middleware(enveloped)
    return app


def _build(settings: Settings, environ: Mapping[str, str]) -> _Parts:
    aws = connect(settings, environ)
    tables = TableNames(settings.table_prefix)
    reader = DynamoKeyReader(aws.dynamodb, tables)
    ledger = DynamoLedger(aws.dynamodb, tables, time.monotonic)
    keys = KeyCache(reader, time.monotonic, settings.key_cache_size, settings.key_cache_seconds)
    admission = Admission(keys, ledger, settings.peppers(), _clock_ms, settings.hold_seconds)
    patience = Patience(
        request_seconds=max(settings.hold_seconds - _SETTLE_MARGIN_SECONDS, settings.hold_seconds / 2),
        drain_seconds=settings.disconnect_drain_seconds,
        keepalive_seconds=settings.keepalive_seconds,
    )
    catalog = BedrockCatalog(aws.bedrock_control, time.monotonic, settings.catalog_seconds)
    return _Parts(
        aws=aws,
        admission=admission,
        data_plane=DataPlane(admission, aws.bedrock, catalog, patience, _clock_ms),
        control_plane=_build_control_plane(settings, aws, ledger),
        reader=reader,
    )


def _build_control_plane(settings: Settings, aws: Aws, ledger: Ledger) -> ControlPlane | None:
    if "admin" not in settings.surfaces or settings.admin_key is None:
        return None
    return ControlPlane(
        directory=DynamoDirectory(bind(aws.dynamo_access, TableNames(settings.table_prefix)), _clock_ms),
        ledger=ledger,
        peppers=settings.peppers(),
        admin_keys=AdminKeys(settings.admin_key.get_secret_value()),
        clock_ms=_clock_ms,
        randomness=os.urandom,
    )


def _render_errors_as_openai(app: FastAPI) -> None:
    """What the framework itself refuses. All other errors reach RequestEnvelope, which has the same table."""

    @app.exception_handler(HTTPException)
    async def refuse(request: Request, error: HTTPException) -> Response:
        answer = answer_of_status(error.status_code, request.method, request.url.path)
        return to_response(answer, error.headers)  # a 405 has to say what is allowed

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return to_response(answer_of_validation(error.errors()))


def _clock_ms() -> int:
    return time.time_ns() // 1_000_000
