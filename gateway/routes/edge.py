"""What every route of the data plane does first and last: who calls, of what request, and which headers go out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

from starlette.requests import Request

from gateway.admission import Caller, OpenHold
from gateway.bounds import estimate_of
from gateway.catalog.model import Model
from gateway.errors import BedrockError, RequestTimedOut
from gateway.plane import DataPlane
from gateway.routes.middleware import LOG
from gateway.routes.request_log import RequestLog
from tenants.event import Call, UsageStatus

IGNORED_PARAMS_HEADER = "x-sluice-ignored-params"


def plane_of(request: Request) -> DataPlane:
    return cast(DataPlane, request.app.state.data_plane)


def log_of(request: Request) -> RequestLog:
    return cast(RequestLog, request.scope[LOG])


def find_credential(request: Request) -> str | None:
    """The key of a request: `Authorization: Bearer …`, or `x-api-key` for clients of other APIs."""
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and credential.strip():
        return credential.strip()
    return request.headers.get("x-api-key")


async def authenticate(request: Request) -> Caller:
    """The caller, for a route that reserves. Raises as Admission.authenticate."""
    caller = await plane_of(request).admission.authenticate(find_credential(request))
    _note(request, caller)
    return caller


async def authenticate_now(request: Request) -> Caller:
    """The caller, for a route that does not reserve. Raises as Admission.authenticate_now."""
    caller = await plane_of(request).admission.authenticate_now(find_credential(request))
    _note(request, caller)
    return caller


def _note(request: Request, caller: Caller) -> None:
    log = log_of(request)
    log.key_id, log.tenant_id = caller.principal.key_id, caller.principal.tenant_id


async def resolve(request: Request, caller: Caller, name: str) -> tuple[Caller, Model]:
    """The model that the caller names, and the caller, as one who may call it. Raises as Admission.authorize."""
    plane = plane_of(request)
    log_of(request).model = name
    model = plane.catalog.latest().resolve(name)
    return await plane.admission.authorize(caller, model), model


@asynccontextmanager
async def asking_bedrock(hold: OpenHold, seconds: float) -> AsyncIterator[None]:
    """Around a request to Bedrock: at most `seconds`; what may have run without its count coming is estimated.

    That is so when time was up, the connection broke, or this task was cancelled. A refusal of Bedrock's, or a
    connection that was never made, is left for the hold to settle with nothing. Raises RequestTimedOut, and as inside.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except BaseException as error:
        if not isinstance(error, BedrockError) and getattr(error, "may_have_run", True):
            await hold.settle(UsageStatus.ESTIMATED, estimate_of(hold.hold.bound, 0))
        if isinstance(error, TimeoutError):
            raise RequestTimedOut() from error
        raise


def request_metadata(call: Call) -> dict[str, str]:
    """Goes with every Converse call into Bedrock's invocation log, where the ledger can be compared with it."""
    return {"sluice_request_id": call.request_id, "sluice_key_id": call.key_id, "sluice_tenant_id": call.tenant_id}


def ignored_header(ignored: Sequence[str]) -> dict[str, str]:
    return {IGNORED_PARAMS_HEADER: ",".join(ignored)} if ignored else {}
