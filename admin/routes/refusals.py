"""What a route refuses goes to the audit trail: who tried what, and why not.

Recorded are, of all requests, those without a valid credential and those that the actor may not make; of requests that
would change something, also those that were invalid or in conflict. A resource that is not there, or another tenant's,
is recorded of changes, and of reads by an actor who does not see all tenants.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError

from admin.control_plane import ControlPlane, new_audit_id
from admin.identifiers import PROJECT, shape
from tenants.audit import ORGANIZATION, UNKNOWN_ACTOR_ID, Actor, Attempt, AuditAction, AuditEvent
from tenants.errors import (
    AuthenticationFailed,
    Conflict,
    FenceStale,
    GrantNeeded,
    IdempotencyInProgress,
    InvalidArgument,
    LedgerUnavailable,
    NotFound,
    StaleVersion,
    TenantsError,
    TooContended,
    redact,
)
from tenants.secret import find_credential, key_id_in

RouteHandler = Callable[[Request], Coroutine[Any, Any, Response]]

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_NO_REFUSALS = (LedgerUnavailable, TooContended, FenceStale, GrantNeeded, IdempotencyInProgress)
_OF_CHANGES_ALONE = (InvalidArgument, Conflict, StaleVersion)
_ORGANIZATION_ROLES = "org."
_ID = re.compile(r"[a-z]{3,16}(?:_[a-z]{1,16}){0,3}_[0-9A-Za-z]{1,64}", re.ASCII)
_PROJECT_ID = re.compile(shape(PROJECT).removesuffix("$"))


def recording_refusals(control: ControlPlane, handle: RouteHandler) -> RouteHandler:
    """The same handler; what it refuses is recorded before the refusal is answered."""
    attempts = control.refused_attempts
    if attempts is None:
        return handle

    async def handle_recorded(request: Request) -> Response:
        try:
            return await handle(request)
        except Exception as error:
            actor = _actor_of(request)
            if is_recorded(error, request.method, actor):
                await attempts.note(_to_event(control, request, actor, error))
            raise

    return handle_recorded


def is_recorded(error: Exception, method: str, actor: Actor) -> bool:
    """Whether a request that ended in this error goes to the trail."""
    if isinstance(error, RequestValidationError) or (isinstance(error, HTTPException) and error.status_code < 500):
        return method not in _READS
    if not isinstance(error, TenantsError) or isinstance(error, _NO_REFUSALS):
        return False
    if method not in _READS or isinstance(error, AuthenticationFailed):
        return True
    if isinstance(error, NotFound):
        # Of what an actor sees who sees everything, nothing is another's: it is not there, as a project's spend limit.
        return actor.role is not None and not actor.role.startswith(_ORGANIZATION_ROLES)
    return not isinstance(error, _OF_CHANGES_ALONE)


def _actor_of(request: Request) -> Actor:
    admitted = getattr(request.state, "admitted", None)
    if admitted is not None:
        actor: Actor = admitted.requester.actor
        return actor
    return Actor(UNKNOWN_ACTOR_ID, None if request.client is None else request.client.host)


def _to_event(control: ControlPlane, request: Request, actor: Actor, error: Exception) -> AuditEvent:
    at_ms = control.clock_ms()
    unknown = isinstance(error, AuthenticationFailed)
    project_id = request.path_params.get("project_id", "")
    # Whoever has no credential cannot write to a project's part of the trail.
    known_project = not unknown and _PROJECT_ID.fullmatch(project_id) is not None
    return AuditEvent(
        id=new_audit_id(control, at_ms),
        at_ms=at_ms,
        action=AuditAction.LOGIN_FAILED if unknown else AuditAction.REQUEST_REFUSED,
        actor=actor,
        tenant_id=project_id if known_project else ORGANIZATION,
        target_id=_key_tried(request) if unknown else _target_of(request),
        request_id=getattr(request.state, "request_id", None),
        attempt=Attempt(
            method=request.method,
            route=_route_of(request),
            error=_kind_of(error),
            message=_message_of(error),
        ),
    )


def _route_of(request: Request) -> str:
    """The path with names for its ids. The route's own `path` lacks what its router is mounted at."""
    path: str = request.scope["path"]
    for name, value in request.path_params.items():
        path = path.replace(f"/{value}", f"/{{{name}}}", 1)
    return path


def _key_tried(request: Request) -> str:
    """The id inside a credential of a key's shape: it names the key, and tells nothing of its secret."""
    return key_id_in(find_credential(request.headers) or "") or ""


def _target_of(request: Request) -> str:
    """The innermost id of the path. What has no id's shape may be a secret that got there by mistake."""
    named = [str(value) for value in request.path_params.values()]
    if not named:
        return ""
    return named[-1] if _ID.fullmatch(named[-1]) else redact(named[-1])


def _kind_of(error: Exception) -> str:
    """`not_found` for NotFound."""
    if isinstance(error, RequestValidationError | HTTPException):
        return "invalid_request"
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(error).__name__).lower()


def _message_of(error: Exception) -> str | None:
    """What may be kept of a refusal's text: others repeat what the client sent."""
    if isinstance(error, AuthenticationFailed):
        return error.message
    if isinstance(error, RequestValidationError):
        return _place_of(error)
    return f"at {error.param}" if isinstance(error, InvalidArgument) else None


def _place_of(error: RequestValidationError) -> str | None:
    """The field at fault, where its name is not the client's own choice."""
    fault = error.errors()[0]
    if len(fault["loc"]) < 2 or fault["type"] == "extra_forbidden":
        return None
    return f"at {fault['loc'][1]}"
