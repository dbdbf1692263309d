"""Extensions, where OpenAI has nothing: issue a user's key, rotate, disable and enable one, and see its budget."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.routing import APIRoute

from admin.operations import api_keys, budgets, issued_keys
from admin.routes.api_keys import render_changed
from admin.routes.dependencies import Control, CurrentRequester, ProjectId, Target, to_etag
from admin.schemas.api_key_changes import ApiKeyIssue, ApiKeyRotate
from admin.schemas.api_keys import ApiKeyObject, IssuedApiKeyObject, RotatedApiKeyObject
from admin.schemas.budgets import KeyBudgetObject


def create_router(route_class: type[APIRoute]) -> APIRouter:
    router = APIRouter(
        prefix="/projects/{project_id}/api_keys", tags=["API keys (Sluice extensions)"], route_class=route_class
    )
    router.post("", summary="Extension: issue a key of a user or a service account: shown once")(issue_key)
    router.post("/{api_key_id}/rotate", summary="Extension: a key's new secret, shown once; its id stays")(rotate_key)
    router.post("/{api_key_id}/disable", summary="Extension: suspend a key at once")(disable_key)
    router.post("/{api_key_id}/enable", summary="Extension: end a key's suspension")(enable_key)
    router.get("/{api_key_id}/budget", summary="Extension: what a key used and holds, and what is left")(get_budget)
    return router


async def issue_key(
    control: Control, requester: CurrentRequester, project_id: ProjectId, body: ApiKeyIssue, response: Response
) -> IssuedApiKeyObject:
    issued = await issued_keys.issue_key(control, requester, project_id, body.to_draft())
    response.headers["etag"] = to_etag(issued.record.key.version)
    return IssuedApiKeyObject.from_issued(issued)


async def rotate_key(
    control: Control, requester: CurrentRequester, target: Target, response: Response, body: ApiKeyRotate | None = None
) -> RotatedApiKeyObject:
    rotated = await issued_keys.rotate_key(control, requester, target, (body or ApiKeyRotate()).grace_period_seconds)
    response.headers["etag"] = to_etag(rotated.issued.record.key.version)
    return RotatedApiKeyObject.from_rotated(rotated)


async def disable_key(
    control: Control, requester: CurrentRequester, target: Target, response: Response
) -> ApiKeyObject:
    return await render_changed(control, await api_keys.disable_key(control, requester, target), response)


async def enable_key(control: Control, requester: CurrentRequester, target: Target, response: Response) -> ApiKeyObject:
    return await render_changed(control, await api_keys.enable_key(control, requester, target), response)


async def get_budget(control: Control, target: Target) -> KeyBudgetObject:
    return KeyBudgetObject.from_budget(await budgets.get_key_budget(control, target))
