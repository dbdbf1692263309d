"""The users of the organization, in OpenAI's words."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute

from admin.operations import users
from admin.routes.dependencies import Control, CurrentRequester, UserIdInPath
from admin.routes.queries import describe_query, parse_query
from admin.schemas.users import UserDeleted, UserListQuery, UserObject, UserUpdate
from admin.schemas.wire import ListPage


def create_router(route_class: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix="/users", tags=["Users"], route_class=route_class)
    described = {"parameters": describe_query(UserListQuery)}
    router.get("", summary="List the users of the organization", openapi_extra=described)(list_users)
    router.get("/{user_id}", summary="Retrieve a user")(get_user)
    router.post("/{user_id}", summary="Change a user's role in the organization")(change_user)
    router.delete("/{user_id}", summary="Delete a user: its keys end at once, in every project")(delete_user)
    return router


async def list_users(control: Control, request: Request) -> ListPage[UserObject]:
    query = parse_query(UserListQuery, request)
    emails = frozenset(email.lower() for email in query.emails)
    page = await users.list_users(control, query.after, query.limit, emails)
    return ListPage[UserObject].of([UserObject.from_user(each) for each in page.items], has_more=page.has_more)


async def get_user(control: Control, user_id: UserIdInPath) -> UserObject:
    return UserObject.from_user(await users.get_user(control, user_id))


async def change_user(
    control: Control, requester: CurrentRequester, user_id: UserIdInPath, body: UserUpdate
) -> UserObject:
    return UserObject.from_user(await users.change_user(control, requester, user_id, body.role))


async def delete_user(control: Control, requester: CurrentRequester, user_id: UserIdInPath) -> UserDeleted:
    await users.delete_user(control, requester, user_id)
    return UserDeleted(id=user_id)
