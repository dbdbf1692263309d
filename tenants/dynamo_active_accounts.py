"""The list of active accounts on DynamoDB, and the record of sweeps over it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Collection, Sequence
from typing import Any

from awswire.dynamodb import ConditionFailed, DynamoDb
from tenants.account_item import account_key, item_key, outbox_name
from tenants.active_accounts import ActiveAccount, active_from_items, active_item, active_key, hour_of
from tenants.dynamo_calls import call_store
from tenants.errors import LedgerUnavailable
from tenants.shard_loans import shards_of
from tenants.tables import PARTITION_KEY, SWEEP_SORT, TableNames, active_partition
from tenants.update_draft import UpdateDraft

# An entry is some hundred bytes, and every removal names its attribute: an expression is 4 KB at most.
_REMOVALS_A_WRITE = 50
_REMEMBERED = 20_000
_MOST_GETS = 100  # of one BatchGetItem (API reference)


class ActiveAccounts:
    """One per process: it remembers what it has registered, so that an account costs one write unit an hour."""

    def __init__(self, client: DynamoDb, tables: TableNames) -> None:
        self._client = client
        self._table = tables.usage
        self._noted: OrderedDict[tuple[ActiveAccount, str], None] = OrderedDict()
        self._noting: dict[tuple[ActiveAccount, str], asyncio.Task[None]] = {}

    async def note(self, key_id: str, month: str, now_ms: int) -> None:
        """Register the account for the hour of `now_ms`, a moment between the beginning of a request and its reserve;
        returns once it is durable. Raises LedgerUnavailable: then nothing may be reserved.
        """
        entry = (ActiveAccount(key_id, month), hour_of(now_ms))
        if entry in self._noted:
            return
        noting = self._noting.get(entry)
        if noting is None:  # the first of an hour often come together
            noting = self._noting[entry] = asyncio.create_task(self._put(*entry))
        await asyncio.shield(noting)

    async def _put(self, account: ActiveAccount, hour: str) -> None:
        try:
            await call_store(self._client, "PutItem", {"TableName": self._table, "Item": active_item(account, hour)})
            self._noted[account, hour] = None
            if len(self._noted) > _REMEMBERED:
                self._noted.popitem(last=False)
        finally:
            del self._noting[account, hour]

    async def list(self, hour: str) -> list[ActiveAccount]:
        """The accounts registered for an hour, strongly consistent. Raises LedgerUnavailable."""
        body: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": active_partition(hour)}},
            "ConsistentRead": True,
        }
        found: list[ActiveAccount] = []
        while True:
            answer = await call_store(self._client, "Query", body)
            found += active_from_items(answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return found
            body["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    async def find_noted(self, entries: Collection[tuple[ActiveAccount, str]]) -> frozenset[tuple[ActiveAccount, str]]:
        """Those of the accounts that are registered for their hours; half a read unit for each asked for.

        Raises LedgerUnavailable.
        """
        found: set[tuple[ActiveAccount, str]] = set()
        keys = [active_key(account, hour) for account, hour in dict.fromkeys(entries)]  # DynamoDB refuses duplicates
        while keys:
            ask = {self._table: {"Keys": keys[:_MOST_GETS], "ProjectionExpression": "pk, sk"}}
            answer = await call_store(self._client, "BatchGetItem", {"RequestItems": ask})
            for item in answer["Responses"].get(self._table, ()):
                (account,) = active_from_items([item])
                found.add((account, item[PARTITION_KEY]["S"].removeprefix(active_partition(""))))
            unread = answer.get("UnprocessedKeys", {}).get(self._table, {}).get("Keys", [])
            if len(unread) == len(keys[:_MOST_GETS]):
                raise LedgerUnavailable()  # throttled
            keys = [*unread, *keys[_MOST_GETS:]]
        return frozenset(found)

    async def clear_outbox(self, account: ActiveAccount, request_ids: Sequence[str]) -> None:
        """Remove entries that are events by now: on an account that is not used again, no other write will. Raises
        LedgerUnavailable."""
        for first in range(0, len(request_ids), _REMOVALS_A_WRITE):
            some = request_ids[first : first + _REMOVALS_A_WRITE]
            for shard in range(1, await self._remove(account, 0, some)):
                await self._remove(account, shard, some)

    async def _remove(self, account: ActiveAccount, shard: int, request_ids: Sequence[str]) -> int:
        """How many accounts the key has, where this is the first of them."""
        draft = UpdateDraft(self._table, account_key(account.key_id, account.month, shard))
        draft.require_present(PARTITION_KEY)
        for each in request_ids:
            draft.remove(outbox_name(each))
        try:
            body = {**_without_values(draft.to_request()), "ReturnValues": "ALL_NEW"}
            return shards_of((await call_store(self._client, "UpdateItem", body))["Attributes"])
        except ConditionFailed:
            return 1  # the account has expired, and its entries with it


class SweepRecord:
    """What sweeps of all processes tell each other. Two of them at once do no harm: they find the same and write it
    once."""

    def __init__(self, client: DynamoDb, tables: TableNames) -> None:
        self._client = client
        self._table = tables.usage
        self._key = item_key(active_partition(SWEEP_SORT), SWEEP_SORT)

    async def take_turn(self, now_ms: int, interval_ms: int) -> bool:
        """Whether no sweep began in the last `interval_ms`; then this one has. Raises LedgerUnavailable."""
        draft = UpdateDraft(self._table, self._key)
        draft.require_behind("at", now_ms - interval_ms + 1)
        draft.set_number("at", now_ms)
        try:
            await call_store(self._client, "UpdateItem", draft.to_request())
        except ConditionFailed:
            return False  # or an earlier attempt of this one, whose reply was lost: the next interval has one, too
        return True

    async def find_through(self) -> str | None:
        """The last hour that is done with. Raises LedgerUnavailable."""
        body = {"TableName": self._table, "Key": self._key, "ConsistentRead": True}
        item = (await call_store(self._client, "GetItem", body)).get("Item", {})
        through: str | None = item["through"]["S"] if "through" in item else None
        return through

    async def finish_hour(self, hour: str) -> None:
        """This hour and all before it are done with; never moves back. Raises LedgerUnavailable."""
        body = {
            "TableName": self._table,
            "Key": self._key,
            "UpdateExpression": "SET through = :hour",
            "ConditionExpression": "attribute_not_exists(through) OR through < :hour",
            "ExpressionAttributeValues": {":hour": {"S": hour}},
        }
        try:
            await call_store(self._client, "UpdateItem", body)
        except ConditionFailed:
            pass  # another sweep was faster


def _without_values(body: dict[str, Any]) -> dict[str, Any]:
    """DynamoDB refuses an empty map of values."""
    return {name: part for name, part in body.items() if name != "ExpressionAttributeValues" or part}
