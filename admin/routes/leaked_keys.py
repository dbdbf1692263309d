"""Extension: keys that were found in public, reported by an administrator or by a secret scanner, which signs."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from admin.control_plane import ControlPlane, Requester
from admin.operations.leaked_keys import LeakReporting, ReportSignatures, end_leaked_keys
from admin.routes.admitted import LARGEST_BODY_BYTES, Admitted
from admin.routes.dependencies import Control, CurrentRequester
from admin.routes.refusals import RouteHandler, recording_refusals
from admin.schemas.leaked_keys import LeakLabel, LeakReportList
from tenants.audit import Actor
from tenants.errors import IncorrectSignature, InvalidArgument
from tenants.roles import Permission

SCANNER_ACTOR_ID = "secret_scanning"
IDENTIFIER_HEADER = "github-public-key-identifier"
SIGNATURE_HEADER = "github-public-key-signature"


def create_router(route_class: type[APIRoute], control: ControlPlane, leaks: LeakReporting) -> APIRouter:
    if leaks.signatures is not None:
        route_class = _signed_or(route_class, control, leaks.signatures)
    router = APIRouter(tags=["API keys (Sluice extensions)"], route_class=route_class)
    router.post("/leaked_keys", summary="Extension: end keys that were found in public")(LeakRoutes(leaks).report)
    return router


@dataclass(frozen=True, slots=True)
class LeakRoutes:
    """The endpoint, with whom it tells."""

    leaks: LeakReporting

    async def report(self, control: Control, requester: CurrentRequester, body: LeakReportList) -> list[LeakLabel]:
        reports = [each.to_report() for each in body.root]
        found = await end_leaked_keys(control, requester, reports, self.leaks.tell)
        return [LeakLabel.of(report, genuine=genuine) for report, genuine in zip(reports, found, strict=True)]


def _signed_or(route_class: type[APIRoute], control: ControlPlane, signatures: ReportSignatures) -> type[APIRoute]:
    """The class of routes that run for whoever signed the body, too, besides those that `route_class` admits."""

    class SignedRoute(route_class):  # type: ignore[valid-type, misc]  # a class that was made at run time
        def get_route_handler(self) -> RouteHandler:
            handle_admitted: RouteHandler = super().get_route_handler()
            handle: RouteHandler = APIRoute.get_route_handler(self)

            async def handle_signed(request: Request) -> Response:
                await _verify(signatures, request)
                address = None if request.client is None else request.client.host
                requester = Requester(Actor(SCANNER_ACTOR_ID, address), getattr(request.state, "request_id", None))
                request.state.admitted = Admitted(control, requester, Permission.LEAKED_KEYS_REPORT)
                return await handle(request)

            recorded = recording_refusals(control, handle_signed)  # the other one records its own

            async def handle_either(request: Request) -> Response:
                chosen = recorded if SIGNATURE_HEADER in request.headers else handle_admitted
                return await chosen(request)

            return handle_either

    return SignedRoute


async def _verify(signatures: ReportSignatures, request: Request) -> None:
    """Raises IncorrectSignature, SignatureUnverifiable, InvalidArgument for a body that is too large."""
    key_id = request.headers.get(IDENTIFIER_HEADER)
    if not key_id:
        raise IncorrectSignature("no key identifier")
    body = await request.body()
    if len(body) > LARGEST_BODY_BYTES:
        raise InvalidArgument(f"The body has more than {LARGEST_BODY_BYTES:,} bytes.", "body")
    await signatures.verify(key_id, request.headers[SIGNATURE_HEADER], body)
