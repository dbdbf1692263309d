"""Service accounts: a project's callers that are no persons."""

from __future__ import annotations

from dataclasses import dataclass, replace

from admin.control_plane import Change, ControlPlane, Requester, to_audit_event
from admin.identifiers import SERVICE_ACCOUNT
from admin.operations.api_keys import KeyTarget, delete_key
from admin.operations.audit_fields import differing, service_account_fields
from admin.operations.issued_keys import IssuedKey, KeyDraft, ServiceAccountOwner, issue_key
from admin.operations.projects import require_active
from tenants.audit import AuditAction
from tenants.errors import AnswerLost, NotFound
from tenants.key import ApiKey, OwnerKind
from tenants.store import Page
from tenants.tenant import ServiceAccount

FIRST_KEY_NAME = "Secret Key"
_READ_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class ServiceAccountDraft:
    """A service account to be made, with a first key unless `with_key` is False."""

    name: str
    with_key: bool = True
    key_expires_in_seconds: int | None = None


async def create_service_account(
    control: ControlPlane, requester: Requester, project_id: str, draft: ServiceAccountDraft
) -> tuple[ServiceAccount, IssuedKey | None]:
    """The account and its first key. Raises NotFound, Conflict for an archived project.

    Two changes, each with its audit event: where the second fails, the account stays, without a key.
    """
    require_active(await control.directory.get_tenant(project_id))
    account = ServiceAccount(control.new_id(SERVICE_ACCOUNT), project_id, draft.name, control.now_seconds())
    change = Change(AuditAction.SERVICE_ACCOUNT_CREATED, project_id, account.id, after=service_account_fields(account))
    try:
        await control.directory.create_service_account(account, to_audit_event(control, requester, change))
    except AnswerLost:
        account = await control.directory.get_service_account(project_id, account.id)
    if not draft.with_key:
        return account, None
    key_draft = KeyDraft(FIRST_KEY_NAME, ServiceAccountOwner(account.id), draft.key_expires_in_seconds)
    return account, await issue_key(control, requester, project_id, key_draft)


async def get_service_account(control: ControlPlane, project_id: str, account_id: str) -> ServiceAccount:
    """Raises NotFound; also for an account of another project."""
    return await control.directory.get_service_account(project_id, account_id)


async def rename_service_account(
    control: ControlPlane, requester: Requester, project_id: str, account_id: str, name: str
) -> ServiceAccount:
    """The account with its new name; keys show the one that their owner had when they were issued. Raises NotFound."""
    account = await get_service_account(control, project_id, account_id)
    renamed = replace(account, name=name)
    if renamed == account:
        return account
    before, after = differing(service_account_fields(account), service_account_fields(renamed))
    change = Change(AuditAction.SERVICE_ACCOUNT_UPDATED, project_id, account.id, before, after)
    await control.directory.update_service_account(renamed, to_audit_event(control, requester, change))
    return renamed


async def list_service_accounts(
    control: ControlPlane, project_id: str, after: str | None, limit: int
) -> Page[ServiceAccount]:
    """The project's service accounts in order of creation. Raises NotFound where there is no such project."""
    await control.directory.get_tenant(project_id)
    return await control.directory.list_service_accounts(project_id, after, limit)


async def delete_service_account(control: ControlPlane, requester: Requester, project_id: str, account_id: str) -> None:
    """Delete the account and its keys: when this returns, they are refused everywhere. Raises NotFound, Conflict.

    The keys go first, so that a call that broke off can be repeated; and once more at the end, for a key that was
    issued meanwhile.
    """
    account = await control.directory.get_service_account(project_id, account_id)
    await _delete_keys(control, requester, account)
    change = Change(AuditAction.SERVICE_ACCOUNT_DELETED, project_id, account.id, before=service_account_fields(account))
    await control.directory.delete_service_account(account, to_audit_event(control, requester, change))
    await _delete_keys(control, requester, account)


async def _delete_keys(control: ControlPlane, requester: Requester, account: ServiceAccount) -> None:
    for key in await _list_owned_keys(control, account):
        try:
            await delete_key(control, requester, KeyTarget(account.tenant_id, key.id))
        except NotFound:
            continue  # somebody else deleted it meanwhile


async def _list_owned_keys(control: ControlPlane, account: ServiceAccount) -> list[ApiKey]:
    owned: list[ApiKey] = []
    after = None
    while True:
        page = await control.directory.list_keys(account.tenant_id, after, _READ_AT_ONCE)
        owned.extend(
            key for key in page.items if key.owner.kind is OwnerKind.SERVICE_ACCOUNT and key.owner.id == account.id
        )
        if not page.has_more or not page.items:
            return owned
        after = page.items[-1].id
