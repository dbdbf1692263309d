"""Liveness and readiness, without a key. Neither asks Bedrock: a gateway that restarts does not mend it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway.routes.route_table import RouteTable
from tenants.errors import LedgerUnavailable, TablesMissing

routes = RouteTable()

Probe = Callable[[], Awaitable[object]]


@routes.head("/healthz", response_model=None, include_in_schema=False)
@routes.get("/healthz", response_model=None, summary="Is the process alive")
async def healthz(_: Request) -> Response:
    return _answer(200, "ok")


@routes.head("/readyz", response_model=None, include_in_schema=False)
@routes.get("/readyz", response_model=None, summary="Can the process serve: does its store answer")
async def readyz(request: Request) -> Response:
    probe: Probe = request.app.state.readiness_probe
    try:
        await probe()
    except TablesMissing:
        return _answer(503, "the tables are missing: run `sluice migrate`")
    except LedgerUnavailable:
        return _answer(503, "the store does not answer")
    return _answer(200, "ready")


def _answer(status: int, text: str) -> Response:
    return Response(orjson.dumps({"status": text}), status, media_type="application/json")
