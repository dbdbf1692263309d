"""What every route of the data plane does first and last: who calls, of what request, and which headers go out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

from starlette.requests import Request

from gateway.admission import Caller
from gateway.bedrock.errors import says_unknown_model
from gateway.catalog.model import Model
from gateway.errors import BedrockError, ModelNotFound, RequestTimedOut
from gateway.plane import DataPlane
from gateway.routes.middleware import LOG
from gateway.routes.request_log import RequestLog
from gateway.settling import OpenHold
from tenants.event import UsageStatus
from tenants.secret import find_credential, key_id_in
from tenants.usage import TokenCounts

IGNORED_PARAMS_HEADER = "x-sluice-ignored-params"


def plane_of(request: Request) -> DataPlane:
    return cast(DataPlane, request.app.state.data_plane)


def due_of(request: Request) -> float:
    """When a request that begins now has to be over, in the loop's time: before its hold expires."""
    return asyncio.get_running_loop().time() + plane_of(request).patience.request_seconds


def log_of(request: Request) -> RequestLog:
    return cast(RequestLog, request.scope[LOG])


async def authenticate(request: Request) -> Caller:
    """The caller, for a route that reserves. Raises as Admission.authenticate."""
    return _note_tenant(request, await plane_of(request).admission.authenticate(_note_key(request)))


async def authenticate_now(request: Request) -> Caller:
    """The caller, for a route that does not reserve. Raises as Admission.authenticate_now."""
    return _note_tenant(request, await plane_of(request).admission.authenticate_now(_note_key(request)))


def _note_key(request: Request) -> str | None:
    """The credential; its key's id goes into the log before anybody knows whether it is good."""
    credential = find_credential(request.headers)
    log_of(request).key_id = None if credential is None else key_id_in(credential)
    return credential


def _note_tenant(request: Request, caller: Caller) -> Caller:
    log_of(request).tenant_id = caller.principal.tenant_id
    return caller


async def resolve(request: Request, caller: Caller, name: str) -> tuple[Caller, Model]:
    """The model that the caller names, and the caller, as one who may call it. Raises as Admission.authorize."""
    plane = plane_of(request)
    log_of(request).model = name
    model = plane.catalog.latest().resolve(name)
    return await plane.admission.authorize(caller, model), model


@asynccontextmanager
async def asking_bedrock(hold: OpenHold, due: float, lost: TokenCounts) -> AsyncIterator[None]:
    """Around a request to Bedrock, until `due` (loop time): `lost` is charged where its count never came.

    That is so when time was up, the connection broke, or this task was cancelled. A refusal of Bedrock's, or a
    connection that was never made, is left for the hold to settle with nothing. Raises RequestTimedOut, ModelNotFound,
    and as inside.
    """
    try:
        async with asyncio.timeout_at(due):
            yield
    except BaseException as error:
        if isinstance(error, BedrockError) and says_unknown_model(error):
            raise ModelNotFound(hold.call.model) from error  # in the words for a model that the key may not call
        if not isinstance(error, BedrockError) and getattr(error, "may_have_run", True):
            await hold.settle(UsageStatus.ESTIMATED, lost)
        if isinstance(error, TimeoutError):
            raise RequestTimedOut() from error
        raise


def request_metadata(request: Request, caller: Caller) -> dict[str, str]:
    """Goes with every Converse call into Bedrock's invocation log, where the ledger can be compared with it."""
    return {
        "sluice_request_id": log_of(request).request_id,
        "sluice_key_id": caller.principal.key_id,
        "sluice_tenant_id": caller.principal.tenant_id,
    }


def ignored_header(ignored: Sequence[str]) -> dict[str, str]:
    return {IGNORED_PARAMS_HEADER: ",".join(ignored)} if ignored else {}
