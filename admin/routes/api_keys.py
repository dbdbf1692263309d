"""API keys, in OpenAI's words: list, retrieve, update, delete."""

from __future__ import annotations

from contextlib import suppress
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.routing import APIRoute

from admin.control_plane import ControlPlane
from admin.operations import api_keys
from admin.operations.last_uses import find_last_use, find_last_uses
from admin.routes.dependencies import Control, CurrentRequester, OwnUserId, ProjectId, Target, to_etag
from admin.schemas.api_key_changes import ApiKeyUpdate
from admin.schemas.api_keys import ApiKeyDeleted, ApiKeyListQuery, ApiKeyObject
from admin.schemas.wire import ListPage
from tenants.errors import LedgerUnavailable
from tenants.principal import KeyRecord


def create_router(route_class: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix="/projects/{project_id}/api_keys", tags=["API keys"], route_class=route_class)
    router.get("", summary="List API keys")(list_keys)
    router.get("/{api_key_id}", summary="Retrieve an API key")(get_key)
    router.post(
        "/{api_key_id}",
        summary="Update an API key; `name`, `models`, `policy`, `expires_at`, limits, `If-Match` extend it",
    )(update_key)
    router.delete("/{api_key_id}", summary="Delete an API key")(delete_key)
    return router


async def list_keys(
    control: Control, project_id: ProjectId, own_user_id: OwnUserId, query: Annotated[ApiKeyListQuery, Query()]
) -> ListPage[ApiKeyObject]:
    listing = api_keys.KeyListing(project_id, query.after, own_user_id)
    tenant, page = await api_keys.list_keys(control, listing, query.limit)
    if not query.selects(tenant):
        return ListPage[ApiKeyObject].of([], has_more=False)
    used = await find_last_uses(control, page.items)
    items = [ApiKeyObject.from_record(KeyRecord(key, tenant), used.get(key.id)) for key in page.items]
    return ListPage[ApiKeyObject].of(items, has_more=page.has_more)


async def get_key(control: Control, target: Target, response: Response) -> ApiKeyObject:
    record = await api_keys.get_key(control, target)
    return render(record, await find_last_use(control, record.key), response)


async def update_key(
    control: Control, requester: CurrentRequester, target: Target, body: ApiKeyUpdate, response: Response
) -> ApiKeyObject:
    edit = body.to_edit(control.now_seconds())
    return await render_changed(control, await api_keys.update_key(control, requester, target, edit), response)


async def delete_key(control: Control, requester: CurrentRequester, target: Target) -> ApiKeyDeleted:
    await api_keys.delete_key(control, requester, target)
    return ApiKeyDeleted(id=target.key_id)


async def render_changed(control: ControlPlane, record: KeyRecord, response: Response) -> ApiKeyObject:
    """The body of a key that was changed, with its version in the `ETag` header. Raises nothing: the change is made."""
    last_used_at = None
    with suppress(LedgerUnavailable):
        last_used_at = await find_last_use(control, record.key)
    return render(record, last_used_at, response)


def render(record: KeyRecord, last_used_at: int | None, response: Response) -> ApiKeyObject:
    """A key's body, with its version in the `ETag` header."""
    response.headers["etag"] = to_etag(record.key.version)
    return ApiKeyObject.from_record(record, last_used_at)
