"""The audit trail: one entry per change of the control plane, written in the transaction that makes the change, and
one per attempt that was refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from tenants.idempotency import HeldClaim


class AuditAction(StrEnum):
    """What was done, in OpenAI's names of audit events where it has one."""

    LOGIN_FAILED = "login.failed"
    REQUEST_REFUSED = "request.refused"
    PROJECT_CREATED = "project.created"
    PROJECT_UPDATED = "project.updated"
    PROJECT_ARCHIVED = "project.archived"
    RATE_LIMIT_UPDATED = "rate_limit.updated"
    RATE_LIMIT_DELETED = "rate_limit.deleted"
    SPEND_LIMIT_UPDATED = "spend_limit.updated"
    SPEND_LIMIT_DELETED = "spend_limit.deleted"
    SPEND_ALERT_CREATED = "spend_alert.created"
    SPEND_ALERT_UPDATED = "spend_alert.updated"
    SPEND_ALERT_DELETED = "spend_alert.deleted"
    SERVICE_ACCOUNT_CREATED = "service_account.created"
    SERVICE_ACCOUNT_UPDATED = "service_account.updated"
    SERVICE_ACCOUNT_DELETED = "service_account.deleted"
    API_KEY_CREATED = "api_key.created"
    API_KEY_IMPORTED = "api_key.imported"
    API_KEY_UPDATED = "api_key.updated"
    API_KEY_ROTATED = "api_key.rotated"
    API_KEY_DISABLED = "api_key.disabled"
    API_KEY_ENABLED = "api_key.enabled"
    API_KEY_DELETED = "api_key.deleted"
    API_KEY_LEAKED = "api_key.leaked"
    USER_ADDED = "user.added"
    USER_UPDATED = "user.updated"
    USER_DELETED = "user.deleted"
    ADMIN_API_KEY_CREATED = "admin_api_key.created"
    ADMIN_API_KEY_DELETED = "admin_api_key.deleted"


class Outcome(StrEnum):
    SUCCESS = "success"
    REFUSED = "refused"


ORGANIZATION = "organization"
"""Stands for the tenant of a change that is not of one tenant's: no tenant has such an id."""

UNKNOWN_ACTOR_ID = "unknown"
"""Of whoever showed no valid credential."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts on the control plane: the id of the admin key or of the person, and the address the request came from.

    `name` and `email` are for people to read. `role` is the largest one that the actor has.
    """

    id: str
    address: str | None = None
    name: str | None = None
    email: str | None = None
    role: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was asked for and refused. `route` is the path's pattern, `error` the kind of the refusal; `message` shows
    no secret. `more` attempts of the same origin since `since_ms` have no entry of their own: they are counted here."""

    method: str
    route: str
    error: str
    message: str | None = None
    more: int = 0
    since_ms: int | None = None


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """`before` and `after` hold the fields that changed, never a secret or a fingerprint. `attempt` is there where
    nothing was changed, because it was refused; then `target_id` is what was asked for, if anything was named. An
    action that a newer version wrote is its name. `claim` is not stored: under it, the change is made once."""

    id: str
    at_ms: int
    action: AuditAction | str
    actor: Actor
    tenant_id: str
    target_id: str
    request_id: str | None = None
    before: Mapping[str, object] | None = None
    after: Mapping[str, object] | None = None
    attempt: Attempt | None = None
    claim: HeldClaim | None = None

    @property
    def outcome(self) -> Outcome:
        return Outcome.SUCCESS if self.attempt is None else Outcome.REFUSED
