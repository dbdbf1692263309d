"""Admin keys, in OpenAI's words; roles, projects and users of them are extensions."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query
from fastapi.routing import APIRoute
from pydantic import AfterValidator

from admin.identifiers import ADMIN_KEY, require
from admin.operations import admin_keys
from admin.routes.dependencies import Control, CurrentRequester
from admin.schemas.admin_keys import (
    AdminKeyCreate,
    AdminKeyDeleted,
    AdminKeyListQuery,
    AdminKeyObject,
    MadeAdminKeyObject,
)
from admin.schemas.wire import ListPage

AdminKeyId = Annotated[str, Path(), AfterValidator(require(ADMIN_KEY, "admin key"))]


def create_router(route_class: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix="/admin_api_keys", tags=["Admin API keys"], route_class=route_class)
    router.get("", summary="List admin keys")(list_admin_keys)
    router.post("", summary="Create an admin key: shown once; `role`, `project_id`, `user_id` extend it")(
        create_admin_key
    )
    router.get("/{key_id}", summary="Retrieve an admin key")(get_admin_key)
    router.delete("/{key_id}", summary="Delete an admin key: it is refused at once")(delete_admin_key)
    return router


async def list_admin_keys(
    control: Control, requester: CurrentRequester, query: Annotated[AdminKeyListQuery, Query()]
) -> ListPage[AdminKeyObject]:
    descending = query.order == "desc"
    page = await admin_keys.list_admin_keys(control, requester, query.after, query.limit, descending=descending)
    return ListPage[AdminKeyObject].of([AdminKeyObject.from_key(each) for each in page.items], has_more=page.has_more)


async def create_admin_key(control: Control, requester: CurrentRequester, body: AdminKeyCreate) -> MadeAdminKeyObject:
    return MadeAdminKeyObject.from_made(await admin_keys.create_admin_key(control, requester, body.to_draft()))


async def get_admin_key(control: Control, requester: CurrentRequester, key_id: AdminKeyId) -> AdminKeyObject:
    return AdminKeyObject.from_key(await admin_keys.get_admin_key(control, requester, key_id))


async def delete_admin_key(control: Control, requester: CurrentRequester, key_id: AdminKeyId) -> AdminKeyDeleted:
    await admin_keys.delete_admin_key(control, requester, key_id)
    return AdminKeyDeleted(id=key_id)
