"""What `tenants.administrators` promises, on every engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tenants.admin_key import AdminKey
from tenants.audit import AuditAction
from tenants.dynamo_administrators import DynamoAdministrators
from tenants.dynamo_models import bind
from tenants.errors import Conflict, NotFound
from tenants.roles import Role, RoleBinding
from tenants.secret import Fingerprint
from tests.tenants.samples import NOW, an_audit
from tests.tenants.stores import Store

KEY = AdminKey(
    "admin_key_1", "ci \U0001f600", RoleBinding(Role.ORG_OWNER), Fingerprint("p1", "ab" * 32), "wxyz", NOW, "admin_1"
)
FULL_KEY = replace(
    KEY, binding=RoleBinding(Role.PROJECT_MEMBER, "proj_1", "anna"), expires_at=NOW + 60, last_used_at=NOW
)


@pytest.fixture
async def administrators(store: Store) -> AsyncIterator[DynamoAdministrators]:
    opened = DynamoAdministrators(bind(store.ground.access, store.tables), lambda: NOW * 1000)
    yield opened
    await opened.close()


@pytest.mark.parametrize("key", [KEY, FULL_KEY], ids=["smallest", "full"])
async def test_an_admin_key_is_read_as_written_and_gone_when_deleted(
    administrators: DynamoAdministrators, key: AdminKey
) -> None:
    await administrators.create_admin_key(key, an_audit())
    assert await administrators.find_admin_key(key.id) == key
    await administrators.delete_admin_key(key, an_audit())
    assert await administrators.find_admin_key(key.id) is None


async def test_an_id_is_given_once(administrators: DynamoAdministrators, store: Store) -> None:
    await administrators.create_admin_key(KEY, an_audit())
    audit_ids = await store.list_audit_ids()
    with pytest.raises(Conflict):
        await administrators.create_admin_key(replace(KEY, name="other"), an_audit())
    assert await administrators.find_admin_key(KEY.id) == KEY
    assert await store.list_audit_ids() == audit_ids


async def test_deleting_what_is_not_there_is_told_and_leaves_no_trace(
    administrators: DynamoAdministrators, store: Store
) -> None:
    audit_ids = await store.list_audit_ids()
    with pytest.raises(NotFound):
        await administrators.delete_admin_key(KEY, an_audit())
    assert await store.list_audit_ids() == audit_ids


async def test_every_change_writes_its_audit_entry(administrators: DynamoAdministrators, store: Store) -> None:
    before = await store.list_audit_ids()
    audits = [an_audit(AuditAction.ADMIN_API_KEY_CREATED), an_audit(AuditAction.ADMIN_API_KEY_DELETED)]
    await administrators.create_admin_key(KEY, audits[0])
    await administrators.delete_admin_key(KEY, audits[1])
    assert await store.list_audit_ids() == [*before, *(each.id for each in audits)]


@pytest.mark.parametrize("descending", [False, True])
async def test_keys_are_listed_in_either_order_in_pages_that_miss_and_repeat_none(
    administrators: DynamoAdministrators, descending: bool
) -> None:
    ids = [f"admin_key_{number:03}" for number in range(25)]
    await asyncio.gather(*(administrators.create_admin_key(replace(KEY, id=each), an_audit()) for each in ids))
    for limit in (1, 7, 24, 25, 26):
        listed: list[str] = []
        has_more, after = True, None
        while has_more and len(listed) <= len(ids):
            page = await administrators.list_admin_keys(after, limit, descending=descending)
            listed += [each.id for each in page.items]
            has_more, after = page.has_more, listed[-1]
        assert listed == sorted(ids, reverse=descending)


async def test_a_use_is_noted_and_never_an_earlier_one(administrators: DynamoAdministrators) -> None:
    await administrators.create_admin_key(KEY, an_audit())
    seen = []
    for at_seconds in (NOW + 5, NOW + 3, NOW + 9):
        await administrators.note_use(KEY, at_seconds)
        found = await administrators.find_admin_key(KEY.id)
        seen.append(None if found is None else found.last_used_at)
    assert seen == [NOW + 5, NOW + 5, NOW + 9]


async def test_noting_the_use_of_a_deleted_key_does_not_bring_it_back(administrators: DynamoAdministrators) -> None:
    await administrators.note_use(KEY, NOW)
    assert await administrators.find_admin_key(KEY.id) is None


async def test_of_many_deletions_at_once_one_is_the_one_that_did_it(administrators: DynamoAdministrators) -> None:
    await administrators.create_admin_key(KEY, an_audit())
    results = await asyncio.gather(
        *(administrators.delete_admin_key(KEY, an_audit()) for _ in range(8)), return_exceptions=True
    )
    assert [each for each in results if each is None] == [None]
    assert all(each is None or isinstance(each, NotFound) for each in results)
    assert await administrators.find_admin_key(KEY.id) is None


async def test_a_row_of_a_newer_process_is_read_without_what_is_new_in_it(
    administrators: DynamoAdministrators, store: Store
) -> None:
    await administrators.create_admin_key(KEY, an_audit())
    body = {
        "TableName": store.tables.core,
        "Key": {"pk": {"S": "ADMIN_KEYS"}, "sk": {"S": KEY.id}},
        "UpdateExpression": "SET scopes = :s",
        "ExpressionAttributeValues": {":s": {"L": []}},
    }
    await store.client.call("UpdateItem", body, repeatable=False)
    assert await administrators.find_admin_key(KEY.id) == KEY


async def test_a_key_with_a_role_that_only_newer_processes_know_is_no_key(
    administrators: DynamoAdministrators, store: Store
) -> None:
    await administrators.create_admin_key(KEY, an_audit())
    await administrators.create_admin_key(replace(KEY, id="admin_key_2"), an_audit())
    body = {
        "TableName": store.tables.core,
        "Key": {"pk": {"S": "ADMIN_KEYS"}, "sk": {"S": KEY.id}},
        "UpdateExpression": "SET #r = :r",
        "ExpressionAttributeNames": {"#r": "role"},
        "ExpressionAttributeValues": {":r": {"S": "org.auditor"}},
    }
    await store.client.call("UpdateItem", body, repeatable=False)
    assert await administrators.find_admin_key(KEY.id) is None
    page = await administrators.list_admin_keys(None, 5)
    assert [each.id for each in page.items] == ["admin_key_2"]
