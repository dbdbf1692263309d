"""`project.model_permissions`, and the same pair of fields as a key's extension `models`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from admin.schemas.wire import RequestBody, ResponseBody
from tenants.permissions import ModelPermissions, PermissionMode

Mode = Literal["allow_list", "deny_list"]

# Ids, ARNs and globs of them. With these bounds, a list stays within a third of DynamoDB's 400 KB for an item, so
# that its audit event can hold the former and the new one.
ModelId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z._:/@*?!\[\]-]{1,512}$")]
ModelIds = Annotated[list[ModelId], Field(max_length=256, description="Model ids; `*`, `?` and `[...]` are globs.")]


class ModelPermissionsBody(RequestBody):
    """An empty allow list allows nothing; an empty deny list denies nothing."""

    mode: Mode
    model_ids: ModelIds

    def to_permissions(self) -> ModelPermissions:
        return ModelPermissions(PermissionMode(self.mode), tuple(self.model_ids))


class ModelPermissionsFields(ResponseBody):
    mode: Mode
    model_ids: list[str]

    @classmethod
    def from_permissions(cls, permissions: ModelPermissions) -> ModelPermissionsFields:
        return cls(mode=permissions.mode.value, model_ids=list(permissions.model_ids))


class ModelPermissionsObject(ResponseBody):
    object: Literal["project.model_permissions"] = "project.model_permissions"
    mode: Mode
    model_ids: list[str]

    @classmethod
    def from_permissions(cls, permissions: ModelPermissions | None) -> ModelPermissionsObject:
        """No permissions are shown as what they amount to: a deny list that denies nothing. The SDK wants a mode."""
        if permissions is None:
            return cls(mode="deny_list", model_ids=[])
        return cls(mode=permissions.mode.value, model_ids=list(permissions.model_ids))


class ModelPermissionsDeleted(ResponseBody):
    object: Literal["project.model_permissions.deleted"] = "project.model_permissions.deleted"
    deleted: Literal[True] = True
