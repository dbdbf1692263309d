"""What `tenants.users` promises, on every engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tenants.audit import AuditAction
from tenants.dynamo_models import bind
from tenants.dynamo_users import DynamoUsers
from tenants.errors import Conflict, NotFound
from tenants.roles import Role, RoleBinding
from tenants.tenant import TenantStatus
from tenants.user import Member, MemberRole, User, UserRole
from tests.tenants.samples import KEY, NOW, TENANT, an_audit
from tests.tenants.stores import Store, later_tenant

ANNA = User("anna@example.com", NOW, UserRole.READER, "anna@example.com", "Anna \U0001f600")
MEMBER = Member(TENANT.id, ANNA.id, MemberRole.OWNER, NOW, ANNA.email, ANNA.name)


@pytest.fixture
async def users(store: Store) -> AsyncIterator[DynamoUsers]:
    opened = DynamoUsers(bind(store.ground.access, store.tables), lambda: NOW * 1000)
    yield opened
    await opened.close()


async def test_a_user_is_read_as_written_changed_and_gone_when_deleted(users: DynamoUsers) -> None:
    await users.add_member(MEMBER, ANNA, an_audit())
    assert await users.find_user(ANNA.id) == ANNA
    owner = replace(ANNA, role=UserRole.OWNER, name=None)
    await users.update_user(owner, an_audit())
    assert await users.find_user(ANNA.id) == owner
    await users.delete_user(owner, an_audit())
    assert await users.find_user(ANNA.id) is None


async def test_a_member_is_read_as_written_changed_and_gone_when_removed(users: DynamoUsers) -> None:
    await users.add_member(MEMBER, ANNA, an_audit())
    assert await users.find_member(TENANT.id, ANNA.id) == MEMBER
    assert await users.list_projects_of(ANNA.id) == (TENANT.id,)
    changed = replace(MEMBER, role=MemberRole.MEMBER, email=None, name=None)
    await users.update_member(changed, an_audit())
    assert await users.find_member(TENANT.id, ANNA.id) == changed
    await users.delete_member(changed, an_audit())
    assert await users.find_member(TENANT.id, ANNA.id) is None
    assert await users.list_projects_of(ANNA.id) == ()


def test_a_member_may_what_its_role_in_the_project_may() -> None:
    assert MEMBER.binding == RoleBinding(Role.PROJECT_OWNER, TENANT.id, ANNA.id)
    assert replace(MEMBER, role=MemberRole.MEMBER).binding == RoleBinding(Role.PROJECT_MEMBER, TENANT.id, ANNA.id)


async def test_a_known_user_is_put_into_a_second_project(users: DynamoUsers, store: Store) -> None:
    await store.directory.create_tenant(replace(TENANT, id="proj_2"), an_audit())
    await users.add_member(MEMBER, ANNA, an_audit())
    await users.add_member(replace(MEMBER, tenant_id="proj_2"), None, an_audit())
    assert await users.list_projects_of(ANNA.id) == (TENANT.id, "proj_2")
    assert [each.user_id for each in (await users.list_members("proj_2", None, 5)).items] == [ANNA.id]


async def test_refused_changes_leave_no_trace(users: DynamoUsers, store: Store) -> None:
    await users.add_member(MEMBER, ANNA, an_audit())
    audit_ids = await store.list_audit_ids()
    bob = replace(MEMBER, user_id="bob")
    for error, change in (
        (Conflict, users.add_member(MEMBER, None, an_audit())),
        (Conflict, users.add_member(bob, ANNA, an_audit())),
        (NotFound, users.add_member(bob, None, an_audit())),
        (NotFound, users.add_member(replace(bob, tenant_id="proj_9"), User("bob", NOW), an_audit())),
        (NotFound, users.update_member(bob, an_audit())),
        (NotFound, users.delete_member(bob, an_audit())),
        (NotFound, users.update_user(User("bob", NOW), an_audit())),
        (NotFound, users.delete_user(User("bob", NOW), an_audit())),
    ):
        with pytest.raises(error):
            await change
    assert (await users.list_users(None, 9)).items == (ANNA,)
    assert (await users.list_members(TENANT.id, None, 9)).items == (MEMBER,)
    assert await users.list_projects_of("bob") == ()
    assert await store.list_audit_ids() == audit_ids


async def test_an_archived_project_gets_no_users(users: DynamoUsers, store: Store) -> None:
    await store.directory.update_tenant(later_tenant(TENANT, status=TenantStatus.ARCHIVED, archived_at=NOW), an_audit())
    with pytest.raises(NotFound):
        await users.add_member(MEMBER, ANNA, an_audit())
    assert await users.find_user(ANNA.id) is None


async def test_users_and_members_are_listed_in_pages_that_miss_and_repeat_none(
    users: DynamoUsers, store: Store
) -> None:
    ids = [f"user{number:02}" for number in range(15)]
    await store.directory.create_key(KEY, an_audit())
    await asyncio.gather(
        *(users.add_member(replace(MEMBER, user_id=each), replace(ANNA, id=each), an_audit()) for each in ids)
    )
    for limit in (1, 7, 14, 15, 16):
        for members in (False, True):
            listed: list[str] = []
            has_more, after = True, None
            while has_more and len(listed) <= len(ids):
                if members:
                    page = await users.list_members(TENANT.id, after, limit)
                    listed, has_more = listed + [each.user_id for each in page.items], page.has_more
                else:
                    people = await users.list_users(after, limit)
                    listed, has_more = listed + [each.id for each in people.items], people.has_more
                after = listed[-1]
            assert listed == ids


async def test_of_many_who_add_the_same_user_at_once_one_does(users: DynamoUsers) -> None:
    results = await asyncio.gather(
        *(users.add_member(MEMBER, ANNA, an_audit()) for _ in range(8)), return_exceptions=True
    )
    assert [each for each in results if each is None] == [None]
    assert all(each is None or isinstance(each, Conflict) for each in results)
    assert (await users.list_members(TENANT.id, None, 9)).items == (MEMBER,)


async def test_every_change_writes_its_audit_entry(users: DynamoUsers, store: Store) -> None:
    before = await store.list_audit_ids()
    audits = [an_audit(AuditAction.USER_UPDATED) for _ in range(5)]
    await users.add_member(MEMBER, ANNA, audits[0])
    await users.update_member(MEMBER, audits[1])
    await users.update_user(ANNA, audits[2])
    await users.delete_member(MEMBER, audits[3])
    await users.delete_user(ANNA, audits[4])
    assert await store.list_audit_ids() == [*before, *(each.id for each in audits)]
