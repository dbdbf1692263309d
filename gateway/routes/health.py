"""Liveness and readiness, without a key. Neither asks Bedrock: a gateway that restarts does not mend it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from tenants.errors import LedgerUnavailable

router = APIRouter()

Probe = Callable[[], Awaitable[object]]


@router.get("/healthz", response_model=None, summary="Is the process alive")
async def healthz() -> Response:
    return _answer(200, "ok")


@router.get("/readyz", response_model=None, summary="Can the process serve: does its store answer")
async def readyz(request: Request) -> Response:
    probe: Probe = request.app.state.readiness_probe
    try:
        await probe()
    except LedgerUnavailable:
        return _answer(503, "the store does not answer")
    return _answer(200, "ready")


def _answer(status: int, text: str) -> Response:
    return Response(orjson.dumps({"status": text}), status, media_type="application/json")
