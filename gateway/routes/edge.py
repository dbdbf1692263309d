"""What every route of the data plane does first and last: who calls, of what request, and which headers go out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from gateway.bedrock.errors import says_unknown_model
from gateway.caller import Caller, RulesChanged, counts_money, may_call
from gateway.catalog.model import Model
from gateway.errors import BedrockError, ModelNotFound, RequestTimedOut, UnsupportedEncoding
from gateway.open_hold import OpenHold
from gateway.plane import DataPlane
from gateway.routes.chat_plan import Candidate
from gateway.routes.middleware import LOG
from gateway.routes.request_log import RequestLog
from tenants.errors import TooContended
from tenants.event import UsageStatus
from tenants.policy import Policy
from tenants.secret import find_credential, key_id_in
from tenants.usage import TokenCounts

DUE = "sluice.due"
"""Where in the ASGI scope a server says when a request has to be over, in the loop's time: Lambda ends it then."""

IGNORED_PARAMS_HEADER = "x-sluice-ignored-params"

# A caller whose rules change faster than a request can begin is being changed by a script gone wild.
_RULES_ATTEMPTS = 4


def plane_of(request: Request) -> DataPlane:
    return cast(DataPlane, request.app.state.data_plane)


def due_of(request: Request) -> float:
    """When a request that begins now has to be over, in the loop's time: before its hold expires, and before its server
    gives it up."""
    due = asyncio.get_running_loop().time() + plane_of(request).patience.request_seconds
    given_up_at: float = request.scope.get(DUE, due)
    return min(due, given_up_at)


def log_of(request: Request) -> RequestLog:
    return cast(RequestLog, request.scope[LOG])


async def with_current_rules(request: Request, serve: Callable[[Request, Caller], Awaitable[Response]]) -> Response:
    """What `serve` answers the caller, for a route that reserves; from the start again where the caller's models or
    policy turn out to have changed. Raises as Admission.authenticate, TooContended, and as `serve`."""
    caller = await _authenticate(request)
    for _ in range(_RULES_ATTEMPTS):
        try:
            return await serve(request, caller)
        except RulesChanged as changed:
            caller = changed.caller
    raise TooContended("The key is being changed at the moment. Please try again.")


async def _authenticate(request: Request) -> Caller:
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
    log = log_of(request)
    log.tenant_id, log.key_id = caller.principal.tenant_id, caller.principal.key_id  # a foreign key names no id itself
    return caller


async def body_of(request: Request) -> bytes:
    """The body. Raises UnsupportedEncoding for a compressed one."""
    encoding = request.headers.get("content-encoding", "identity")
    if encoding.lower() not in ("", "identity"):
        raise UnsupportedEncoding(encoding)
    return await request.body()


def policy_of(request: Request, caller: Caller) -> Policy:
    """What is laid down for the caller's requests: the deployment's policy, narrowed by the tenant's and the key's."""
    return caller.principal.policy_under(plane_of(request).catalog.policy)


async def resolve(request: Request, caller: Caller, name: str) -> tuple[Caller, Model]:
    """The model that the caller names, and the caller, as one who may call it. Raises as Admission.authorize."""
    plane = plane_of(request)
    log_of(request).model = name
    model = await plane.catalog.resolve(name, policy_of(request, caller))
    return await plane.admission.authorize(caller, model), model


async def candidates_of(request: Request, caller: Caller, model: Model) -> list[Candidate]:
    """The model, and those that may answer instead in the order of the policy: which the caller may call itself, and
    whose price is known where a budget asks for it."""
    pricing = plane_of(request).pricing
    candidates = [Candidate(model, pricing.price_of(model))]
    for fallback in await _fallbacks_of(request, caller, model):
        price = pricing.price_of(fallback)
        if price is not None or not counts_money(caller.principal):
            candidates.append(Candidate(fallback, price, fallback=True))
    return candidates


async def _fallbacks_of(request: Request, caller: Caller, model: Model) -> list[Model]:
    policy = policy_of(request, caller)
    names = policy.fallbacks.get(model.name, policy.fallbacks.get(model.id, ()))
    found = []
    for name in names:
        with suppress(ModelNotFound):
            fallback = await plane_of(request).catalog.resolve(name, policy)
            if may_call(caller, fallback):
                found.append(fallback)
    return found


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
    """The header that names what has no effect."""
    return {IGNORED_PARAMS_HEADER: ",".join(ignored)} if ignored else {}
