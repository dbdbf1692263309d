"""Bodies of the extensions that issue, update and rotate a key."""

from __future__ import annotations

from typing import Annotated, Literal, TypeVar

from pydantic import Field, StringConstraints

from admin.identifiers import SERVICE_ACCOUNT, shape
from admin.operations.api_keys import KeyEdit
from admin.operations.issued_keys import KeyDraft, ServiceAccountOwner, UserOwner
from admin.operations.limits import revise_limits
from admin.operations.policies import revise
from admin.schemas.limits import KeyLimitsBody
from admin.schemas.model_permissions import ModelPermissionsBody
from admin.schemas.policies import PolicyBody
from admin.schemas.text import Email, Name, UserId
from admin.schemas.wire import LAST_TIMESTAMP, ExpiresInSeconds, RequestBody
from tenants.errors import InvalidArgument
from tenants.limits import NO_LIMITS
from tenants.policy import NO_POLICY

T = TypeVar("T")

# Longer than any roll-out of a new secret; a secret that is to live longer is a key of its own.
LONGEST_GRACE_SECONDS = 30 * 24 * 3600


class UserOwnerBody(RequestBody):
    type: Literal["user"] = "user"
    user_id: UserId | None = None
    name: Name | None = None
    email: Email | None = None

    def to_owner(self) -> UserOwner:
        return UserOwner(self.user_id, self.name, self.email)


class ServiceAccountOwnerBody(RequestBody):
    type: Literal["service_account"]
    service_account_id: Annotated[str, StringConstraints(pattern=shape(SERVICE_ACCOUNT))]

    def to_owner(self) -> ServiceAccountOwner:
        return ServiceAccountOwner(self.service_account_id)


OwnerBody = Annotated[UserOwnerBody | ServiceAccountOwnerBody, Field(discriminator="type")]


class ApiKeyIssue(KeyLimitsBody):
    """Without an `owner`, the key is a user of its own, named as the key."""

    name: Name
    owner: OwnerBody = UserOwnerBody()
    expires_in_seconds: ExpiresInSeconds | None = None
    models: ModelPermissionsBody | None = None
    policy: PolicyBody | None = None

    def to_draft(self) -> KeyDraft:
        """Raises InvalidArgument for a policy that is too large, and for limits that cannot be held."""
        models = None if self.models is None else self.models.to_permissions()
        policy = NO_POLICY if self.policy is None else revise(NO_POLICY, self.policy.to_edit(), "policy.")
        limits = revise_limits(NO_LIMITS, self.to_limits_edit())
        return KeyDraft(self.name, self.owner.to_owner(), self.expires_in_seconds, models, policy, limits)


class ApiKeyUpdate(KeyLimitsBody):
    """Absent fields stay, those of `policy` as well. `models` null lifts the key's own restriction, `expires_at` null
    its expiry, `policy` null clears its policy; a limit that is null is lifted."""

    name: Name | None = None
    expires_in_seconds: ExpiresInSeconds | None = None
    expires_at: Annotated[int, Field(ge=0, le=LAST_TIMESTAMP, description="Unix seconds.")] | None = None
    models: ModelPermissionsBody | None = None
    policy: PolicyBody | None = None

    def to_edit(self, now: int) -> KeyEdit:
        """The fields that were given. Raises InvalidArgument for an expiry given twice or a null that means nothing."""
        given = self.model_fields_set
        if {"expires_in_seconds", "expires_at"} <= given:
            raise InvalidArgument("Give either 'expires_in_seconds' or 'expires_at', not both.", "expires_at")
        edit = KeyEdit()
        if "name" in given:
            edit["name"] = _not_null("name", self.name)
        if "expires_in_seconds" in given:
            edit["expires_at"] = now + _not_null("expires_in_seconds", self.expires_in_seconds)
        if "expires_at" in given:
            edit["expires_at"] = self.expires_at
        if "models" in given:
            edit["models"] = None if self.models is None else self.models.to_permissions()
        if "policy" in given:
            edit["policy"] = PolicyBody().to_whole_edit() if self.policy is None else self.policy.to_edit()
        limits = self.to_limits_edit()
        if limits:
            edit["limits"] = limits
        return edit


def _not_null(name: str, value: T | None) -> T:
    # Leaving the field alone would be a guess: on issue, a null `expires_in_seconds` means never.
    if value is None:
        raise InvalidArgument(f"'{name}' cannot be null: omit it to keep it; 'expires_at' null lifts an expiry.", name)
    return value


class ApiKeyRotate(RequestBody):
    grace_period_seconds: Annotated[
        int, Field(ge=0, le=LONGEST_GRACE_SECONDS, description="How long the replaced secret works on.")
    ] = 0
