"""The control plane's part of the fence: a change raises the versions on the accounts that it concerns.

key     the accounts of its months are raised in the transaction that changes the key. A busy key's shards are shut in
        the same transaction, on condition that they are all that there are: the next loan opens them again.
tenant  the record first, then each key's account by a plain conditional update. An account that does not exist
        yet needs none: opening it checks the tenant's version. Nor does a shard: after its key's account was raised
        a loan that opens one asks for the new version. A call that breaks off half-way is repeated.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from pynamodb.exceptions import DoesNotExist, UpdateError
from pynamodb.expressions.condition import Condition
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
            shards = self._count_shards(key.id, month)
            counted = FenceRow.sh.does_not_exist() if shards == 1 else FenceRow.sh == shards
            account = self._rows.fence(account_partition(key.id), month)
            transaction.update(account, actions=actions, condition=counted, return_values="ALL_OLD")
            for shard in range(1, shards):
                row = self._rows.fence(account_partition(key.id, shard), month)
                transaction.update(row, actions=[FenceRow.kv.remove(), FenceRow.ttl.set(account_expiry(month))])

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

    def _raise_account(self, account: FenceRow, tenant_version: int) -> None:
        behind = FenceRow.pk.exists() & (FenceRow.tv.does_not_exist() | (FenceRow.tv < tenant_version))
        key_id = account.pk.removeprefix(account_partition(""))
        if _update(account, FenceRow.tv.set(tenant_version), behind):
            shards = int(account.sh or 1)  # as the update found it
        else:
            shards = self._count_shards(key_id, account.sk)
        for shard in range(1, shards):
            row = self._rows.fence(account_partition(key_id, shard), account.sk)
            _update(row, FenceRow.tv.remove(), FenceRow.tv < tenant_version)

    def _count_shards(self, key_id: str, month: str) -> int:
        """How many accounts the key has, 1 where it has none yet."""
        try:
            row = self._rows.fence.get(account_partition(key_id), month, True, attributes_to_get=["sh"])
        except DoesNotExist:
            return 1
        return int(row.sh or 1)


def _update(account: FenceRow, action: Action, condition: Condition) -> bool:
    """False where the condition does not hold."""
    for attempts_left in reversed(range(CONFLICT_ATTEMPTS)):
        try:
            account.update(actions=[action], condition=condition)
        except UpdateError as error:
            if error.cause_response_code == "ConditionalCheckFailedException":
                return False
            # An account being opened or changed by a transaction; botocore does not repeat this one.
            if error.cause_response_code != "TransactionConflictException" or not attempts_left:
                raise
        else:
            break
    return True
