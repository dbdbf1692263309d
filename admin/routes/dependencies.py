"""What a route is given: the control plane, the authenticated caller, ids of the right shape, preconditions."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Path, Request, Response, Security
from fastapi.security import APIKeyHeader, HTTPBearer
from pydantic import AfterValidator

from admin.auth import authenticate_admin
from admin.control_plane import Caller, ControlPlane
from admin.identifiers import API_KEY, PROJECT, SERVICE_ACCOUNT, require
from admin.operations.api_keys import KeyTarget
from tenants.errors import InvalidArgument
from tenants.principal import KeyRecord

ProjectId = Annotated[str, Path(), AfterValidator(require(PROJECT, "project"))]
ServiceAccountId = Annotated[str, Path(), AfterValidator(require(SERVICE_ACCOUNT, "service account"))]
ApiKeyId = Annotated[str, Path(), AfterValidator(require(API_KEY, "API key"))]

# Only for the OpenAPI document, in which they say how to authenticate; `authenticate_admin` reads the headers itself.
_BEARER = HTTPBearer(auto_error=False, scheme_name="AdminKey", description="An admin key: `sk-sluice-admin_...`.")
_X_API_KEY = APIKeyHeader(name="x-api-key", auto_error=False, scheme_name="AdminKeyHeader")

_ETAGS = re.compile(r'\s*(?:W/)?"[^"]*"\s*(?:,\s*(?:W/)?"[^"]*"\s*)*')
_VERSION_ETAG = re.compile(r'(?<!W/)"([0-9]{1,18})"')


@dataclass(frozen=True, slots=True)
class Admission:
    """What authentication leaves at the request for its route."""

    control: ControlPlane
    caller: Caller


def admit(control: ControlPlane) -> Callable[..., Awaitable[None]]:
    """The dependency that stands before every route: it raises AuthenticationFailed, or lets the route run."""

    async def authenticate(
        request: Request,
        response: Response,
        _bearer: Annotated[object, Security(_BEARER)],
        _x_api_key: Annotated[object, Security(_X_API_KEY)],
    ) -> None:
        address = None if request.client is None else request.client.host
        actor = authenticate_admin(request.headers, control.admin_keys, address)
        caller = Caller(actor, getattr(request.state, "request_id", None))
        request.state.admission = Admission(control, caller)
        response.headers["cache-control"] = "no-store"  # answers may hold a secret

    return authenticate


async def _control(request: Request) -> ControlPlane:
    admission: Admission = request.state.admission
    return admission.control


async def _caller(request: Request) -> Caller:
    admission: Admission = request.state.admission
    return admission.caller


Control = Annotated[ControlPlane, Depends(_control)]
CurrentCaller = Annotated[Caller, Depends(_caller)]


def to_etag(record: KeyRecord) -> str:
    """The key's version as an entity tag: what `If-Match` takes."""
    return f'"{record.key.version}"'


def to_versions(if_match: str | None) -> frozenset[int] | None:
    """The versions that an `If-Match` header names (RFC 9110, 13.1.1); None for no header and for `*`: any.

    A weak or foreign entity tag names no version: it never matches. Raises InvalidArgument for what is no list of
    entity tags, such as a version without its quotes.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    if _ETAGS.fullmatch(if_match) is None:
        raise InvalidArgument('If-Match holds a version in double quotes, as ETag does: "3".', "If-Match")
    return frozenset(int(version) for version in _VERSION_ETAG.findall(if_match))


async def _key_target(
    project_id: ProjectId,
    api_key_id: ApiKeyId,
    if_match: Annotated[str | None, Header(description='The version to change, as in `ETag`: `"3"`.')] = None,
) -> KeyTarget:
    return KeyTarget(project_id, api_key_id, to_versions(if_match))


Target = Annotated[KeyTarget, Depends(_key_target)]
