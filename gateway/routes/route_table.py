"""Routes as values. The framework is told of them when it is there: importing it takes longer than all of the rest."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

Endpoint = Callable[..., Awaitable[Response]]
"""Takes the request and, by name, the parameters of its path."""


@dataclass(frozen=True, slots=True)
class Route:
    """`described` is what FastAPI's `add_api_route` is told besides."""

    method: str
    path: str
    endpoint: Endpoint
    described: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Its methods are decorators, as those of FastAPI's routers are. `responses` is said of all its routes."""

    responses: Mapping[int | str, Any] = field(default_factory=dict)
    routes: list[Route] = field(default_factory=list)

    def get(self, path: str, **described: Any) -> Callable[[Endpoint], Endpoint]:
        return self._add("GET", path, described)

    def head(self, path: str, **described: Any) -> Callable[[Endpoint], Endpoint]:
        return self._add("HEAD", path, described)

    def post(self, path: str, **described: Any) -> Callable[[Endpoint], Endpoint]:
        return self._add("POST", path, described)

    def _add(self, method: str, path: str, described: Mapping[str, Any]) -> Callable[[Endpoint], Endpoint]:
        def add(endpoint: Endpoint) -> Endpoint:
            self.routes.append(Route(method, path, endpoint, described))
            return endpoint

        return add
