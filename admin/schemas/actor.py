"""Extension: who asks, and what for they are known here."""

from __future__ import annotations

from typing import Literal

from admin.control_plane import Requester
from admin.schemas.wire import ResponseBody
from tenants.errors import InsufficientPermissions
from tenants.roles import Permission, Role, RoleBinding


class RoleObject(ResponseBody):
    """A role, and where it holds: `project_id` is null for roles of the organization."""

    role: Role
    project_id: str | None
    user_id: str | None

    @classmethod
    def from_binding(cls, binding: RoleBinding) -> RoleObject:
        return cls(role=binding.role, project_id=binding.project_id, user_id=binding.user_id)


class ActorObject(RoleObject):
    """`role`, `project_id` and `user_id` are those of the largest role; `roles` has all of them."""

    object: Literal["organization.actor"] = "organization.actor"
    id: str
    name: str | None
    email: str | None
    roles: list[RoleObject]

    @classmethod
    def from_requester(cls, requester: Requester) -> ActorObject:
        highest = requester.access.find_highest()
        if highest is None:
            raise InsufficientPermissions(Permission.ACTOR_READ)
        return cls(
            id=requester.actor.id,
            name=requester.actor.name,
            email=requester.actor.email,
            roles=[RoleObject.from_binding(each) for each in requester.access.bindings],
            **dict(RoleObject.from_binding(highest)),
        )
