"""The control plane's store on DynamoDB: pynamodb in threads, every change one transaction with its audit entry.

A changed key or tenant carries a new version. The accounts that the change concerns get that version as their fence
before the call returns, and a process that still acts on the old one is refused at its next reserve. What a tenant's
keys were granted beyond its budgets, where these were lowered, is taken back before the call returns, too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from pynamodb.exceptions import DoesNotExist
from pynamodb.transactions import TransactWrite

from tenants.audit import AuditEvent
from tenants.dynamo_audit import AuditTrail
from tenants.dynamo_changes import Changes, Refusals, Threads
from tenants.dynamo_escrow import TenantBudgets
from tenants.dynamo_fences import Fences
from tenants.dynamo_listing import Listing, Place, read_page
from tenants.dynamo_models import KeyRow, PointerRow, Rows, RowType, TenantRow
from tenants.errors import Conflict, FenceStale, NotFound
from tenants.key import ApiKey, OwnerKind
from tenants.periods import CLOCK_SKEW_SECONDS
from tenants.rows import (
    key_from_row,
    key_to_row,
    service_account_from_row,
    service_account_to_row,
    tenant_from_row,
    tenant_to_row,
)
from tenants.store import Page
from tenants.tables import (
    KEY_POINTER,
    KEY_SORT,
    SERVICE_ACCOUNT,
    TENANT_SORT,
    TENANTS_PARTITION,
    key_partition,
    tenant_partition,
)
from tenants.tenant import ServiceAccount, Tenant, TenantStatus
from tenants.window import Window, window_of

T = TypeVar("T")
_ALL_OLD = "ALL_OLD"


class DynamoDirectory:
    """Directory on DynamoDB. `clock_ms` tells which months' accounts a change has to reach.

    Without `budgets`, keys may go on spending what they were granted before their tenant's budget was lowered.
    """

    def __init__(self, rows: Rows, clock_ms: Callable[[], int], budgets: TenantBudgets | None = None) -> None:
        self._rows = rows
        self._clock_ms = clock_ms
        self._budgets = budgets
        self._threads = Threads()
        self._changes = Changes(AuditTrail(rows, clock_ms), self._threads)
        self._fences = Fences(rows, self._threads, clock_ms)

    async def close(self) -> None:
        self._threads.close()

    # Tenants

    async def create_tenant(self, tenant: Tenant, audit: AuditEvent) -> None:
        def write(transaction: TransactWrite) -> None:
            absent = TenantRow.pk.does_not_exist()
            transaction.save(self._tenant_row(tenant), condition=absent, return_values=_ALL_OLD)
            transaction.save(self._rows.pointer(TENANTS_PARTITION, tenant.id))

        taken = f"A project with id '{tenant.id}' exists already."
        await self._changes.commit(write, audit, Refusals(taken=taken))

    async def get_tenant(self, tenant_id: str) -> Tenant:
        row = await self._get(self._rows.tenant, _tenant_place(tenant_id), f"project '{tenant_id}'")
        return tenant_from_row(row.attribute_values)

    async def list_tenants(self, after: str | None, limit: int) -> Page[Tenant]:
        listing = Listing(TENANTS_PARTITION, "", self._rows.tenant, _tenant_place, tenant_from_row)
        return await self._list(listing, after, limit)

    async def update_tenant(self, tenant: Tenant, audit: AuditEvent) -> None:
        def write(transaction: TransactWrite) -> None:
            unchanged = TenantRow.version == tenant.version - 1
            transaction.save(self._tenant_row(tenant), condition=unchanged, return_values=_ALL_OLD)

        await self._changes.commit(write, audit, Refusals(missing=f"No such project: '{tenant.id}'."))
        await self.fence_tenant(tenant)

    async def fence_tenant(self, tenant: Tenant) -> None:
        await self._fences.raise_tenant(tenant)
        if self._budgets is None:
            return
        for window in _windows_to_shrink(self._clock_ms()):
            try:
                await self._budgets.shrink(tenant, window)
            except FenceStale:
                return  # a later change of the tenant takes back by its own limits

    # Service accounts

    async def create_service_account(self, account: ServiceAccount, audit: AuditEvent) -> None:
        def write(transaction: TransactWrite) -> None:
            self._require_active_tenant(transaction, account.tenant_id)
            row = self._service_account_row(account)
            transaction.save(row, condition=PointerRow.pk.does_not_exist(), return_values=_ALL_OLD)

        missing = f"No active project with id '{account.tenant_id}'."
        taken = f"A service account with id '{account.id}' exists already."
        await self._changes.commit(write, audit, Refusals(missing, taken))

    async def get_service_account(self, tenant_id: str, account_id: str) -> ServiceAccount:
        what = f"service account '{account_id}' in project '{tenant_id}'"
        row = await self._get(self._rows.service_account, _service_account_place(tenant_id, account_id), what)
        return service_account_from_row(row.attribute_values)

    async def list_service_accounts(self, tenant_id: str, after: str | None, limit: int) -> Page[ServiceAccount]:
        def place_of(account_id: str) -> Place:
            return _service_account_place(tenant_id, account_id)

        row = self._rows.service_account
        listing = Listing(tenant_partition(tenant_id), SERVICE_ACCOUNT, row, place_of, service_account_from_row)
        return await self._list(listing, after, limit)

    async def update_service_account(self, account: ServiceAccount, audit: AuditEvent) -> None:
        def write(transaction: TransactWrite) -> None:
            present = PointerRow.pk.exists()
            transaction.save(self._service_account_row(account), condition=present, return_values=_ALL_OLD)

        await self._changes.commit(write, audit, Refusals(missing=f"No such service account: '{account.id}'."))

    async def delete_service_account(self, account: ServiceAccount, audit: AuditEvent) -> None:
        def write(transaction: TransactWrite) -> None:
            row = self._rows.service_account(*_service_account_place(account.tenant_id, account.id))
            transaction.delete(row, condition=PointerRow.pk.exists())

        await self._changes.commit(write, audit, Refusals(missing=f"No such service account: '{account.id}'."))

    # Keys

    async def create_key(self, key: ApiKey, audit: AuditEvent) -> None:
        def write(transaction: TransactWrite) -> None:
            self._require_active_tenant(transaction, key.tenant_id)
            self._require_owner(transaction, key)
            transaction.save(self._key_row(key), condition=KeyRow.pk.does_not_exist(), return_values=_ALL_OLD)
            transaction.save(self._key_pointer(key))

        taken = f"An API key with id '{key.id}' exists already."
        missing = f"No active project with id '{key.tenant_id}', or it has no such owner: '{key.owner.id}'."
        await self._changes.commit(write, audit, Refusals(missing, taken))

    async def get_key(self, tenant_id: str, key_id: str) -> ApiKey:
        what = f"API key '{key_id}' in project '{tenant_id}'"
        key = key_from_row((await self._get(self._rows.key, _key_place(key_id), what)).attribute_values)
        if key.tenant_id != tenant_id:
            raise NotFound(f"No such {what}.")
        return key

    async def list_keys(self, tenant_id: str, after: str | None, limit: int) -> Page[ApiKey]:
        listing = Listing(tenant_partition(tenant_id), KEY_POINTER, self._rows.key, _key_place, key_from_row)
        return await self._list(listing, after, limit)

    async def update_key(self, key: ApiKey, audit: AuditEvent) -> None:
        def write(transaction: TransactWrite) -> None:
            unchanged = KeyRow.version == key.version - 1
            transaction.save(self._key_row(key), condition=unchanged, return_values=_ALL_OLD)
            self._fences.raise_key(transaction, key, key.version)

        await self._changes.commit(write, audit, Refusals(missing=f"No such API key: '{key.id}'."))

    async def delete_key(self, key: ApiKey, audit: AuditEvent) -> None:
        def write(transaction: TransactWrite) -> None:
            transaction.delete(self._key_row(key), condition=KeyRow.version == key.version)
            transaction.delete(self._key_pointer(key))
            self._fences.raise_key(transaction, key, key.version + 1)
            self._fences.keep_accounts(transaction, key)

        try:
            await self._changes.commit(write, audit, Refusals())
        except Conflict:
            await self.get_key(key.tenant_id, key.id)  # NotFound, where it was deleted; pynamodb cannot tell
            raise

    # Audit

    async def record(self, audit: AuditEvent) -> None:
        await self._changes.commit(lambda transaction: None, audit, Refusals())

    # Steps of a transaction

    def _require_active_tenant(self, transaction: TransactWrite, tenant_id: str) -> None:
        active = TenantRow.status == TenantStatus.ACTIVE.value
        transaction.condition_check(self._rows.tenant, *_tenant_place(tenant_id), condition=active)

    def _require_owner(self, transaction: TransactWrite, key: ApiKey) -> None:
        """A service account has to be there when its key is made: it may be deleted at the same moment."""
        if key.owner.kind is OwnerKind.SERVICE_ACCOUNT:
            place = _service_account_place(key.tenant_id, key.owner.id)
            transaction.condition_check(self._rows.service_account, *place, condition=PointerRow.pk.exists())

    def _tenant_row(self, tenant: Tenant) -> TenantRow:
        return self._rows.tenant(*_tenant_place(tenant.id), **tenant_to_row(tenant))

    def _service_account_row(self, account: ServiceAccount) -> PointerRow:
        place = _service_account_place(account.tenant_id, account.id)
        return self._rows.service_account(*place, **service_account_to_row(account))

    def _key_row(self, key: ApiKey) -> KeyRow:
        return self._rows.key(*_key_place(key.id), **key_to_row(key))

    def _key_pointer(self, key: ApiKey) -> PointerRow:
        return self._rows.pointer(tenant_partition(key.tenant_id), KEY_POINTER + key.id)

    # Reads

    async def _get(self, row: type[RowType], place: Place, what: str) -> RowType:
        def read() -> RowType:
            return row.get(*place, consistent_read=True)

        try:
            return await self._threads.run(read)
        except DoesNotExist as error:
            raise NotFound(f"No such {what}.") from error

    async def _list(self, listing: Listing[RowType, T], after: str | None, limit: int) -> Page[T]:
        return await self._threads.run(read_page, self._rows.pointer, listing, after, limit)


def _windows_to_shrink(now_ms: int) -> list[Window]:
    """Now, and near a month's end the other month, too, as clocks differ."""
    now, skew_ms = window_of(now_ms), CLOCK_SKEW_SECONDS * 1000
    near = (window_of(now_ms - skew_ms), window_of(now_ms + skew_ms))
    return [now, *(each for each in near if each.month != now.month)]


def _tenant_place(tenant_id: str) -> Place:
    return tenant_partition(tenant_id), TENANT_SORT


def _service_account_place(tenant_id: str, account_id: str) -> Place:
    return tenant_partition(tenant_id), SERVICE_ACCOUNT + account_id


def _key_place(key_id: str) -> Place:
    return key_partition(key_id), KEY_SORT
