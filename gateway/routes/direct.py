"""The short way to the hot routes: past the framework's middlewares, routing and dependencies.

Those cost a fifth of the CPU of a chat (measured), for nothing that these routes use: they parse their bodies and
render their errors themselves. They are registered with the framework all the same, which documents them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Endpoint = Callable[[Request], Awaitable[Response]]


class Application(FastAPI):
    """FastAPI, but for requests whose method and path are exactly those of a direct route."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self._direct_routes: dict[tuple[str, str], ASGIApp] = {}

    def add_direct_route(self, method: str, path: str, endpoint: ASGIApp) -> None:
        self._direct_routes[method, path] = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        endpoint = self._direct_routes.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if endpoint is None:
            await super().__call__(scope, receive, send)
        else:
            scope["app"] = self
            await endpoint(scope, receive, send)


def to_asgi(endpoint: Endpoint) -> ASGIApp:
    """An endpoint as an ASGI application."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        response = await endpoint(Request(scope, receive))
        await response(scope, receive, send)

    return application
