"""The control plane's part of the fence: a change raises the versions on the accounts that it concerns.

key     the accounts of its months are raised in the transaction that changes the key.
tenant  the record first, then each key's account by a plain conditional update. An account that does not exist
        yet needs none: opening it checks the tenant's version. A call that breaks off half-way is repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pynamodb.exceptions import UpdateError
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from tenants.dynamo_changes import CONFLICT_ATTEMPTS, THREADS, Threads
from tenants.dynamo_models import FenceRow, PointerRow, Rows
from tenants.key import ApiKey
from tenants.periods import account_expiry, months_to_fence
from tenants.tables import KEY_POINTER, account_partition, funds_partition, grantee_sort, tenant_partition
from tenants.tenant import Tenant

_BATCH_ACCOUNTS = THREADS * 4


class Fences:
    """Raises fences. `clock_ms` tells which months' accounts a change has to reach."""

    def __init__(self, rows: Rows, threads: Threads, clock_ms: Callable[[], int]) -> None:
        self._rows = rows
        self._threads = threads
        self._clock_ms = clock_ms

    def raise_key(self, transaction: TransactWrite, key: ApiKey, version: int) -> None:
        """Put the key's new version on its accounts, as steps of the transaction that makes it."""
        for month in months_to_fence(self._clock_ms()):
            actions: list[Action] = [
                FenceRow.kv.set(version),
                FenceRow.t.set(key.tenant_id),
                FenceRow.ttl.set(account_expiry(month)),
            ]
            transaction.update(self._rows.fence(account_partition(key.id), month), actions=actions)

    def keep_accounts(self, transaction: TransactWrite, key: ApiKey) -> None:
        """Leave word of the accounts of a key that is deleted, as a step of the transaction that deletes it: what it
        used is its tenant's, also in a tenant without a budget, which never granted it anything."""
        for month in months_to_fence(self._clock_ms()):
            grantee = self._rows.fence(funds_partition(key.tenant_id), grantee_sort(month, key.id))
            transaction.update(grantee, actions=[FenceRow.ttl.set(account_expiry(month))])

    async def raise_tenant(self, tenant: Tenant) -> None:
        """Put the tenant's version on the accounts of all its keys, but for those that have it or a newer one."""
        accounts = await self._threads.run(self._accounts_of, tenant)
        for begin in range(0, len(accounts), _BATCH_ACCOUNTS):
            batch = accounts[begin : begin + _BATCH_ACCOUNTS]
            await asyncio.gather(*(self._threads.run(self._raise_account, each, tenant.version) for each in batch))

    def _accounts_of(self, tenant: Tenant) -> list[FenceRow]:
        pointers = self._rows.pointer.query(
            tenant_partition(tenant.id), PointerRow.sk.startswith(KEY_POINTER), consistent_read=True
        )
        months = months_to_fence(self._clock_ms())
        key_ids = [row.sk.removeprefix(KEY_POINTER) for row in pointers]
        return [self._rows.fence(account_partition(key_id), month) for key_id in key_ids for month in months]

    @staticmethod
    def _raise_account(account: FenceRow, tenant_version: int) -> None:
        behind = FenceRow.pk.exists() & (FenceRow.tv.does_not_exist() | (FenceRow.tv < tenant_version))
        for attempts_left in reversed(range(CONFLICT_ATTEMPTS)):
            try:
                account.update(actions=[FenceRow.tv.set(tenant_version)], condition=behind)
            except UpdateError as error:
                if error.cause_response_code == "ConditionalCheckFailedException":
                    return
                # An account being opened or changed by a transaction; botocore does not repeat this one.
                if error.cause_response_code != "TransactionConflictException" or not attempts_left:
                    raise
            else:
                return
