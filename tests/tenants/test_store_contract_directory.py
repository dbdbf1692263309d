"""What `tenants.store` promises of the Directory, on every engine."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from tenants.audit import AuditAction
from tenants.errors import Conflict, NotFound
from tenants.key import KeyStatus, Owner, OwnerKind
from tenants.permissions import ModelPermissions, PermissionMode
from tenants.secret import Fingerprint
from tenants.tenant import ServiceAccount, TenantStatus
from tests.tenants.samples import KEY, NOW, SERVICE_ACCOUNT, TENANT, an_audit
from tests.tenants.stores import Store, later, later_tenant

MODELS = ModelPermissions(PermissionMode.DENY_LIST, ("anthropic.*", "*ü*"))
ARCHIVED = later_tenant(TENANT, status=TenantStatus.ARCHIVED, archived_at=NOW)
FULL_KEY = replace(
    KEY,
    name="Über \U0001f600 \0",
    owner=Owner(OwnerKind.SERVICE_ACCOUNT, "svc_acct_1", "", NOW),
    fingerprints=(Fingerprint("p2", "cd" * 32), Fingerprint("p1", "ab" * 32, NOW + 60)),
    status=KeyStatus.DISABLED,
    expires_at=NOW + 3600,
    models=MODELS,
)
BESIDE_THE_IDS = ["", "key_", "\0", "\U0001f600", "zzz", "key_" + "9" * 900]


async def test_a_tenant_is_read_as_written(store: Store) -> None:
    tenant = replace(TENANT, id="proj_2", name="", models=MODELS)
    await store.directory.create_tenant(tenant, an_audit())
    assert await store.directory.get_tenant("proj_2") == tenant
    changed = later_tenant(tenant, status=TenantStatus.ARCHIVED, archived_at=NOW, models=None)
    await store.directory.update_tenant(changed, an_audit())
    assert await store.directory.get_tenant("proj_2") == changed


async def test_a_key_is_read_as_written(store: Store) -> None:
    await store.directory.create_service_account(SERVICE_ACCOUNT, an_audit())
    await store.directory.create_key(FULL_KEY, an_audit())
    assert await store.directory.get_key(TENANT.id, KEY.id) == FULL_KEY
    changed = later(FULL_KEY, expires_at=None, models=None, status=KeyStatus.ACTIVE)
    await store.directory.update_key(changed, an_audit())
    assert await store.directory.get_key(TENANT.id, KEY.id) == changed


async def test_a_service_account_is_read_as_written_and_gone_when_deleted(store: Store) -> None:
    await store.directory.create_service_account(SERVICE_ACCOUNT, an_audit())
    assert await store.directory.get_service_account(TENANT.id, SERVICE_ACCOUNT.id) == SERVICE_ACCOUNT
    renamed = replace(SERVICE_ACCOUNT, name="renamed")
    await store.directory.update_service_account(renamed, an_audit())
    assert await store.directory.get_service_account(TENANT.id, SERVICE_ACCOUNT.id) == renamed
    await store.directory.delete_service_account(SERVICE_ACCOUNT, an_audit())
    with pytest.raises(NotFound):
        await store.directory.get_service_account(TENANT.id, SERVICE_ACCOUNT.id)


async def test_tenants_are_listed_in_order_in_pages_that_miss_and_repeat_none(store: Store) -> None:
    ids = [f"proj_x{number:03}" for number in range(105)]
    await asyncio.gather(*(store.directory.create_tenant(replace(TENANT, id=each), an_audit()) for each in ids))
    page = await store.directory.list_tenants(None, 101)  # more than BatchGetItem takes at once
    assert ([each.id for each in page.items], page.has_more) == ([TENANT.id, *ids][:101], True)
    rest = await store.directory.list_tenants(page.items[-1].id, 101)
    assert ([each.id for each in rest.items], rest.has_more) == ([TENANT.id, *ids][101:], False)


async def test_keys_are_listed_in_order_in_pages_that_miss_and_repeat_none(store: Store) -> None:
    ids = [f"key_{number:03}" for number in range(105)]
    await asyncio.gather(*(store.directory.create_key(replace(KEY, id=each), an_audit()) for each in ids))
    for limit in (20, 104, 105, 106):
        listed: list[str] = []
        has_more, after = True, None
        while has_more and len(listed) <= len(ids):
            page = await store.directory.list_keys(TENANT.id, after, limit)
            listed += [each.id for each in page.items]
            has_more, after = page.has_more, listed[-1]
        assert listed == ids


async def test_service_accounts_are_listed_apart_from_keys(store: Store) -> None:
    ids = [f"svc_{number}" for number in range(5)]
    await store.directory.create_key(KEY, an_audit())
    for each in ids:
        await store.directory.create_service_account(ServiceAccount(each, TENANT.id, each, NOW), an_audit())
    page = await store.directory.list_service_accounts(TENANT.id, "svc_1", 2)
    assert ([each.id for each in page.items], page.has_more) == (["svc_2", "svc_3"], True)
    page = await store.directory.list_service_accounts(TENANT.id, "svc_3", 2)
    assert ([each.id for each in page.items], page.has_more) == (["svc_4"], False)
    assert [each.id for each in (await store.directory.list_keys(TENANT.id, None, 10)).items] == [KEY.id]


@pytest.mark.parametrize("after", BESIDE_THE_IDS, ids=ascii)
async def test_any_cursor_lists_what_sorts_after_it(store: Store, after: str) -> None:
    await store.directory.create_key(KEY, an_audit())
    await store.directory.create_service_account(SERVICE_ACCOUNT, an_audit())
    keys = await store.directory.list_keys(TENANT.id, after, 5)
    assert [each.id for each in keys.items] == ([KEY.id] if KEY.id > after else [])
    tenants = await store.directory.list_tenants(after, 5)
    assert [each.id for each in tenants.items] == ([TENANT.id] if TENANT.id > after else [])
    accounts = await store.directory.list_service_accounts(TENANT.id, after, 5)
    assert [each.id for each in accounts.items] == ([SERVICE_ACCOUNT.id] if SERVICE_ACCOUNT.id > after else [])


async def test_an_archived_tenant_is_still_listed_and_a_deleted_key_is_not(store: Store) -> None:
    await store.directory.create_key(KEY, an_audit())
    await store.directory.delete_key(KEY, an_audit())
    await store.directory.update_tenant(ARCHIVED, an_audit())
    assert (await store.directory.list_tenants(None, 5)).items == (ARCHIVED,)
    assert (await store.directory.list_keys(TENANT.id, None, 5)).items == ()


async def test_nothing_of_one_tenant_is_found_through_another(store: Store) -> None:
    await store.directory.create_tenant(replace(TENANT, id="proj_2"), an_audit())
    await store.directory.create_key(KEY, an_audit())
    await store.directory.create_service_account(SERVICE_ACCOUNT, an_audit())
    with pytest.raises(NotFound) as theirs:
        await store.directory.get_key("proj_2", KEY.id)
    with pytest.raises(NotFound) as nobodys:
        await store.directory.get_key("proj_2", "key_2")
    assert theirs.value.message == nobodys.value.message.replace("key_2", KEY.id)
    with pytest.raises(NotFound):
        await store.directory.get_service_account("proj_2", SERVICE_ACCOUNT.id)
    assert (await store.directory.list_keys("proj_2", None, 5)).items == ()
    assert (await store.directory.list_service_accounts("proj_2", None, 5)).items == ()


REFUSED: list[tuple[str, type[Exception], Callable[[Store], Awaitable[object]]]] = [
    ("tenant id taken", Conflict, lambda s: s.directory.create_tenant(replace(TENANT, name="other"), an_audit())),
    ("tenant of another version", Conflict, lambda s: s.directory.update_tenant(TENANT, an_audit())),
    ("no tenant", NotFound, lambda s: s.directory.update_tenant(replace(ARCHIVED, id="proj_9"), an_audit())),
    ("key id taken", Conflict, lambda s: s.directory.create_key(replace(KEY, name="other"), an_audit())),
    ("key of no tenant", NotFound, lambda s: s.directory.create_key(replace(KEY, id="k", tenant_id="p"), an_audit())),
    ("key of another version", Conflict, lambda s: s.directory.update_key(KEY, an_audit())),
    ("key of a later version", Conflict, lambda s: s.directory.update_key(replace(KEY, version=3), an_audit())),
    ("no key", NotFound, lambda s: s.directory.update_key(later(KEY, id="key_9"), an_audit())),
    ("deleting another version", Conflict, lambda s: s.directory.delete_key(later(KEY), an_audit())),
    ("deleting no key", NotFound, lambda s: s.directory.delete_key(replace(KEY, id="key_9"), an_audit())),
    ("account id taken", Conflict, lambda s: s.directory.create_service_account(SERVICE_ACCOUNT, an_audit())),
    (
        "account of no tenant",
        NotFound,
        lambda s: s.directory.create_service_account(replace(SERVICE_ACCOUNT, tenant_id="p"), an_audit()),
    ),
    (
        "changing no account",
        NotFound,
        lambda s: s.directory.update_service_account(replace(SERVICE_ACCOUNT, id="svc_9"), an_audit()),
    ),
    (
        "deleting no account",
        NotFound,
        lambda s: s.directory.delete_service_account(replace(SERVICE_ACCOUNT, id="svc_9"), an_audit()),
    ),
]


@pytest.mark.parametrize(("error", "change"), [each[1:] for each in REFUSED], ids=[each[0] for each in REFUSED])
async def test_a_refused_change_leaves_no_trace(
    store: Store, error: type[Exception], change: Callable[[Store], Awaitable[object]]
) -> None:
    await store.add_key()
    await store.directory.create_service_account(SERVICE_ACCOUNT, an_audit())
    account, audit_ids = await store.get_item(), await store.list_audit_ids()
    with pytest.raises(error):
        await change(store)
    assert await store.directory.get_tenant(TENANT.id) == TENANT
    assert (await store.directory.list_tenants(None, 9)).items == (TENANT,)
    assert (await store.directory.list_keys(TENANT.id, None, 9)).items == (KEY,)
    assert (await store.directory.list_service_accounts(TENANT.id, None, 9)).items == (SERVICE_ACCOUNT,)
    assert await store.list_audit_ids() == audit_ids
    assert await store.get_item() == account


async def test_an_archived_tenant_gets_no_keys_and_no_service_accounts(store: Store) -> None:
    await store.directory.update_tenant(ARCHIVED, an_audit())
    audit_ids = await store.list_audit_ids()
    with pytest.raises(NotFound):
        await store.directory.create_key(KEY, an_audit())
    with pytest.raises(NotFound):
        await store.directory.create_service_account(SERVICE_ACCOUNT, an_audit())
    assert (await store.directory.list_keys(TENANT.id, None, 9)).items == ()
    assert await store.reader.find_key(KEY.id) is None
    assert await store.list_audit_ids() == audit_ids


async def test_a_deleted_service_account_gets_no_keys(store: Store) -> None:
    await store.directory.create_service_account(SERVICE_ACCOUNT, an_audit())
    await store.directory.delete_service_account(SERVICE_ACCOUNT, an_audit())
    with pytest.raises(NotFound):
        await store.directory.create_key(FULL_KEY, an_audit())
    assert await store.reader.find_key(FULL_KEY.id) is None


async def test_every_change_writes_its_audit_entry(store: Store) -> None:
    directory, before = store.directory, await store.list_audit_ids()
    audits = [an_audit(AuditAction.API_KEY_CREATED) for _ in range(7)]
    await directory.create_key(KEY, audits[0])
    await directory.update_key(later(KEY), audits[1])
    await directory.delete_key(later(KEY), audits[2])
    await directory.create_service_account(SERVICE_ACCOUNT, audits[3])
    await directory.delete_service_account(SERVICE_ACCOUNT, audits[4])
    await directory.update_tenant(later_tenant(TENANT), audits[5])
    await directory.create_tenant(replace(TENANT, id="proj_2"), audits[6])
    assert await store.list_audit_ids() == [*before, *(each.id for each in audits)]


async def test_of_changes_made_to_one_version_exactly_one_wins(store: Store) -> None:
    await store.directory.create_key(KEY, an_audit())
    changes = [later(KEY, name=f"name {number}") for number in range(12)]
    results = await asyncio.gather(
        *(store.directory.update_key(each, an_audit()) for each in changes), return_exceptions=True
    )
    winners = [each for each, result in zip(changes, results, strict=True) if result is None]
    assert len(winners) == 1
    assert all(result is None or isinstance(result, Conflict) for result in results)
    assert await store.directory.get_key(TENANT.id, KEY.id) == winners[0]
