"""`organization.audit_log` in OpenAI's shape; `outcome`, `before`, `after`, `attempt`, `request_id` extend it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from admin.identifiers import AUDIT_EVENT, shape
from admin.operations.audit_logs import AuditPage, AuditQuestion, AuditSelection
from admin.schemas.wire import LAST_TIMESTAMP, ListedObject, ListPage, ResponseBody
from tenants.audit import ORGANIZATION, UNKNOWN_ACTOR_ID, Actor, AuditAction, AuditEvent, Outcome
from tenants.event_order import Period

_KEY_ACTORS = ("admin_", "key_")

UnixSeconds = Annotated[int, Field(ge=0, le=LAST_TIMESTAMP)]
Values = Annotated[tuple[Annotated[str, StringConstraints(max_length=512)], ...], Field(max_length=100)]
EntryId = Annotated[str, StringConstraints(pattern=shape(AUDIT_EVENT), min_length=len(AUDIT_EVENT) + 7)]


class AuditLogQuery(BaseModel):
    """`after` and `before` are ids: of the last entry of the page before, of the first one of the page after.

    `tenant_only`: Sluice has no entries of what OpenAI calls tenants, so that true selects nothing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    effective_after: Annotated[UnixSeconds | None, Field(alias="effective_at[gt]")] = None
    effective_from: Annotated[UnixSeconds | None, Field(alias="effective_at[gte]")] = None
    effective_before: Annotated[UnixSeconds | None, Field(alias="effective_at[lt]")] = None
    effective_until: Annotated[UnixSeconds | None, Field(alias="effective_at[lte]")] = None
    project_ids: Values = ()
    event_types: Values = ()
    actor_ids: Values = ()
    actor_emails: Values = ()
    resource_ids: Values = ()
    tenant_only: bool | None = None
    after: EntryId | None = None
    before: EntryId | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20

    def to_question(self) -> AuditQuestion:
        return AuditQuestion(
            period=self._to_period(),
            selection=AuditSelection(
                frozenset(self.event_types),
                frozenset(self.actor_ids),
                frozenset(self.actor_emails),
                frozenset(self.resource_ids),
            ),
            project_ids=frozenset() if self.tenant_only else frozenset(self.project_ids) or None,
            after=self.after,
            before=self.before,
            limit=self.limit,
        )

    def _to_period(self) -> Period:
        """`effective_at` is in whole seconds: what is greater than a second begins with the next one."""
        first = max(self.effective_from or 0, -1 if self.effective_after is None else self.effective_after + 1)
        ends = [LAST_TIMESTAMP]
        if self.effective_before is not None:
            ends.append(self.effective_before)
        if self.effective_until is not None:
            ends.append(self.effective_until + 1)
        return Period(first * 1000, min(ends) * 1000)


class ActorUserObject(ResponseBody):
    id: str
    email: str | None


class ActorKeyObject(ResponseBody):
    id: str
    type: Literal["user"] = "user"
    user: ActorUserObject | None


class ActorSessionObject(ResponseBody):
    ip_address: str | None
    user: ActorUserObject | None


class ActorObject(ResponseBody):
    """Whoever has no admin key has a session: a person who signed in, or nobody known. `id`, `name`, `role` and
    `ip_address` extend OpenAI's."""

    type: Literal["api_key", "session"]
    api_key: ActorKeyObject | None = None
    session: ActorSessionObject | None = None
    id: str
    name: str | None
    role: str | None
    ip_address: str | None

    @classmethod
    def from_actor(cls, actor: Actor) -> ActorObject:
        shown: dict[str, Any] = {"id": actor.id, "name": actor.name, "role": actor.role, "ip_address": actor.address}
        person = ActorUserObject(id=actor.id, email=actor.email)
        if actor.id.startswith(_KEY_ACTORS):
            user = None if actor.email is None else person
            return cls(type="api_key", api_key=ActorKeyObject(id=actor.id, user=user), **shown)
        user = None if actor.id == UNKNOWN_ACTOR_ID else person
        return cls(type="session", session=ActorSessionObject(ip_address=actor.address, user=user), **shown)


class AuditProjectObject(ResponseBody):
    """The entry does not hold the project's name: it may have another by now."""

    id: str
    name: None = None


class AttemptObject(ResponseBody):
    """`more`: so many attempts of the same origin since `since` (Unix seconds) have no entry of their own."""

    method: str
    route: str
    error: str
    message: str | None
    more: int
    since: int | None


class AuditLogObject(ListedObject):
    """Beside these, a field with the name of the type has the details."""

    model_config = ConfigDict(frozen=True, extra="allow")

    object: Literal["organization.audit_log"] = "organization.audit_log"
    type: str
    effective_at: int
    actor: ActorObject
    project: AuditProjectObject | None
    outcome: Outcome
    request_id: str | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    attempt: AttemptObject | None

    @classmethod
    def from_event(cls, event: AuditEvent) -> AuditLogObject:
        return cls(
            id=event.id,
            type=str(event.action),
            effective_at=event.at_ms // 1000,
            actor=ActorObject.from_actor(event.actor),
            project=None if event.tenant_id == ORGANIZATION else AuditProjectObject(id=event.tenant_id),
            outcome=event.outcome,
            request_id=event.request_id,
            before=None if event.before is None else dict(event.before),
            after=None if event.after is None else dict(event.after),
            attempt=_to_attempt(event),
            **{str(event.action): _to_details(event)},
        )


def to_page(page: AuditPage) -> ListPage[AuditLogObject]:
    """`last_id`, or on the way back `first_id`, is where the next page goes on: where a filter left out much, that may
    be no entry of this one."""
    items = [AuditLogObject.from_event(event) for event in page.entries]
    listed = ListPage[AuditLogObject].of(items, has_more=page.reached_id is not None)
    if page.reached_id is None:
        return listed
    return listed.model_copy(update={"first_id" if page.backwards else "last_id": page.reached_id})


def _to_attempt(event: AuditEvent) -> AttemptObject | None:
    attempt = event.attempt
    if attempt is None:
        return None
    since = None if attempt.since_ms is None else attempt.since_ms // 1000
    return AttemptObject(
        method=attempt.method,
        route=attempt.route,
        error=attempt.error,
        message=attempt.message,
        more=attempt.more,
        since=since,
    )


def _to_details(event: AuditEvent) -> dict[str, Any]:
    """What OpenAI has under the name of the type."""
    if event.attempt is not None:
        details = {"error_code": event.attempt.error, "error_message": event.attempt.message}
        return details if event.action == AuditAction.LOGIN_FAILED else {"id": event.target_id, **details}
    if str(event.action).endswith(".created"):
        return {"id": event.target_id, "data": event.after}
    if event.after is None or event.action == AuditAction.PROJECT_ARCHIVED:
        return {"id": event.target_id}
    return {"id": event.target_id, "changes_requested": event.after}
