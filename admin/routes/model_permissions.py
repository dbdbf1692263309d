"""Which models the keys of a project may call, in OpenAI's words."""

from __future__ import annotations

from fastapi import APIRouter

from admin.operations import projects
from admin.routes.dependencies import Control, CurrentCaller, ProjectId
from admin.schemas.model_permissions import ModelPermissionsBody, ModelPermissionsDeleted, ModelPermissionsObject

router = APIRouter(prefix="/projects/{project_id}/model_permissions", tags=["Model permissions"])


@router.get("", summary="Retrieve a project's model permissions")
async def get_model_permissions(control: Control, project_id: ProjectId) -> ModelPermissionsObject:
    tenant = await projects.get_project(control, project_id)
    return ModelPermissionsObject.from_permissions(tenant.models)


@router.post("", summary="Replace a project's model permissions")
async def set_model_permissions(
    control: Control, caller: CurrentCaller, project_id: ProjectId, body: ModelPermissionsBody
) -> ModelPermissionsObject:
    tenant = await projects.set_model_permissions(control, caller, project_id, body.to_permissions())
    return ModelPermissionsObject.from_permissions(tenant.models)


@router.delete("", summary="Lift a project's model permissions: every model may be called")
async def delete_model_permissions(
    control: Control, caller: CurrentCaller, project_id: ProjectId
) -> ModelPermissionsDeleted:
    await projects.set_model_permissions(control, caller, project_id, None)
    return ModelPermissionsDeleted()
