from __future__ import annotations

from dataclasses import replace

import pytest

from admin.control_plane import ControlPlane, Requester
from admin.operations.admin_keys import AdminKeyDraft, create_admin_key, delete_admin_key, get_admin_key
from admin.operations.members import MemberDraft, add_member, remove_member
from admin.operations.projects import create_project
from admin.operations.users import delete_user
from tenants.audit import Actor
from tenants.errors import InsufficientPermissions, NotFound
from tenants.roles import FULL_ACCESS, Access, Role, RoleBinding
from tenants.user import MemberRole


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


async def test_who_leaves_takes_the_admin_keys_along_that_it_made_for_nobody_else(
    control: ControlPlane, requester: Requester
) -> None:
    """Somebody who signed in as a project's owner, and made a key there without saying whose it is."""
    owner = replace(requester, access=FULL_ACCESS)
    p, q = [(await create_project(control, owner, name)).id for name in ("p", "q")]
    anna = replace(owner, actor=Actor("anna"))
    await add_member(control, owner, p, MemberDraft("anna", MemberRole.OWNER))

    async def made(by: Requester, project_id: str, user_id: str | None = None) -> str:
        binding = RoleBinding(Role.PROJECT_OWNER, project_id, user_id)
        return (await create_admin_key(control, by, AdminKeyDraft("ci", binding))).key.id

    in_p, in_q = await made(anna, p), await made(anna, q)
    staying = [await made(anna, p, "bob"), await made(owner, p)]
    await remove_member(control, owner, p, "anna")
    with pytest.raises(NotFound):
        await get_admin_key(control, owner, in_p)
    assert (await get_admin_key(control, owner, in_q)).created_by == "anna"
    await delete_user(control, owner, "anna")
    with pytest.raises(NotFound):
        await get_admin_key(control, owner, in_q)
    for key_id in staying:
        await get_admin_key(control, owner, key_id)
