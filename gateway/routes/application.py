"""The HTTP application: which routes it has, how what the framework refuses is rendered, and what surrounds it all.

Routes that are exact paths have a short way past the framework's middlewares, routing and dependencies. Those cost a
fifth of the CPU of a chat (measured), for nothing that these routes use: they parse their bodies and render their
errors themselves. They are registered with the framework all the same, which documents them; where it is loaded late,
as in a cold start on Lambda, they are served without it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

from starlette.datastructures import State
from starlette.requests import Request
from starlette.routing import Router
from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

from gateway.plane import DataPlane
from gateway.routes import chat, health
from gateway.routes.edge import IGNORED_PARAMS_HEADER
from gateway.routes.rate_headers import HEADER_NAMES
from gateway.routes.route_table import Endpoint, RouteTable

if TYPE_CHECKING:
    from fastapi import APIRouter, FastAPI

PREFIXES = ("/v1", "/api/v1")
"""`/api/v1` is where bedrock-access-gateway served: its clients need no change."""

EXPOSED_HEADERS = (
    "x-request-id",
    "x-should-retry",
    "retry-after",
    "retry-after-ms",
    IGNORED_PARAMS_HEADER,
    chat.FALLBACK_HEADER,
    chat.CLAMPED_HEADER,
    *HEADER_NAMES,
)
"""What pages of other origins may read besides the bodies."""
_PREFLIGHT_SECONDS = 600

Envelope = Callable[[ASGIApp], ASGIApp]
"""RequestEnvelope with its settings, still without what it surrounds."""


class Application:
    """The routes that are exact paths, at hand; and for all other requests FastAPI, made with the first of them."""

    def __init__(self, envelope: Envelope, lifespan: Lifespan[Any] | None) -> None:
        self.state = State()
        self._envelope = envelope
        self._lifespan = Router(lifespan=lifespan)
        self._mounted: list[tuple[RouteTable | APIRouter, dict[str, Any]]] = []
        self._framework: FastAPI | None = None
        self._direct_routes: dict[tuple[str, str], ASGIApp] = {}
        self._mount_rest: Callable[[], None] | None = None
        self._for_browsers: ASGIApp | None = None

    def mount(self, routes: RouteTable | APIRouter, **where: Any) -> None:
        """Before the first request. `where`: the fields of `framework.Mounted`."""
        assert self._framework is None
        self._mounted.append((routes, where))

    def mount_later(self, mount: Callable[[], None]) -> None:
        """`mount` is called once, with the first request to a path that is not mounted by then."""
        self._mount_rest = mount

    def load_framework(self) -> FastAPI:
        """FastAPI with all routes. The first time takes some 0.2 s, which a server takes before it listens."""
        if self._framework is None:
            self._mount_now()
            from gateway.routes.framework import Mounted, build_framework

            mounted = [Mounted(routes, **where) for routes, where in self._mounted]
            self._framework = build_framework(mounted, self._envelope, self.state)
        return self._framework

    def running(self) -> AbstractAsyncContextManager[Any]:
        """Started on entering, and ended on leaving: for who does not speak ASGI's lifespan."""
        return self._lifespan.lifespan_context(self)

    def openapi(self) -> dict[str, Any]:
        return self.load_framework().openapi()

    def let_browsers_in(self, origins: Sequence[str]) -> None:
        """Let pages of these origins read the answers of the data plane; `*` for all. Keys are no cookies, so that
        what a page can do it does with a key that it has."""
        from starlette.middleware.cors import CORSMiddleware  # not above: few are asked by browsers

        self._for_browsers = CORSMiddleware(
            self._serve,
            allow_origins=origins,
            allow_methods=["GET", "POST"],
            allow_headers=["*"],
            expose_headers=EXPOSED_HEADERS,
            max_age=_PREFLIGHT_SECONDS,
        )

    def add_direct_route(self, method: str, path: str, endpoint: ASGIApp) -> None:
        self._direct_routes[method, path] = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._for_browsers is not None and scope["type"] == "http" and _is_inference(scope["path"]):
            await self._for_browsers(scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan.lifespan({**scope, "app": self}, receive, send)
            return
        endpoint = self._find_direct(scope) if scope["type"] == "http" else None
        if endpoint is None:
            await self.load_framework()(scope, receive, send)
        else:
            scope["app"] = self
            await endpoint(scope, receive, send)

    def _find_direct(self, scope: Scope) -> ASGIApp | None:
        asked = (scope["method"], scope["path"])
        if asked not in self._direct_routes:
            self._mount_now()
        return self._direct_routes.get(asked)

    def _mount_now(self) -> None:
        if self._mount_rest is not None:
            self._mount_rest()
            self._mount_rest = None  # not before: where it fails, the next request tries it again


def assemble(
    data_plane: DataPlane | None,
    control_plane: APIRouter | None,
    readiness_probe: health.Probe,
    envelope: Envelope,
    lifespan: Lifespan[Any] | None,
) -> Application:
    """The application that serves the planes which are given; health is always there.

    `lifespan` is run around its serving; None where its parts need neither start nor end.
    """
    app = Application(envelope, lifespan)
    app.state.readiness_probe = readiness_probe
    app.mount(health.routes)
    _shorten(app, health.routes, "", envelope)
    if data_plane is not None:
        app.state.data_plane = data_plane
        _add_inference(app, envelope)
    if control_plane is not None:
        app.mount(control_plane)
    return app


def _is_inference(path: str) -> bool:
    return path.startswith(tuple(f"{prefix}/" for prefix in PREFIXES)) and not path.startswith("/v1/organization/")


def _add_inference(app: Application, envelope: Envelope) -> None:
    """Chats at once. The others come with the first request to one of them, or with the framework: a cold start on
    Lambda, which is most often for a chat, does not load what they need."""
    _add_table(app, chat.routes, envelope)

    def mount_others() -> None:
        from gateway.routes import embeddings, me, models

        for table in (embeddings.routes, models.routes, me.routes):
            _add_table(app, table, envelope)

    app.mount_later(mount_others)


def _add_table(app: Application, table: RouteTable, envelope: Envelope) -> None:
    for prefix in PREFIXES:
        app.mount(table, prefix=prefix, tag="inference", documented=prefix == "/v1")
        _shorten(app, table, prefix, envelope)


def _shorten(app: Application, table: RouteTable, prefix: str, envelope: Envelope) -> None:
    for route in table.routes:
        if "{" not in route.path:
            app.add_direct_route(route.method, prefix + route.path, envelope(_to_asgi(route.endpoint)))


def _to_asgi(endpoint: Endpoint) -> ASGIApp:
    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        response = await endpoint(Request(scope, receive))
        await response(scope, receive, send)

    return application
