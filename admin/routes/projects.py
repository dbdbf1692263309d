"""Projects, in OpenAI's words."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.routing import APIRoute

from admin.operations import projects
from admin.routes.dependencies import Control, CurrentRequester, ProjectId, Projects
from admin.schemas.projects import ProjectCreate, ProjectListQuery, ProjectObject, ProjectUpdate
from admin.schemas.wire import ListPage


def create_router(route_class: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix="/projects", tags=["Projects"], route_class=route_class)
    router.get("", summary="List projects")(list_projects)
    router.post("", summary="Create a project")(create_project)
    router.get("/{project_id}", summary="Retrieve a project")(get_project)
    router.post("/{project_id}", summary="Rename a project")(update_project)
    router.post("/{project_id}/archive", summary="Archive a project: all its keys end at once")(archive_project)
    return router


async def list_projects(
    control: Control, seen: Projects, query: Annotated[ProjectListQuery, Query()]
) -> ListPage[ProjectObject]:
    page = await projects.list_projects(
        control, query.after, query.limit, include_archived=query.include_archived, only=seen
    )
    return ListPage[ProjectObject].of([ProjectObject.from_tenant(each) for each in page.items], has_more=page.has_more)


async def create_project(control: Control, requester: CurrentRequester, body: ProjectCreate) -> ProjectObject:
    return ProjectObject.from_tenant(await projects.create_project(control, requester, body.name))


async def get_project(control: Control, project_id: ProjectId) -> ProjectObject:
    return ProjectObject.from_tenant(await projects.get_project(control, project_id))


async def update_project(
    control: Control, requester: CurrentRequester, project_id: ProjectId, body: ProjectUpdate
) -> ProjectObject:
    return ProjectObject.from_tenant(await projects.rename_project(control, requester, project_id, body.name))


async def archive_project(control: Control, requester: CurrentRequester, project_id: ProjectId) -> ProjectObject:
    return ProjectObject.from_tenant(await projects.archive_project(control, requester, project_id))
