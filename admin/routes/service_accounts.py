"""Service accounts and their keys, in OpenAI's words."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.routing import APIRoute

from admin.operations import service_accounts
from admin.operations.issued_keys import issue_key
from admin.routes.dependencies import Control, CurrentRequester, ProjectId, ServiceAccountId
from admin.schemas.service_accounts import (
    CreatedServiceAccountObject,
    ServiceAccountCreate,
    ServiceAccountDeleted,
    ServiceAccountKeyCreate,
    ServiceAccountKeyObject,
    ServiceAccountObject,
    ServiceAccountUpdate,
)
from admin.schemas.wire import ListPage, PageQuery


def create_router(route_class: type[APIRoute]) -> APIRouter:
    router = APIRouter(
        prefix="/projects/{project_id}/service_accounts", tags=["Service accounts"], route_class=route_class
    )
    router.get("", summary="List service accounts")(list_service_accounts)
    router.post("", summary="Create a service account, and its first key: shown once")(create_service_account)
    router.get("/{service_account_id}", summary="Retrieve a service account")(get_service_account)
    router.post("/{service_account_id}", summary="Rename a service account")(update_service_account)
    router.delete("/{service_account_id}", summary="Delete a service account and its keys")(delete_service_account)
    router.post("/{service_account_id}/api_keys", summary="Issue a key: shown once")(create_service_account_key)
    return router


async def list_service_accounts(
    control: Control, project_id: ProjectId, query: Annotated[PageQuery, Query()]
) -> ListPage[ServiceAccountObject]:
    page = await service_accounts.list_service_accounts(control, project_id, query.after, query.limit)
    items = [ServiceAccountObject.from_account(each) for each in page.items]
    return ListPage[ServiceAccountObject].of(items, has_more=page.has_more)


async def create_service_account(
    control: Control, requester: CurrentRequester, project_id: ProjectId, body: ServiceAccountCreate
) -> CreatedServiceAccountObject:
    account, issued = await service_accounts.create_service_account(control, requester, project_id, body.to_draft())
    return CreatedServiceAccountObject.from_created(account, issued)


async def get_service_account(
    control: Control, project_id: ProjectId, service_account_id: ServiceAccountId
) -> ServiceAccountObject:
    account = await service_accounts.get_service_account(control, project_id, service_account_id)
    return ServiceAccountObject.from_account(account)


async def update_service_account(
    control: Control,
    requester: CurrentRequester,
    project_id: ProjectId,
    service_account_id: ServiceAccountId,
    body: ServiceAccountUpdate,
) -> ServiceAccountObject:
    if body.name is None:
        return await get_service_account(control, project_id, service_account_id)
    account = await service_accounts.rename_service_account(
        control, requester, project_id, service_account_id, body.name
    )
    return ServiceAccountObject.from_account(account)


async def delete_service_account(
    control: Control, requester: CurrentRequester, project_id: ProjectId, service_account_id: ServiceAccountId
) -> ServiceAccountDeleted:
    await service_accounts.delete_service_account(control, requester, project_id, service_account_id)
    return ServiceAccountDeleted(id=service_account_id)


async def create_service_account_key(
    control: Control,
    requester: CurrentRequester,
    project_id: ProjectId,
    service_account_id: ServiceAccountId,
    body: ServiceAccountKeyCreate | None = None,
) -> ServiceAccountKeyObject:
    draft = (body or ServiceAccountKeyCreate()).to_draft(service_account_id)
    return ServiceAccountKeyObject.from_issued(await issue_key(control, requester, project_id, draft))
