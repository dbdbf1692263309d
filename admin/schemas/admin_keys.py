"""`organization.admin_api_key` as OpenAI shows it; `role`, `project_id`, `user_id` extend it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from admin.identifiers import PROJECT, shape
from admin.operations.admin_keys import AdminKeyDraft, MadeAdminKey
from admin.schemas.text import Name, UserId
from admin.schemas.wire import ExpiresInSeconds, ListedObject, PageQuery, RequestBody, ResponseBody
from tenants.admin_key import AdminKey
from tenants.errors import InvalidArgument
from tenants.roles import Role, RoleBinding
from tenants.secret import ADMIN_PREFIX

AdminRole = Literal["owner", "viewer", "project_owner", "project_member"]

ROLES: dict[AdminRole, Role] = {
    "owner": Role.ORG_OWNER,
    "viewer": Role.ORG_VIEWER,
    "project_owner": Role.PROJECT_OWNER,
    "project_member": Role.PROJECT_MEMBER,
}
_NAMES = {role: name for name, role in ROLES.items()}


class AdminKeyListQuery(PageQuery):
    order: Literal["asc", "desc"] = "asc"


class AdminKeyCreate(RequestBody):
    """Roles of a project need its `project_id`; `project_member` needs `user_id`, the owner of the keys it reaches."""

    name: Name
    expires_in_seconds: ExpiresInSeconds | None = None
    role: AdminRole = "owner"
    project_id: Annotated[str, StringConstraints(pattern=shape(PROJECT))] | None = None
    user_id: UserId | None = None

    def to_draft(self) -> AdminKeyDraft:
        """Raises InvalidArgument for a role without its project or user, and for a project without its role."""
        role = ROLES[self.role]
        if role.of_project and self.project_id is None:
            raise InvalidArgument(f"The role '{self.role}' is of one project: give its 'project_id'.", "project_id")
        if self.project_id is not None and not role.of_project:
            raise InvalidArgument(
                f"The role '{self.role}' is of the whole organization. Leave 'project_id' out, or choose "
                "'project_owner' or 'project_member'.",
                "project_id",
            )
        if role is Role.PROJECT_MEMBER and self.user_id is None:
            raise InvalidArgument(
                "The role 'project_member' reaches the keys of one user: give the 'user_id' that they are owned by.",
                "user_id",
            )
        return AdminKeyDraft(self.name, RoleBinding(role, self.project_id, self.user_id), self.expires_in_seconds)


class AdminKeyOwnerObject(ResponseBody):
    """Whose the key is: the user it was made for, or else whoever made it. `type` is always `user`, as with OpenAI."""

    type: Literal["user"] = "user"
    object: Literal["organization.user"] = "organization.user"
    id: str
    name: str
    created_at: int
    role: str


class AdminKeyObject(ListedObject):
    object: Literal["organization.admin_api_key"] = "organization.admin_api_key"
    name: str
    redacted_value: str
    created_at: int
    expires_at: int | None
    last_used_at: Annotated[int | None, Field(description="Unix seconds, exact to an hour.")]
    owner: AdminKeyOwnerObject
    role: AdminRole
    project_id: str | None
    user_id: str | None

    @classmethod
    def from_key(cls, key: AdminKey) -> AdminKeyObject:
        role = _NAMES[key.binding.role]
        return cls(
            id=key.id,
            name=key.name,
            redacted_value=f"{ADMIN_PREFIX}...{key.hint}",
            created_at=key.created_at,
            expires_at=key.expires_at,
            last_used_at=key.last_used_at,
            owner=AdminKeyOwnerObject(id=key.owner_id, name=key.owner_id, created_at=key.created_at, role=role),
            role=role,
            project_id=key.binding.project_id,
            user_id=key.binding.user_id,
        )


class MadeAdminKeyObject(AdminKeyObject):
    """An admin key with its secret. `value` is shown here only."""

    value: str

    @classmethod
    def from_made(cls, made: MadeAdminKey) -> MadeAdminKeyObject:
        return cls(**dict(AdminKeyObject.from_key(made.key)), value=made.secret.text)


class AdminKeyDeleted(ResponseBody):
    object: Literal["organization.admin_api_key.deleted"] = "organization.admin_api_key.deleted"
    id: str
    deleted: Literal[True] = True
