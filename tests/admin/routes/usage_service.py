"""The application with usage routes, over books in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from fastapi import APIRouter

from admin.control_plane import ControlPlane
from admin.routes.router import Neighbours, create_router
from gateway.request_ids import RequestIds
from gateway.routes.application import Application, assemble
from gateway.routes.middleware import RequestEnvelope
from tenants.usage_books import UsageBooks
from tests.admin.conftest import BOOTSTRAP, MAX_BODY_BYTES, NOW_MS


def application(control: ControlPlane, books: UsageBooks) -> Application:
    return assembled(create_router(control, Neighbours(usage=books)))


def assembled(router: APIRouter) -> Application:
    """The application with this control plane alone."""

    async def ready() -> None:
        return None

    def envelope(app: object) -> RequestEnvelope:
        ids = RequestIds(lambda: NOW_MS, lambda size: b"\x01" * size)
        return RequestEnvelope(app, ids, MAX_BODY_BYTES, lambda: 0.0)  # type: ignore[arg-type]  # an ASGI application

    return assemble(None, router, ready, envelope, None)


@asynccontextmanager
async def opened(app: Application) -> AsyncIterator[httpx2.AsyncClient]:
    """An HTTP client below `/v1/organization`, with the admin key."""
    async with httpx2.AsyncClient(
        transport=httpx2.ASGITransport(app=app),
        base_url="http://sluice.test/v1/organization",
        headers={"authorization": f"Bearer {BOOTSTRAP}"},
    ) as client:
        yield client
