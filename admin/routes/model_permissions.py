"""Which models the keys of a project may call, in OpenAI's words."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.routing import APIRoute

from admin.operations import projects
from admin.routes.dependencies import Control, CurrentRequester, ProjectId
from admin.schemas.model_permissions import ModelPermissionsBody, ModelPermissionsDeleted, ModelPermissionsObject


def create_router(route_class: type[APIRoute]) -> APIRouter:
    router = APIRouter(
        prefix="/projects/{project_id}/model_permissions", tags=["Model permissions"], route_class=route_class
    )
    router.get("", summary="Retrieve a project's model permissions")(get_model_permissions)
    router.post("", summary="Replace a project's model permissions")(set_model_permissions)
    router.delete("", summary="Lift a project's model permissions: every model may be called")(delete_model_permissions)
    return router


async def get_model_permissions(control: Control, project_id: ProjectId) -> ModelPermissionsObject:
    tenant = await projects.get_project(control, project_id)
    return ModelPermissionsObject.from_permissions(tenant.models)


async def set_model_permissions(
    control: Control, requester: CurrentRequester, project_id: ProjectId, body: ModelPermissionsBody
) -> ModelPermissionsObject:
    tenant = await projects.set_model_permissions(control, requester, project_id, body.to_permissions())
    return ModelPermissionsObject.from_permissions(tenant.models)


async def delete_model_permissions(
    control: Control, requester: CurrentRequester, project_id: ProjectId
) -> ModelPermissionsDeleted:
    await projects.set_model_permissions(control, requester, project_id, None)
    return ModelPermissionsDeleted()
