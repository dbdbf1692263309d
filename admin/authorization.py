"""Whether a requester may do what a route does, before anything of the request's body is read."""

from __future__ import annotations

from admin.identifiers import unknown
from tenants.errors import InsufficientPermissions
from tenants.roles import Access, Permission


def authorize(access: Access, permission: Permission, project_id: str | None) -> None:
    """`project_id` is that of the request's path, None where it has none.

    Raises NotFound for a project that the requester does not see, in the words for one that does not exist;
    InsufficientPermissions for what it sees and may not do. Neither depends on what there is.
    """
    if project_id is not None and not access.sees_project(project_id):
        raise unknown("project", project_id)
    if not access.may(permission, project_id):
        raise InsufficientPermissions(permission)
