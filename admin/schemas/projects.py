"""`organization.project`, which the domain calls a tenant."""

from __future__ import annotations

from typing import Literal

from admin.schemas.text import Name
from admin.schemas.wire import ListedObject, PageQuery, RequestBody
from tenants.tenant import Tenant


class ProjectCreate(RequestBody):
    name: Name


class ProjectUpdate(RequestBody):
    """`name` null or absent keeps the name, as with OpenAI."""

    name: Name | None = None


class ProjectListQuery(PageQuery):
    include_archived: bool = False


class ProjectObject(ListedObject):
    object: Literal["organization.project"] = "organization.project"
    name: str
    created_at: int
    archived_at: int | None
    status: Literal["active", "archived"]

    @classmethod
    def from_tenant(cls, tenant: Tenant) -> ProjectObject:
        return cls(
            id=tenant.id,
            name=tenant.name,
            created_at=tenant.created_at,
            archived_at=tenant.archived_at,
            status=tenant.status.value,
        )
