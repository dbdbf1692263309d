from __future__ import annotations

from dataclasses import replace

import pytest

from admin.control_plane import ControlPlane, Requester
from admin.operations.admin_keys import AdminKeyDraft, create_admin_key, delete_admin_key, get_admin_key
from admin.operations.projects import create_project
from tenants.errors import InsufficientPermissions
from tenants.roles import FULL_ACCESS, Access, Role, RoleBinding


async def test_who_sees_all_admin_keys_by_one_role_deletes_those_alone_that_another_role_may_delete(
    control: ControlPlane, requester: Requester
) -> None:
    """A person may be a viewer of the organization by one group, and the owner of a project by another."""
    owner = replace(requester, access=FULL_ACCESS)
    p, q = [(await create_project(control, owner, name)).id for name in ("p", "q")]
    lead = RoleBinding(Role.PROJECT_OWNER, p, "anna")
    both = replace(requester, access=Access((RoleBinding(Role.ORG_VIEWER, None, "anna"), lead)))
    for binding in (
        RoleBinding(Role.ORG_OWNER),
        RoleBinding(Role.ORG_VIEWER),
        RoleBinding(Role.PROJECT_OWNER, q),
        RoleBinding(Role.PROJECT_MEMBER, q, "bob"),
    ):
        made = await create_admin_key(control, owner, AdminKeyDraft("ci", binding))
        assert await get_admin_key(control, both, made.key.id) == made.key
        with pytest.raises(InsufficientPermissions):
            await delete_admin_key(control, both, made.key.id)
        assert await get_admin_key(control, owner, made.key.id) == made.key
    for binding in (RoleBinding(Role.PROJECT_OWNER, p), RoleBinding(Role.PROJECT_MEMBER, p, "bob")):
        made = await create_admin_key(control, owner, AdminKeyDraft("ci", binding))
        await delete_admin_key(control, both, made.key.id)
