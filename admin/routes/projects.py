"""Projects, in OpenAI's words."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from admin.operations import projects
from admin.routes.dependencies import Control, CurrentCaller, ProjectId
from admin.schemas.projects import ProjectCreate, ProjectListQuery, ProjectObject, ProjectUpdate
from admin.schemas.wire import ListPage

router = APIRouter(prefix="/projects", tags=["Projects"])


@router.get("", summary="List projects")
async def list_projects(control: Control, query: Annotated[ProjectListQuery, Query()]) -> ListPage[ProjectObject]:
    page = await projects.list_projects(control, query.after, query.limit, include_archived=query.include_archived)
    return ListPage[ProjectObject].of([ProjectObject.from_tenant(each) for each in page.items], has_more=page.has_more)


@router.post("", summary="Create a project")
async def create_project(control: Control, caller: CurrentCaller, body: ProjectCreate) -> ProjectObject:
    return ProjectObject.from_tenant(await projects.create_project(control, caller, body.name))


@router.get("/{project_id}", summary="Retrieve a project")
async def get_project(control: Control, project_id: ProjectId) -> ProjectObject:
    return ProjectObject.from_tenant(await projects.get_project(control, project_id))


@router.post("/{project_id}", summary="Rename a project")
async def update_project(
    control: Control, caller: CurrentCaller, project_id: ProjectId, body: ProjectUpdate
) -> ProjectObject:
    return ProjectObject.from_tenant(await projects.rename_project(control, caller, project_id, body.name))


@router.post("/{project_id}/archive", summary="Archive a project: all its keys end at once")
async def archive_project(control: Control, caller: CurrentCaller, project_id: ProjectId) -> ProjectObject:
    return ProjectObject.from_tenant(await projects.archive_project(control, caller, project_id))
