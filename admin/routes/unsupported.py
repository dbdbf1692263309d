"""What OpenAI's Admin API has and Sluice has not, each answered with a 404 that says so and what to do instead.

The names are those of the openai package's `resources/admin`, 3.51; `docs/administration.md` lists them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.convertors import StringConvertor, register_url_convertor

from tenants.errors import NotSupported

_P = "/projects/{project_id}"
_ROLES = "roles are fixed; admin keys, users and the groups of your identity provider have them"
_MODELS = "it serves chat and embeddings"

UNSUPPORTED: Mapping[str, str] = {
    "/certificates": "put TLS, with client certificates, in front of it",
    "/data_retention": "it stores no prompts or answers",
    "/external_keys": "the tables' encryption is DynamoDB's",
    "/external_storage": "it stores no prompts or answers",
    "/groups": "groups are your identity provider's",
    "/invites": "put users into projects: POST /v1/organization/projects/{project_id}/users",
    "/roles": _ROLES,
    "/users/{user_id}/roles": _ROLES,
    "/spend_alerts": "alerts are of projects and keys",
    "/spend_limit": "budgets are of projects and keys",
    "/usage/audio_speeches": _MODELS,
    "/usage/audio_transcriptions": _MODELS,
    "/usage/code_interpreter_sessions": _MODELS,
    "/usage/decisions": _MODELS,
    "/usage/file_search_calls": _MODELS,
    "/usage/images": _MODELS,
    "/usage/moderations": _MODELS,
    "/usage/vector_stores": _MODELS,
    "/usage/web_search_calls": _MODELS,
    "/workload_identity_providers": "people sign in by OpenID Connect, programs with admin keys",
    f"{_P}/certificates": "put TLS, with client certificates, in front of it",
    f"{_P}/data_retention": "it stores no prompts or answers",
    f"{_P}/groups": "groups are your identity provider's",
    f"{_P}/hosted_tool_permissions": "it hosts no tools",
    f"{_P}/service_tier_settings": "the tier is chosen by each request",
}
"""Why, by the path below `/v1/organization`; all that is further below goes with it."""

METHODS = ("GET", "POST", "DELETE")

_OF_ORGANIZATION, _OF_PROJECT = "unsupported", "unsupported_of_project"
PATHS = (f"/{{asked:{_OF_ORGANIZATION}}}", f"{_P}/{{asked:{_OF_PROJECT}}}")
"""The routes' own: one for all names of the organization, one for those of a project. FastAPI takes milliseconds to
make a route, and there are fifty names."""


def create_router(route_class: type[APIRoute]) -> APIRouter:
    register_url_convertor(_OF_ORGANIZATION, _Asked("/"))
    register_url_convertor(_OF_PROJECT, _Asked(f"{_P}/"))
    router = APIRouter(route_class=route_class, include_in_schema=False)
    for path in PATHS:
        router.add_api_route(path, refuse, methods=list(METHODS))
    return router


class _Asked(StringConvertor):
    """Matches the names that begin so, and all that is further below them."""

    def __init__(self, beginning: str) -> None:
        paths = [path for path in UNSUPPORTED if path.startswith(_P) == beginning.startswith(_P)]
        names = "|".join(_shape(path.removeprefix(beginning)) for path in paths)
        self.regex = f"(?:{names})(?:/.*)?"  # type: ignore[misc]  # Starlette reads it of the instance


def _shape(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "[^/]+", path)


async def refuse(request: Request) -> None:
    beginning = f"{_P}/" if "project_id" in request.path_params else "/"
    path = beginning + request.path_params["asked"]
    for named, reason in UNSUPPORTED.items():
        if re.fullmatch(f"{_shape(named)}(?:/.*)?", path):
            raise NotSupported(f"Sluice has no '{named.removeprefix(_P)}': {reason}.")
