"""Extension: who am I."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.routing import APIRoute

from admin.routes.dependencies import CurrentRequester
from admin.schemas.actor import ActorObject


def create_router(route_class: type[APIRoute]) -> APIRouter:
    router = APIRouter(prefix="/me", tags=["Roles (Sluice extensions)"], route_class=route_class)
    router.get("", summary="Extension: whose credential this is, and its roles")(get_actor)
    return router


async def get_actor(requester: CurrentRequester) -> ActorObject:
    return ActorObject.from_requester(requester)
