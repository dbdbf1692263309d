"""Authentication and authorization, before anything of a request's body is read: the class of the routes."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, HTTPBearer

from admin.authorization import authorize
from admin.control_plane import ControlPlane, Requester
from admin.routes.idempotency import answer_once
from admin.routes.permissions import required_of
from admin.routes.refusals import RouteHandler, recording_refusals
from admin.sign_in import authenticate
from tenants.errors import InvalidArgument
from tenants.roles import Permission

# Only for the OpenAPI document, in which they say how to authenticate; `sign_in.authenticate` reads the headers itself.
BEARER = HTTPBearer(auto_error=False, scheme_name="AdminKey", description="An admin key: `sk-sluice-admin_...`.")
X_API_KEY = APIKeyHeader(name="x-api-key", auto_error=False, scheme_name="AdminKeyHeader")

# More than twice the largest body that can be meant, a full list of models with a full policy. pydantic explains every
# fault of a body before the first one is told: megabytes of them took ten seconds.
LARGEST_BODY_BYTES = 512 * 1024
PREFIX = "/v1/organization"


@dataclass(frozen=True, slots=True)
class Admitted:
    """What authentication leaves at the request for its route. `permission` is the one that the route asks for."""

    control: ControlPlane
    requester: Requester
    permission: Permission

    def projects(self) -> frozenset[str] | None:
        """Those in which the requester has the permission; None for all."""
        return self.requester.access.projects_with(self.permission)

    def find_own_user(self, project_id: str) -> str | None:
        """The user whose things alone the requester reaches in a project, a member's; None for everybody's."""
        return self.requester.access.find_own_user(self.permission, project_id)


def admitted_of(request: Request) -> Admitted:
    """What the route class left there."""
    admitted: Admitted = request.state.admitted
    return admitted


def route_class_of(control: ControlPlane) -> type[APIRoute]:
    """The class of routes that run for those only who may: others are AuthenticationFailed, InsufficientPermissions,
    or NotFound for another tenant's.

    A body of more than LARGEST_BODY_BYTES is InvalidArgument.

    A dependency would be too late: FastAPI reads and parses the body before it calls the first one. A subclass, not
    an argument: `include_router` of older FastAPI makes each route anew from its class.
    """

    class AdmittedRoute(APIRoute):
        def get_route_handler(self) -> RouteHandler:
            handle = super().get_route_handler()
            path = self.path.removeprefix(PREFIX)  # whether a router's prefix is in it depends on FastAPI's version

            async def handle_admitted(request: Request) -> Response:
                permission = required_of(request.method, path)
                admitted = request.state.admitted = Admitted(control, await _identify(control, request), permission)
                authorize(admitted.requester.access, permission, request.path_params.get("project_id"))
                if len(await request.body()) > LARGEST_BODY_BYTES:
                    raise InvalidArgument(f"The body has more than {LARGEST_BODY_BYTES:,} bytes.", "body")
                response = await answer_once(request, handle)
                response.headers["cache-control"] = "no-store"  # answers may hold a secret
                return response

            return recording_refusals(control, handle_admitted)

    return AdmittedRoute


async def _identify(control: ControlPlane, request: Request) -> Requester:
    address = None if request.client is None else request.client.host
    identity = await authenticate(control, request.headers, address)
    return Requester(identity.actor, getattr(request.state, "request_id", None), identity.access)
