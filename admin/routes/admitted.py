"""Authentication, before anything of a request's body is read: the class of the control plane's routes."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request, Response
from fastapi.routing import APIRoute
from fastapi.security import APIKeyHeader, HTTPBearer

from admin.auth import authenticate_admin
from admin.control_plane import ControlPlane, Requester
from admin.routes.idempotency import answer_once
from admin.routes.refusals import RouteHandler, recording_refusals
from tenants.errors import InvalidArgument

# Only for the OpenAPI document, in which they say how to authenticate; `authenticate_admin` reads the headers itself.
BEARER = HTTPBearer(auto_error=False, scheme_name="AdminKey", description="An admin key: `sk-sluice-admin_...`.")
X_API_KEY = APIKeyHeader(name="x-api-key", auto_error=False, scheme_name="AdminKeyHeader")

# More than twice the largest body that can be meant, a full list of models with a full policy. pydantic explains every
# fault of a body before the first one is told: megabytes of them took ten seconds.
LARGEST_BODY_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class Admitted:
    """What authentication leaves at the request for its route."""

    control: ControlPlane
    requester: Requester


def admitted_of(request: Request) -> Admitted:
    """What the route class left there."""
    admitted: Admitted = request.state.admitted
    return admitted


def route_class_of(control: ControlPlane) -> type[APIRoute]:
    """The class of routes that run for the holders of an admin key of `control` only; others: AuthenticationFailed.

    A body of more than LARGEST_BODY_BYTES is InvalidArgument.

    A dependency would be too late: FastAPI reads and parses the body before it calls the first one. A subclass, not
    an argument: `include_router` of older FastAPI makes each route anew from its class.
    """

    class AdmittedRoute(APIRoute):
        def get_route_handler(self) -> RouteHandler:
            handle = super().get_route_handler()

            async def handle_admitted(request: Request) -> Response:
                request.state.admitted = _admit(control, request)
                if len(await request.body()) > LARGEST_BODY_BYTES:
                    raise InvalidArgument(f"The body has more than {LARGEST_BODY_BYTES:,} bytes.", "body")
                response = await answer_once(request, handle)
                response.headers["cache-control"] = "no-store"  # answers may hold a secret
                return response

            return recording_refusals(control, handle_admitted)

    return AdmittedRoute


def _admit(control: ControlPlane, request: Request) -> Admitted:
    address = None if request.client is None else request.client.host
    actor = authenticate_admin(request.headers, control.admin_keys, address)
    return Admitted(control, Requester(actor, getattr(request.state, "request_id", None)))
