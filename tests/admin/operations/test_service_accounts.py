from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from unittest.mock import create_autospec

import pytest

from admin.control_plane import ControlPlane, Requester
from admin.operations.projects import create_project
from admin.operations.service_accounts import (
    ServiceAccountDraft,
    create_service_account,
    delete_service_account,
    get_service_account,
    rename_service_account,
)
from tenants.audit import AuditAction, AuditEvent
from tenants.errors import LedgerUnavailable, NotFound
from tenants.key import ApiKey, Owner, OwnerKind
from tenants.store import Directory, Page
from tenants.tenant import ServiceAccount, Tenant

AuditTrail = Callable[[], Awaitable[list[AuditEvent]]]
BOT = ServiceAccount("svc_acct_1", "proj_1", "bot", 0)


def key_of_bot(key_id: str) -> ApiKey:
    return ApiKey(key_id, BOT.tenant_id, "k", Owner(OwnerKind.SERVICE_ACCOUNT, BOT.id, "bot", 0), (), "abcd", 0)


async def test_creation_renaming_and_deletion_are_audited_key_by_key(
    control: ControlPlane, requester: Requester, audit_trail: AuditTrail
) -> None:
    project = await create_project(control, requester, "team")
    account, issued = await create_service_account(control, requester, project.id, ServiceAccountDraft("bot"))
    assert issued is not None
    for _ in range(2):
        await rename_service_account(control, requester, project.id, account.id, "indexer")
    await delete_service_account(control, requester, project.id, account.id)
    assert [(event.action, event.target_id) for event in (await audit_trail())[1:]] == [
        (AuditAction.SERVICE_ACCOUNT_CREATED, account.id),
        (AuditAction.API_KEY_CREATED, issued.record.key.id),
        (AuditAction.SERVICE_ACCOUNT_UPDATED, account.id),
        (AuditAction.API_KEY_DELETED, issued.record.key.id),
        (AuditAction.SERVICE_ACCOUNT_DELETED, account.id),
    ]


async def test_deletion_reaches_keys_on_every_page_and_those_issued_meanwhile(
    control: ControlPlane, requester: Requester
) -> None:
    keys = {each: key_of_bot(each) for each in ("key_1", "key_2", "key_3")}
    directory = create_autospec(Directory, instance=True)
    directory.get_tenant.return_value = Tenant(BOT.tenant_id, "team", 0)
    directory.get_service_account.return_value = BOT
    directory.get_key.side_effect = lambda _, key_id: keys[key_id]
    directory.list_keys.side_effect = [
        Page((keys["key_1"],), has_more=True),
        Page((keys["key_2"],), has_more=False),
        Page((keys["key_3"],), has_more=False),
    ]
    await delete_service_account(replace(control, directory=directory), requester, BOT.tenant_id, BOT.id)
    calls = [(call[0], call[1][0]) for call in directory.mock_calls if call[0].startswith("delete")]
    assert calls == [
        ("delete_key", keys["key_1"]),
        ("delete_key", keys["key_2"]),
        ("delete_service_account", BOT),
        ("delete_key", keys["key_3"]),
    ]


async def test_a_key_deleted_by_somebody_else_does_not_stop_the_deletion(
    control: ControlPlane, requester: Requester
) -> None:
    directory = create_autospec(Directory, instance=True)
    directory.get_tenant.return_value = Tenant(BOT.tenant_id, "team", 0)
    directory.get_service_account.return_value = BOT
    directory.list_keys.return_value = Page((key_of_bot("key_1"),), has_more=False)
    directory.get_key.side_effect = NotFound("gone")
    await delete_service_account(replace(control, directory=directory), requester, BOT.tenant_id, BOT.id)
    directory.delete_service_account.assert_awaited_once()


async def test_an_account_whose_keys_could_not_be_deleted_stays(control: ControlPlane, requester: Requester) -> None:
    project = await create_project(control, requester, "team")
    account, issued = await create_service_account(control, requester, project.id, ServiceAccountDraft("bot"))
    assert issued is not None
    directory = create_autospec(Directory, instance=True, wraps=control.directory)
    directory.get_tenant.side_effect = control.directory.get_tenant
    directory.get_service_account.side_effect = control.directory.get_service_account
    directory.list_keys.side_effect = control.directory.list_keys
    directory.get_key.side_effect = control.directory.get_key
    directory.delete_key.side_effect = LedgerUnavailable()
    with pytest.raises(LedgerUnavailable):
        await delete_service_account(replace(control, directory=directory), requester, project.id, account.id)
    assert await get_service_account(control, project.id, account.id) == account
