"""`organization.project.service_account` and the keys that are issued with one."""

from __future__ import annotations

from typing import Literal

from admin.operations.issued_keys import IssuedKey, KeyDraft, ServiceAccountOwner
from admin.operations.service_accounts import FIRST_KEY_NAME, ServiceAccountDraft
from admin.schemas.text import Name
from admin.schemas.wire import ExpiresInSeconds, ListedObject, RequestBody, ResponseBody
from tenants.errors import InvalidArgument
from tenants.tenant import ServiceAccount


class ServiceAccountCreate(RequestBody):
    name: Name
    create_service_account_only: bool | None = None
    expires_in_seconds: ExpiresInSeconds | None = None

    def to_draft(self) -> ServiceAccountDraft:
        """Raises InvalidArgument for an expiry of a key that is not wanted."""
        if self.create_service_account_only and self.expires_in_seconds is not None:
            raise InvalidArgument(
                "'expires_in_seconds' is of the first key: it cannot be combined with 'create_service_account_only'.",
                "expires_in_seconds",
            )
        return ServiceAccountDraft(self.name, not self.create_service_account_only, self.expires_in_seconds)


class ServiceAccountUpdate(RequestBody):
    """What is not given stays. `role` is OpenAI's; there is one here, and it may be said."""

    name: Name | None = None
    role: Literal["member"] | None = None


class ServiceAccountKeyCreate(RequestBody):
    name: Name = FIRST_KEY_NAME
    expires_in_seconds: ExpiresInSeconds | None = None

    def to_draft(self, service_account_id: str) -> KeyDraft:
        return KeyDraft(self.name, ServiceAccountOwner(service_account_id), self.expires_in_seconds)


class ServiceAccountKeyObject(ResponseBody):
    """A service account's new key. `value` is shown here only."""

    object: Literal["organization.project.service_account.api_key"] = "organization.project.service_account.api_key"
    id: str
    name: str
    value: str
    created_at: int
    expires_at: int | None

    @classmethod
    def from_issued(cls, issued: IssuedKey) -> ServiceAccountKeyObject:
        key = issued.record.key
        return cls(
            id=key.id, name=key.name, value=issued.secret.text, created_at=key.created_at, expires_at=key.expires_at
        )


class ServiceAccountObject(ListedObject):
    """`role` is always `member`: a service account calls models and administers nothing."""

    object: Literal["organization.project.service_account"] = "organization.project.service_account"
    name: str
    role: Literal["member"] = "member"
    created_at: int

    @classmethod
    def from_account(cls, account: ServiceAccount) -> ServiceAccountObject:
        return cls(id=account.id, name=account.name, created_at=account.created_at)


class CreatedServiceAccountObject(ServiceAccountObject):
    api_key: ServiceAccountKeyObject | None

    @classmethod
    def from_created(cls, account: ServiceAccount, issued: IssuedKey | None) -> CreatedServiceAccountObject:
        api_key = None if issued is None else ServiceAccountKeyObject.from_issued(issued)
        return cls(id=account.id, name=account.name, created_at=account.created_at, api_key=api_key)


class ServiceAccountDeleted(ResponseBody):
    object: Literal["organization.project.service_account.deleted"] = "organization.project.service_account.deleted"
    id: str
    deleted: Literal[True] = True
