"""Reads the books of tenant budgets: the tenant's item and its keys' accounts, strongly consistent.

A tenant's keys of a month are those that it has, and those that it ever granted something to, or that were deleted
in it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

from awswire.dynamodb import ConditionFailed, DynamoDb
from tenants.account import Account
from tenants.account_item import Item, account_from_item, account_key
from tenants.account_shards import merge
from tenants.dynamo_calls import call_store, read_items
from tenants.dynamo_shards import read_shards
from tenants.errors import FenceStale
from tenants.escrow import NO_FUNDS, Escrow, Funds, Position, Share
from tenants.escrow_item import (
    SHARE_ATTRIBUTES,
    fence_update,
    funds_from_item,
    funds_key,
    grantee_key,
    key_id_of_grantee,
    share_from_item,
)
from tenants.tables import KEY_POINTER, PARTITION_KEY, SORT_KEY, TableNames, funds_partition, tenant_partition

_AT_ONCE = 10


class EscrowBooks:
    """Every method raises LedgerUnavailable."""

    def __init__(self, client: DynamoDb, tables: TableNames) -> None:
        self._client = client
        self._tables = tables

    async def find_funds(self, tenant_id: str, month: str) -> Funds:
        """NO_FUNDS where the tenant has granted nothing yet."""
        body = {"TableName": self._tables.usage, "Key": funds_key(tenant_id, month), "ConsistentRead": True}
        answer = await call_store(self._client, "GetItem", body)
        return funds_from_item(answer["Item"]) if "Item" in answer else NO_FUNDS

    async def get_position(self, escrow: Escrow, key_id: str, day: int) -> Position:
        """What a transfer to the key starts from. `day` is the one of this process's clock. An account that does not
        exist has no versions."""
        wanted = [
            funds_key(escrow.tenant_id, escrow.month),
            account_key(key_id, escrow.month),
            grantee_key(escrow.tenant_id, escrow.month, key_id),
        ]
        found = {_place(item): item for item in await self._get(wanted)}
        funds_item, share_item, grantee_item = (found.get(_place(key)) for key in wanted)
        funds = NO_FUNDS if funds_item is None else funds_from_item(funds_item)
        share = Share(key_id) if share_item is None else share_from_item(share_item)
        return Position(funds, share, grantee_item is not None, max(day, funds.day or 0, share.day or 0))

    async def list_grantees(self, tenant_id: str, month: str) -> list[str]:
        """Ids of the keys that were granted something this month, or were deleted in it."""
        items = self._query(self._tables.usage, funds_partition(tenant_id), f"{month}#")
        return [key_id_of_grantee(item) async for item in items]

    async def list_accounts(self, tenant_id: str, month: str, attributes: Sequence[str] = ()) -> list[Item]:
        """The accounts of a tenant's keys as they stand, whole or `attributes` alone; not all at one moment."""
        pointers = self._query(self._tables.core, tenant_partition(tenant_id), KEY_POINTER)
        key_ids = {item[SORT_KEY]["S"].removeprefix(KEY_POINTER) async for item in pointers}
        key_ids.update(await self.list_grantees(tenant_id, month))
        return await self._get([account_key(key_id, month) for key_id in sorted(key_ids)], attributes)

    async def list_whole_accounts(self, tenant_id: str, month: str) -> list[Account]:
        """The accounts of a tenant's keys as they stand, each with all of its shards."""
        accounts = [account_from_item(item) for item in await self.list_accounts(tenant_id, month)]
        return [await self._complete(account) for account in accounts]

    async def _complete(self, first: Account) -> Account:
        key, others = (first.key_id, first.month), range(1, first.shards)
        shards = await read_shards(self._client, self._tables.usage, key, others) if others else {}
        return merge(first, [account_from_item(item) for item in shards.values() if item])

    async def list_shares(self, escrow: Escrow) -> list[Share]:
        items = await self.list_accounts(escrow.tenant_id, escrow.month, SHARE_ATTRIBUTES)
        return [share_from_item(item) for item in items]

    async def fence_shares(self, escrow: Escrow) -> list[Share]:
        """All shares, after which no account reserves by limits older than the escrow's: what `room` and `spent` of
        each add up to changes by transfers alone. Raises FenceStale where an account has a newer version."""
        shares = await self.list_shares(escrow)
        fenced: list[Share] = []
        for first in range(0, len(shares), _AT_ONCE):
            batch = shares[first : first + _AT_ONCE]
            fenced.extend(await asyncio.gather(*(self._fence(share, escrow) for share in batch)))
        newest = max((share.tenant_version or 0 for share in fenced), default=0)
        if newest > escrow.tenant_version:
            raise FenceStale(None, newest)
        return fenced

    async def _fence(self, share: Share, escrow: Escrow) -> Share:
        # An account without a version refuses every reserve until it is opened, which takes the current one.
        if share.tenant_version is None or share.tenant_version >= escrow.tenant_version:
            return share
        try:
            answer = await call_store(self._client, "UpdateItem", fence_update(self._tables, share.key_id, escrow))
        except ConditionFailed as raised:
            return share if raised.item is None else share_from_item(raised.item)
        return share_from_item(answer["Attributes"])

    async def _get(self, keys: Sequence[Item], attributes: Iterable[str] = ()) -> list[Item]:
        return await read_items(self._client, self._tables.usage, keys, attributes)

    async def _query(self, table: str, partition: str, sort_prefix: str) -> AsyncIterator[Item]:
        body: dict[str, Any] = {
            "TableName": table,
            "KeyConditionExpression": f"{PARTITION_KEY} = :partition AND begins_with({SORT_KEY}, :prefix)",
            "ExpressionAttributeValues": {":partition": {"S": partition}, ":prefix": {"S": sort_prefix}},
            "ProjectionExpression": SORT_KEY,
            "ConsistentRead": True,
        }
        while True:
            answer = await call_store(self._client, "Query", body)
            for item in answer["Items"]:
                yield item
            if "LastEvaluatedKey" not in answer:
                return
            body["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _place(item: Item) -> tuple[str, str]:
    return item[PARTITION_KEY]["S"], item[SORT_KEY]["S"]
