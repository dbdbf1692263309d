"""What a route is given: the control plane, the requester, ids of the right shape, preconditions."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Header, Path, Request
from pydantic import AfterValidator

from admin.control_plane import ControlPlane, Requester
from admin.identifiers import API_KEY, PROJECT, SERVICE_ACCOUNT, require, require_user
from admin.operations.api_keys import KeyTarget
from admin.operations.policies import ProjectTarget
from admin.operations.usage_reach import UsageReach
from admin.routes.admitted import admitted_of
from tenants.errors import InvalidArgument

ProjectId = Annotated[str, Path(), AfterValidator(require(PROJECT, "project"))]
ServiceAccountId = Annotated[str, Path(), AfterValidator(require(SERVICE_ACCOUNT, "service account"))]
UserIdInPath = Annotated[str, Path(), AfterValidator(require_user)]
ApiKeyId = Annotated[str, Path(), AfterValidator(require(API_KEY, "API key"))]

_ETAGS = re.compile(r'\s*(?:W/)?"[^"]*"\s*(?:,\s*(?:W/)?"[^"]*"\s*)*')
_VERSION_ETAG = re.compile(r'(?<!W/)"([0-9]{1,18})"')


async def _control(request: Request) -> ControlPlane:
    return admitted_of(request).control


async def _requester(request: Request) -> Requester:
    return admitted_of(request).requester


async def _projects(request: Request) -> frozenset[str] | None:
    return admitted_of(request).projects()


Control = Annotated[ControlPlane, Depends(_control)]
CurrentRequester = Annotated[Requester, Depends(_requester)]
Projects = Annotated[frozenset[str] | None, Depends(_projects)]
"""The projects that the route may answer for; None for all."""


def to_etag(version: int) -> str:
    """A record's version as an entity tag: what `If-Match` takes."""
    return f'"{version}"'


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


IfMatch = Annotated[str | None, Header(description='The version to change, as in `ETag`: `"3"`.')]


async def _project_target(project_id: ProjectId, if_match: IfMatch = None) -> ProjectTarget:
    return ProjectTarget(project_id, to_versions(if_match))


async def _own_user_id(request: Request, project_id: ProjectId) -> str | None:
    return admitted_of(request).find_own_user(project_id)


OwnUserId = Annotated[str | None, Depends(_own_user_id)]
"""The user whose keys alone the route may touch in its project; None for everybody's."""


async def _key_target(
    project_id: ProjectId, api_key_id: ApiKeyId, own_user_id: OwnUserId, if_match: IfMatch = None
) -> KeyTarget:
    return KeyTarget(project_id, api_key_id, to_versions(if_match), own_user_id)


async def _reach(request: Request) -> UsageReach:
    admitted = admitted_of(request)
    return UsageReach(admitted.requester.access, admitted.permission)


Reach = Annotated[UsageReach, Depends(_reach)]
Project = Annotated[ProjectTarget, Depends(_project_target)]
Target = Annotated[KeyTarget, Depends(_key_target)]
