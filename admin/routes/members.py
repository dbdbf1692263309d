"""The users of a project, in OpenAI's words."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.routing import APIRoute

from admin.operations import members
from admin.routes.dependencies import Control, CurrentRequester, ProjectId, UserIdInPath
from admin.schemas.users import MemberCreate, MemberDeleted, MemberObject, MemberUpdate, UserPageQuery
from admin.schemas.wire import ListPage


def create_router(route_class: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix="/projects/{project_id}/users", tags=["Users"], route_class=route_class)
    router.get("", summary="List the users of a project")(list_members)
    router.post("", summary="Put a user into a project")(add_member)
    router.get("/{user_id}", summary="Retrieve a user of a project")(get_member)
    router.post("/{user_id}", summary="Change a user's role in a project")(change_member)
    router.delete("/{user_id}", summary="Take a user out of a project: its keys there end at once")(remove_member)
    return router


async def list_members(
    control: Control, project_id: ProjectId, query: Annotated[UserPageQuery, Query()]
) -> ListPage[MemberObject]:
    page = await members.list_members(control, project_id, query.after, query.limit)
    return ListPage[MemberObject].of([MemberObject.from_member(each) for each in page.items], has_more=page.has_more)


async def add_member(
    control: Control, requester: CurrentRequester, project_id: ProjectId, body: MemberCreate
) -> MemberObject:
    return MemberObject.from_member(await members.add_member(control, requester, project_id, body.to_draft()))


async def get_member(control: Control, project_id: ProjectId, user_id: UserIdInPath) -> MemberObject:
    return MemberObject.from_member(await members.get_member(control, project_id, user_id))


async def change_member(
    control: Control, requester: CurrentRequester, project_id: ProjectId, user_id: UserIdInPath, body: MemberUpdate
) -> MemberObject:
    return MemberObject.from_member(await members.change_member(control, requester, project_id, user_id, body.role))


async def remove_member(
    control: Control, requester: CurrentRequester, project_id: ProjectId, user_id: UserIdInPath
) -> MemberDeleted:
    await members.remove_member(control, requester, project_id, user_id)
    return MemberDeleted(id=user_id)
