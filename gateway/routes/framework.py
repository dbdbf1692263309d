"""FastAPI, told of the routes: it finds those that have no short way, says what is wrong with a path or method, and
documents them all. `application` imports this when it is first needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import State
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from gateway.routes.errors import answer_of_status, answer_of_validation, to_response
from gateway.routes.openapi import describe_bodies
from gateway.routes.route_table import RouteTable


@dataclass(frozen=True, slots=True)
class Mounted:
    """Routes below a path. `tag` and `documented` are what the OpenAPI document says of them. A router's are complete:
    the rest is for those of a table."""

    routes: RouteTable | APIRouter
    prefix: str = ""
    tag: str | None = None
    documented: bool = True


def build_framework(mounted: Sequence[Mounted], envelope: Callable[[ASGIApp], ASGIApp], state: State) -> FastAPI:
    """`state` is what its requests find as `request.app.state`."""
    app = FastAPI(
        title="Sluice",
        version=version("sluice"),
        docs_url=None,  # FastAPI's page loads its scripts from elsewhere. The document itself is at /openapi.json.
        redoc_url=None,
        redirect_slashes=False,
        strict_content_type=False,  # `curl -d` calls JSON a form; no credential is a cookie
    )
    app.state = state
    for each in mounted:
        router = to_router(each.routes, each) if isinstance(each.routes, RouteTable) else each.routes
        # Not `include_router`: it has pydantic work out all parameters and models of each route once more.
        app.router.routes.extend(router.routes)
    _render_errors_as_openai(app)
    describe_bodies(app)
    app.add_middleware(envelope)
    return app


def to_router(table: RouteTable, where: Mounted) -> APIRouter:
    router = APIRouter(
        prefix=where.prefix,
        tags=[] if where.tag is None else [where.tag],
        responses=dict(table.responses),
        include_in_schema=where.documented,
        strict_content_type=False,
    )
    for route in table.routes:
        router.add_api_route(route.path, route.endpoint, methods=[route.method], **route.described)
    return router


def _render_errors_as_openai(app: FastAPI) -> None:
    """What the framework itself refuses. All other errors reach RequestEnvelope, which has the same table."""

    @app.exception_handler(HTTPException)
    async def refuse(request: Request, error: HTTPException) -> Response:
        answer = answer_of_status(error.status_code, request.method, request.url.path)
        return to_response(answer, error.headers)  # a 405 has to say what is allowed

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        return to_response(answer_of_validation(error.errors()))
