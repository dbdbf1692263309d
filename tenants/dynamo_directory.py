"""The control plane's store on DynamoDB: pynamodb in threads, every change one transaction with its audit entry.

A changed key or tenant carries a new version. The accounts that the change concerns get that version as their fence
before the call returns, and a process that still acts on the old one is refused at its next reserve:

    key     the accounts of its months are raised in the same transaction.
    tenant  the record first, then each key's account by a plain conditional update. An account that does not exist
            yet needs none: opening it checks the tenant's version. A call that breaks off half-way is repeated.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from pynamodb.exceptions import (
    CancellationReason,
    DoesNotExist,
    PynamoDBConnectionError,
    TransactWriteError,
    UpdateError,
)
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from tenants.audit import AuditEvent
from tenants.dynamo_models import FenceRow, KeyRow, PointerRow, Rows, RowType, TenantRow
from tenants.errors import ChangedMeanwhile, Conflict, LedgerUnavailable, NotFound, TenantsError, TooContended
from tenants.key import ApiKey, OwnerKind
from tenants.periods import account_expiry, month_of, months_to_fence
from tenants.rows import (
    audit_to_row,
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
    account_partition,
    key_partition,
    tenant_partition,
)
from tenants.tenant import ServiceAccount, Tenant, TenantStatus

T = TypeVar("T")
THREADS = 16
_ALL_OLD = "ALL_OLD"
_CONFLICT_ATTEMPTS = 12
_CONFLICT_SLEEP_SECONDS = 0.05
_AFTER_EVERY_ID = "\U0010ffff"  # sorts last in UTF-8


class DynamoDirectory:
    """Directory on DynamoDB. `clock_ms` tells which months' accounts a change has to reach."""

    def __init__(self, rows: Rows, clock_ms: Callable[[], int]) -> None:
        self._rows = rows
        self._clock_ms = clock_ms
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="directory")

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    # Tenants

    async def create_tenant(self, tenant: Tenant, audit: AuditEvent) -> None:
        def write(transaction: TransactWrite) -> None:
            absent = TenantRow.pk.does_not_exist()
            transaction.save(self._tenant_row(tenant), condition=absent, return_values=_ALL_OLD)
            transaction.save(self._rows.pointer(TENANTS_PARTITION, tenant.id))

        await self._change(write, audit, _Refusals(taken=f"A project with id '{tenant.id}' exists already."))

    async def get_tenant(self, tenant_id: str) -> Tenant:
        row = await self._get(self._rows.tenant, tenant_partition(tenant_id), TENANT_SORT, f"project '{tenant_id}'")
        return tenant_from_row(row.attribute_values)

    async def list_tenants(self, after: str | None, limit: int) -> Page[Tenant]:
        def read() -> Page[Tenant]:
            ids, has_more = self._list_ids(TENANTS_PARTITION, "", after, limit)
            keys = [(tenant_partition(each), TENANT_SORT) for each in ids]
            found = {row.id: tenant_from_row(row.attribute_values) for row in self._batch_get(self._rows.tenant, keys)}
            return Page(tuple(found[each] for each in ids if each in found), has_more)

        return await self._in_thread(read)

    async def update_tenant(self, tenant: Tenant, audit: AuditEvent) -> None:
        def write(transaction: TransactWrite) -> None:
            unchanged = TenantRow.version == tenant.version - 1
            transaction.save(self._tenant_row(tenant), condition=unchanged, return_values=_ALL_OLD)

        await self._change(write, audit, _Refusals(missing=f"No such project: '{tenant.id}'."))
        await self.fence_tenant(tenant)

    async def fence_tenant(self, tenant: Tenant) -> None:
        def accounts() -> list[tuple[str, str]]:
            pointers = self._rows.pointer.query(
                tenant_partition(tenant.id), PointerRow.sk.startswith(KEY_POINTER), consistent_read=True
            )
            months = months_to_fence(self._clock_ms())
            return [(row.sk.removeprefix(KEY_POINTER), month) for row in pointers for month in months]

        def raise_fence(account: tuple[str, str]) -> None:
            row = self._rows.fence(account_partition(account[0]), account[1])
            behind = FenceRow.pk.exists() & (FenceRow.tv.does_not_exist() | (FenceRow.tv < tenant.version))
            for attempts_left in reversed(range(_CONFLICT_ATTEMPTS)):
                try:
                    row.update(actions=[FenceRow.tv.set(tenant.version)], condition=behind)
                except UpdateError as error:
                    if error.cause_response_code == "ConditionalCheckFailedException":
                        return
                    # An account being opened or changed by a transaction; botocore does not repeat this one.
                    if error.cause_response_code != "TransactionConflictException" or not attempts_left:
                        raise
                else:
                    return

        for account_batch in _batches(await self._in_thread(accounts), THREADS * 4):
            await asyncio.gather(*(self._in_thread(raise_fence, account) for account in account_batch))

    # Service accounts

    async def create_service_account(self, account: ServiceAccount, audit: AuditEvent) -> None:
        def write(transaction: TransactWrite) -> None:
            self._require_active_tenant(transaction, account.tenant_id)
            row = self._rows.service_account(
                tenant_partition(account.tenant_id), SERVICE_ACCOUNT + account.id, **service_account_to_row(account)
            )
            transaction.save(row, condition=PointerRow.pk.does_not_exist(), return_values=_ALL_OLD)

        taken = f"A service account with id '{account.id}' exists already."
        await self._change(write, audit, _Refusals(_no_active_project(account.tenant_id), taken))

    async def get_service_account(self, tenant_id: str, account_id: str) -> ServiceAccount:
        what = f"service account '{account_id}' in project '{tenant_id}'"
        row = await self._get(
            self._rows.service_account, tenant_partition(tenant_id), SERVICE_ACCOUNT + account_id, what
        )
        return service_account_from_row(row.attribute_values)

    async def list_service_accounts(self, tenant_id: str, after: str | None, limit: int) -> Page[ServiceAccount]:
        def read() -> Page[ServiceAccount]:
            partition = tenant_partition(tenant_id)
            ids, has_more = self._list_ids(partition, SERVICE_ACCOUNT, after, limit)
            rows = self._batch_get(self._rows.service_account, [(partition, SERVICE_ACCOUNT + each) for each in ids])
            found = {row.id: service_account_from_row(row.attribute_values) for row in rows}
            return Page(tuple(found[each] for each in ids if each in found), has_more)

        return await self._in_thread(read)

    async def delete_service_account(self, account: ServiceAccount, audit: AuditEvent) -> None:
        def write(transaction: TransactWrite) -> None:
            row = self._rows.service_account(tenant_partition(account.tenant_id), SERVICE_ACCOUNT + account.id)
            transaction.delete(row, condition=PointerRow.pk.exists())

        await self._change(write, audit, _Refusals(missing=f"No such service account: '{account.id}'."))

    # Keys

    async def create_key(self, key: ApiKey, audit: AuditEvent) -> None:
        def write(transaction: TransactWrite) -> None:
            self._require_active_tenant(transaction, key.tenant_id)
            self._require_owner(transaction, key)
            transaction.save(self._key_row(key), condition=KeyRow.pk.does_not_exist(), return_values=_ALL_OLD)
            transaction.save(self._key_pointer(key))

        taken = f"An API key with id '{key.id}' exists already."
        missing = f"No active project with id '{key.tenant_id}', or it has no such owner: '{key.owner.id}'."
        await self._change(write, audit, _Refusals(missing, taken))

    async def get_key(self, tenant_id: str, key_id: str) -> ApiKey:
        what = f"API key '{key_id}' in project '{tenant_id}'"
        key = key_from_row((await self._get(self._rows.key, key_partition(key_id), KEY_SORT, what)).attribute_values)
        if key.tenant_id != tenant_id:
            raise NotFound(f"No such {what}.")
        return key

    async def list_keys(self, tenant_id: str, after: str | None, limit: int) -> Page[ApiKey]:
        def read() -> Page[ApiKey]:
            ids, has_more = self._list_ids(tenant_partition(tenant_id), KEY_POINTER, after, limit)
            keys = [(key_partition(each), KEY_SORT) for each in ids]
            found = {row.id: key_from_row(row.attribute_values) for row in self._batch_get(self._rows.key, keys)}
            return Page(tuple(found[each] for each in ids if each in found), has_more)

        return await self._in_thread(read)

    async def update_key(self, key: ApiKey, audit: AuditEvent) -> None:
        def write(transaction: TransactWrite) -> None:
            unchanged = KeyRow.version == key.version - 1
            transaction.save(self._key_row(key), condition=unchanged, return_values=_ALL_OLD)
            self._fence_key(transaction, key, key.version)

        await self._change(write, audit, _Refusals(missing=f"No such API key: '{key.id}'."))

    async def delete_key(self, key: ApiKey, audit: AuditEvent) -> None:
        def write(transaction: TransactWrite) -> None:
            transaction.delete(self._key_row(key), condition=KeyRow.version == key.version)
            transaction.delete(self._key_pointer(key))
            self._fence_key(transaction, key, key.version + 1)

        try:
            await self._change(write, audit, _Refusals())
        except Conflict:
            await self.get_key(key.tenant_id, key.id)  # NotFound, where it was deleted; pynamodb cannot tell
            raise

    # Steps of a transaction

    def _require_active_tenant(self, transaction: TransactWrite, tenant_id: str) -> None:
        active = TenantRow.status == TenantStatus.ACTIVE.value
        transaction.condition_check(self._rows.tenant, tenant_partition(tenant_id), TENANT_SORT, condition=active)

    def _require_owner(self, transaction: TransactWrite, key: ApiKey) -> None:
        """A service account has to be there when its key is made: it may be deleted at the same moment."""
        if key.owner.kind is OwnerKind.SERVICE_ACCOUNT:
            place = tenant_partition(key.tenant_id), SERVICE_ACCOUNT + key.owner.id
            transaction.condition_check(self._rows.service_account, *place, condition=PointerRow.pk.exists())

    def _fence_key(self, transaction: TransactWrite, key: ApiKey, version: int) -> None:
        for month in months_to_fence(self._clock_ms()):
            actions: list[Action] = [
                FenceRow.kv.set(version),
                FenceRow.t.set(key.tenant_id),
                FenceRow.ttl.set(account_expiry(month)),
            ]
            transaction.update(self._rows.fence(account_partition(key.id), month), actions=actions)

    def _tenant_row(self, tenant: Tenant) -> TenantRow:
        return self._rows.tenant(tenant_partition(tenant.id), TENANT_SORT, **tenant_to_row(tenant))

    def _key_row(self, key: ApiKey) -> KeyRow:
        return self._rows.key(key_partition(key.id), KEY_SORT, **key_to_row(key))

    def _key_pointer(self, key: ApiKey) -> PointerRow:
        return self._rows.pointer(tenant_partition(key.tenant_id), KEY_POINTER + key.id)

    # Reads

    async def _get(self, row: type[RowType], partition: str, sort: str, what: str) -> RowType:
        def read() -> RowType:
            return row.get(partition, sort, consistent_read=True)

        try:
            return await self._in_thread(read)
        except DoesNotExist as error:
            raise NotFound(f"No such {what}.") from error

    def _list_ids(self, partition: str, prefix: str, after: str | None, limit: int) -> tuple[list[str], bool]:
        condition = PointerRow.sk.between(prefix + (after or "") + "\0", prefix + _AFTER_EVERY_ID)
        found = self._rows.pointer.query(partition, condition, consistent_read=True, limit=limit + 1)
        ids = [row.sk.removeprefix(prefix) for row in found]
        return ids[:limit], len(ids) > limit

    @staticmethod
    def _batch_get(row: type[RowType], keys: list[tuple[str, str]]) -> list[RowType]:
        return list(row.batch_get(keys, consistent_read=True)) if keys else []

    # Running

    async def _change(self, write: Callable[[TransactWrite], None], audit: AuditEvent, refusals: _Refusals) -> None:
        """Commit `write` together with its audit entry. A failed condition raises what `refusals` has for it."""

        def commit() -> None:
            # The token makes a repeat of the same call harmless, whether botocore repeats it or we do.
            with TransactWrite(connection=self._rows.connection, client_request_token=audit.id[-36:]) as transaction:
                write(transaction)
                transaction.save(self._rows.audit(month_of(audit.at_ms), audit.id, **audit_to_row(audit)))

        for _ in range(_CONFLICT_ATTEMPTS):
            try:
                return await self._in_thread(commit)
            except TransactWriteError as error:
                refusal = refusals.find(error.cancellation_reasons)
                if refusal is not None:
                    raise refusal from error
                if not any(reason and reason.code == "TransactionConflict" for reason in error.cancellation_reasons):
                    raise LedgerUnavailable() from error
            await asyncio.sleep(random.uniform(0, _CONFLICT_SLEEP_SECONDS))  # noqa: S311 - jitter, not a secret
        raise TooContended("The record is being changed by others at the moment; nothing was changed. Please retry.")

    async def _in_thread(self, call: Callable[..., T], *args: object) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, call, *args)
        except TransactWriteError:
            raise
        except PynamoDBConnectionError as error:
            raise LedgerUnavailable() from error


@dataclass(frozen=True, slots=True)
class _Refusals:
    """What a failed condition means. Records to be replaced return what they are, so that a missing one is told from
    a changed one; a condition on the tenant returns nothing, and pynamodb puts it first.

    missing: text of NotFound where the item is not there. taken: text of Conflict where it is there and must not be;
    without that text, the record is another version than it was read as.
    """

    missing: str | None = None
    taken: str | None = None

    def find(self, reasons: Sequence[CancellationReason | None]) -> TenantsError | None:
        """The error of the first action whose condition failed; None where no condition did."""
        failed = next((each for each in reasons if each and each.code == "ConditionalCheckFailed"), None)
        if failed is None:
            return None
        if self.missing is not None and not failed.raw_item:
            return NotFound(self.missing)
        return ChangedMeanwhile() if self.taken is None else Conflict(self.taken)


def _no_active_project(tenant_id: str) -> str:
    return f"No active project with id '{tenant_id}'."


def _batches(items: list[T], size: int) -> list[list[T]]:
    return [items[begin : begin + size] for begin in range(0, len(items), size)]
