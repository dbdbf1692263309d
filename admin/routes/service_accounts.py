"""Service accounts and their keys, in OpenAI's words."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from admin.operations import service_accounts
from admin.operations.issued_keys import issue_key
from admin.routes.dependencies import Control, CurrentCaller, ProjectId, ServiceAccountId
from admin.schemas.service_accounts import (
    CreatedServiceAccountObject,
    ServiceAccountCreate,
    ServiceAccountDeleted,
    ServiceAccountKeyCreate,
    ServiceAccountKeyObject,
    ServiceAccountObject,
)
from admin.schemas.wire import ListPage, PageQuery

router = APIRouter(prefix="/projects/{project_id}/service_accounts", tags=["Service accounts"])


@router.get("", summary="List service accounts")
async def list_service_accounts(
    control: Control, project_id: ProjectId, query: Annotated[PageQuery, Query()]
) -> ListPage[ServiceAccountObject]:
    page = await service_accounts.list_service_accounts(control, project_id, query.after, query.limit)
    items = [ServiceAccountObject.from_account(each) for each in page.items]
    return ListPage[ServiceAccountObject].of(items, has_more=page.has_more)


@router.post("", summary="Create a service account, and its first key: shown once")
async def create_service_account(
    control: Control, caller: CurrentCaller, project_id: ProjectId, body: ServiceAccountCreate
) -> CreatedServiceAccountObject:
    account, issued = await service_accounts.create_service_account(control, caller, project_id, body.to_draft())
    return CreatedServiceAccountObject.from_created(account, issued)


@router.get("/{service_account_id}", summary="Retrieve a service account")
async def get_service_account(
    control: Control, project_id: ProjectId, service_account_id: ServiceAccountId
) -> ServiceAccountObject:
    account = await service_accounts.get_service_account(control, project_id, service_account_id)
    return ServiceAccountObject.from_account(account)


@router.delete("/{service_account_id}", summary="Delete a service account and its keys")
async def delete_service_account(
    control: Control, caller: CurrentCaller, project_id: ProjectId, service_account_id: ServiceAccountId
) -> ServiceAccountDeleted:
    await service_accounts.delete_service_account(control, caller, project_id, service_account_id)
    return ServiceAccountDeleted(id=service_account_id)


@router.post("/{service_account_id}/api_keys", summary="Issue a service account's key: shown once")
async def create_service_account_key(
    control: Control,
    caller: CurrentCaller,
    project_id: ProjectId,
    service_account_id: ServiceAccountId,
    body: ServiceAccountKeyCreate | None = None,
) -> ServiceAccountKeyObject:
    draft = (body or ServiceAccountKeyCreate()).to_draft(service_account_id)
    return ServiceAccountKeyObject.from_issued(await issue_key(control, caller, project_id, draft))
