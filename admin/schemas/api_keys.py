"""`organization.project.api_key` as OpenAI shows it; `status`, `models`, `policy`, `imported`, `version`, limits
extend it."""

from __future__ import annotations

from typing import Literal

from admin.operations.issued_keys import IssuedKey, RotatedKey
from admin.schemas.limits_fields import KeyLimitsFields
from admin.schemas.model_permissions import ModelPermissionsFields
from admin.schemas.policies import PolicyFields
from admin.schemas.wire import ListedObject, PageQuery, ResponseBody
from tenants.key import Owner, OwnerKind
from tenants.principal import KeyRecord
from tenants.secret import KEY_PREFIX
from tenants.tenant import Tenant, TenantStatus

Access = Literal["active", "inactive"]


class ApiKeyListQuery(PageQuery):
    owner_project_access: Literal["active", "inactive", "any"] = "any"

    def selects(self, tenant: Tenant) -> bool:
        """Whether the owners of this project's keys are among those asked for: access is the project's."""
        return self.owner_project_access in ("any", owner_project_access(tenant))


def owner_project_access(tenant: Tenant) -> Access:
    """Owners have access to a project until it is archived; a deleted service account has no keys left."""
    return "active" if tenant.status is TenantStatus.ACTIVE else "inactive"


class ServiceAccountOwnerObject(ResponseBody):
    id: str
    name: str
    created_at: int
    role: Literal["member"] = "member"


class UserOwnerObject(ResponseBody):
    """`email` is empty where none was given: OpenAI's type has no null there."""

    id: str
    name: str
    email: str
    created_at: int
    role: Literal["member"] = "member"


class OwnerObject(ResponseBody):
    type: Literal["user", "service_account"]
    user: UserOwnerObject | None = None
    service_account: ServiceAccountOwnerObject | None = None

    @classmethod
    def from_owner(cls, owner: Owner) -> OwnerObject:
        if owner.kind is OwnerKind.SERVICE_ACCOUNT:
            account = ServiceAccountOwnerObject(id=owner.id, name=owner.name, created_at=owner.created_at)
            return cls(type="service_account", service_account=account)
        user = UserOwnerObject(id=owner.id, name=owner.name, email=owner.email or "", created_at=owner.created_at)
        return cls(type="user", user=user)


class ApiKeyObject(KeyLimitsFields, ListedObject):
    object: Literal["organization.project.api_key"] = "organization.project.api_key"
    name: str
    redacted_value: str
    created_at: int
    last_used_at: int | None = None
    expires_at: int | None
    owner: OwnerObject
    owner_project_access: Access
    status: Literal["active", "disabled"]
    models: ModelPermissionsFields | None
    policy: PolicyFields | None
    imported: bool
    version: int

    @classmethod
    def from_record(cls, record: KeyRecord, last_used_at: int | None = None) -> ApiKeyObject:
        key = record.key
        return cls(
            id=key.id,
            name=key.name,
            redacted_value=f"{'' if key.imported else KEY_PREFIX}...{key.hint}",
            created_at=key.created_at,
            last_used_at=last_used_at,
            expires_at=key.expires_at,
            owner=OwnerObject.from_owner(key.owner),
            owner_project_access=owner_project_access(record.tenant),
            status=key.status.value,
            models=None if key.models is None else ModelPermissionsFields.from_permissions(key.models),
            policy=None if key.policy.is_empty else PolicyFields.from_policy(key.policy),
            imported=key.imported,
            version=key.version,
            **dict(KeyLimitsFields.from_limits(key.limits)),
        )


class IssuedApiKeyObject(ApiKeyObject):
    """Extension: a key with its secret. `value` is shown here only."""

    value: str

    @classmethod
    def from_issued(cls, issued: IssuedKey) -> IssuedApiKeyObject:
        shown = ApiKeyObject.from_record(issued.record)
        return cls(**dict(shown), value=issued.secret.text)


class RotatedApiKeyObject(IssuedApiKeyObject):
    """Extension: a key with its new secret. The replaced one works until `previous_expires_at` (Unix seconds)."""

    previous_expires_at: int

    @classmethod
    def from_rotated(cls, rotated: RotatedKey) -> RotatedApiKeyObject:
        shown = IssuedApiKeyObject.from_issued(rotated.issued)
        return cls(**dict(shown), previous_expires_at=rotated.previous_expires_at)


class ApiKeyDeleted(ResponseBody):
    object: Literal["organization.project.api_key.deleted"] = "organization.project.api_key.deleted"
    id: str
    deleted: Literal[True] = True
