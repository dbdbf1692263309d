"""A runtime in the test's own loop, around an application of the test's own."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from awswire.transport_lean import LeanTransport
from gateway.aws_lambda.lifespan import RunningApplication
from gateway.aws_lambda.runtime import Runtime, Serving
from gateway.aws_lambda.runtime_api import RuntimeApi
from gateway.lambda_runtime import to_request
from tests.lambda_.fake_runtime_api import FakeRuntimeApi, running_api

SSE = [(b"content-type", b"text/event-stream; charset=utf-8")]
JSON = [(b"content-type", b"application/json")]

Http = Callable[[Scope, Receive, Send], Awaitable[None]]


async def nothing() -> None:
    pass


def with_lifespan(http: Http, seen: list[str] | None = None) -> ASGIApp:
    """`http` as an application whose lifespan is noted in `seen`."""
    notes: list[str] = [] if seen is None else seen

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await http(scope, receive, send)
            return
        for part in ("startup", "shutdown"):
            assert (await receive())["type"] == f"lifespan.{part}"
            notes.append(part)
            scope["state"]["begun"] = True
            await send({"type": f"lifespan.{part}.complete"})

    return app


@asynccontextmanager
async def runtime_of(
    http: Http,
    *,
    seen: list[str] | None = None,
    before_freeze: Callable[[], Awaitable[None]] = nothing,
    after_freeze: Callable[[], None] = lambda: None,
    clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    concurrency: int = 1,
) -> AsyncIterator[FakeRuntimeApi]:
    """The API of an environment that serves `http`."""
    application = RunningApplication(with_lifespan(http, seen))
    transport = LeanTransport()
    async with running_api() as api:
        serving = Serving(application, to_request(application), before_freeze, after_freeze, clock_ms)
        await application.start()
        running = asyncio.create_task(Runtime(RuntimeApi(transport, api.address), serving, concurrency).run())
        try:
            yield api
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            await application.stop()
            await transport.aclose()


def pieces_of(*pieces: bytes, headers: Any = None, status: int = 200) -> Http:
    """An application that answers with these pieces."""

    async def http(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": headers or []})
        for piece in pieces:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    return http
