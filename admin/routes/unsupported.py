"""What OpenAI's Admin API has and Sluice has not, each answered with a 404 that says so and what to do instead.

The names are those of the openai package's `resources/admin`, 3.51; `docs/api.md` lists them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter
from fastapi.routing import APIRoute

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


def paths_of(path: str) -> tuple[str, str]:
    """As routes: itself, and all below."""
    return path, f"{path}/{{rest:path}}"


def create_router(route_class: type[APIRoute]) -> APIRouter:
    router = APIRouter(route_class=route_class, include_in_schema=False)
    for path, reason in UNSUPPORTED.items():
        for each in paths_of(path):
            router.add_api_route(each, _refusing(path, reason), methods=list(METHODS))
    return router


def _refusing(path: str, reason: str) -> Callable[[], Awaitable[None]]:
    async def refuse() -> None:
        raise NotSupported(f"Sluice has no '{path.removeprefix(_P)}': {reason}.")

    return refuse
