"""The hot path on DynamoDB: the key's read, reserve, settle, and the events, over the asynchronous client.

Plain conditional updates, no transactions, on the path of a request: a transaction costs twice the write units and
conflicts with its neighbours on a busy account.
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any

from awswire.attributes import from_attributes, to_attributes
from awswire.dynamodb import (
    ConditionFailed,
    DynamoDb,
    DynamoDbError,
    OutcomeUnknown,
    Rejected,
    Throttled,
    TransactionCanceled,
    Unavailable,
)
from tenants.account import Account, Hold
from tenants.account_item import (
    account_from_item,
    account_key,
    drop_update,
    item_key,
    open_transaction,
    reserve_update,
    settle_update,
)
from tenants.errors import FenceStale, LedgerUnavailable, TablesMissing
from tenants.event import Call, Settlement, UsageEvent
from tenants.event_item import event_from_values, event_to_values
from tenants.periods import day_of
from tenants.principal import Fence, KeyRecord
from tenants.rows import key_from_row, tenant_from_row
from tenants.store import Page
from tenants.tables import (
    KEY_SORT,
    TENANT_SORT,
    TableNames,
    event_partition,
    key_partition,
    tenant_partition,
)

logger = logging.getLogger("sluice.ledger")

# How often a reserve reads its account along, so that what a crashed process left behind is seen and finished.
INSPECT_EVERY_SECONDS = 30.0
_ACCOUNTS_REMEMBERED = 10_000
_REMOVALS_A_WRITE = 10

AccountId = tuple[str, str]


class DynamoKeyReader:
    """KeyReader on DynamoDB: two strongly consistent GetItems, of the key and of its tenant."""

    def __init__(self, client: DynamoDb, tables: TableNames) -> None:
        self._client = client
        self._tables = tables

    async def find_key(self, key_id: str) -> KeyRecord | None:
        key_row = await self._find_row(key_partition(key_id), KEY_SORT)
        if key_row is None:
            return None
        key = key_from_row(key_row)
        tenant_row = await self._find_row(tenant_partition(key.tenant_id), TENANT_SORT)
        return None if tenant_row is None else KeyRecord(key, tenant_from_row(tenant_row))

    async def _find_row(self, partition: str, sort: str) -> dict[str, Any] | None:
        body = {"TableName": self._tables.core, "Key": item_key(partition, sort), "ConsistentRead": True}
        answer = await _call(self._client, "GetItem", body)
        return from_attributes(answer["Item"]) if "Item" in answer else None


class DynamoLedger:
    """Ledger on DynamoDB. One per process: it remembers which outbox entries it has delivered as events."""

    def __init__(self, client: DynamoDb, tables: TableNames, monotonic: Callable[[], float]) -> None:
        self._client = client
        self._tables = tables
        self._monotonic = monotonic
        self._delivered: OrderedDict[AccountId, dict[str, None]] = OrderedDict()
        self._inspected: OrderedDict[AccountId, float] = OrderedDict()

    async def reserve(self, fence: Fence, hold: Hold) -> Account | None:
        account_id = (fence.key_id, hold.call.month)
        delivered = self._take_delivered(account_id)
        body = reserve_update(self._tables.usage, fence, hold, delivered)
        inspect = self._inspection_due(account_id)
        if inspect:
            body["ReturnValues"] = "ALL_NEW"
        try:
            answer = await _call(self._client, "UpdateItem", body)
        except ConditionFailed as refused:
            self._mark_delivered(account_id, delivered)
            account = _account_of(refused)
            if account is not None and hold.call.request_id in account.holds:
                return account  # our own earlier attempt, whose reply was lost
            raise _stale(account) from refused
        except LedgerUnavailable:
            self._mark_delivered(account_id, delivered)
            raise
        if not inspect:
            return None
        _remember(self._inspected, account_id, self._monotonic())
        return account_from_item(answer["Attributes"])

    async def open_account(self, fence: Fence, month: str) -> None:
        try:
            await _call(self._client, "TransactWriteItems", open_transaction(self._tables, fence, month))
        except TransactionCanceled as cancelled:
            if any(code == "ConditionalCheckFailed" for code, _ in cancelled.reasons):
                raise FenceStale(None, None) from cancelled
            raise LedgerUnavailable() from cancelled

    async def settle(self, hold: Hold, settlement: Settlement) -> bool:
        account_id = (hold.call.key_id, hold.call.month)
        delivered = self._take_delivered(account_id)
        try:
            await _call(self._client, "UpdateItem", settle_update(self._tables.usage, hold, settlement, delivered))
        except ConditionFailed as refused:
            self._mark_delivered(account_id, delivered)
            account = _account_of(refused)
            done = None if account is None else account.outbox.get(hold.call.request_id)
            return done is not None and done.settlement == settlement
        except LedgerUnavailable:
            self._mark_delivered(account_id, delivered)
            raise
        return True

    async def drop_hold(self, hold: Hold) -> None:
        try:
            await _call(self._client, "UpdateItem", drop_update(self._tables.usage, hold))
        except ConditionFailed:
            pass  # gone already

    async def find_event(self, call: Call) -> UsageEvent | None:
        body = {
            "TableName": self._tables.usage,
            "Key": item_key(event_partition(call.tenant_id, day_of(call.started_at_ms)), call.request_id),
            "ConsistentRead": True,
        }
        answer = await _call(self._client, "GetItem", body)
        return event_from_values(from_attributes(answer["Item"])) if "Item" in answer else None

    async def find_account(self, key_id: str, month: str) -> Account | None:
        body = {"TableName": self._tables.usage, "Key": account_key(key_id, month), "ConsistentRead": True}
        answer = await _call(self._client, "GetItem", body)
        return account_from_item(answer["Item"]) if "Item" in answer else None

    async def put_events(self, events: Sequence[UsageEvent]) -> None:
        # A batch must not name an item twice; the same event may have come from the queue and from its account.
        distinct = {each.call.request_id: each for each in events}.values()
        items = [to_attributes(event_to_values(each)) for each in distinct]
        try:
            await self._client.batch_write(self._tables.usage, items)
        except (Unavailable, Throttled) as error:
            raise LedgerUnavailable() from error
        for event in events:
            self._mark_delivered((event.call.key_id, event.call.month), [event.call.request_id])

    async def list_events(self, tenant_id: str, day: str, after: str | None, limit: int) -> Page[UsageEvent]:
        condition = "pk = :pk" if after is None else "pk = :pk AND sk > :after"
        values = {":pk": {"S": event_partition(tenant_id, day)}}
        if after is not None:
            values[":after"] = {"S": after}
        body = {
            "TableName": self._tables.usage,
            "KeyConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ConsistentRead": True,
            "Limit": limit + 1,
        }
        answer = await _call(self._client, "Query", body)
        found = answer["Items"]
        events = tuple(event_from_values(from_attributes(each)) for each in found[:limit])
        # A page of Query ends at 1 MB, whatever the limit.
        return Page(events, len(found) > limit or "LastEvaluatedKey" in answer)

    def _inspection_due(self, account_id: AccountId) -> bool:
        last = self._inspected.get(account_id)
        return last is None or self._monotonic() - last >= INSPECT_EVERY_SECONDS

    def _take_delivered(self, account_id: AccountId) -> Sequence[str]:
        delivered = self._delivered.pop(account_id, None)
        if delivered is None:
            return ()
        taken = list(islice(delivered, _REMOVALS_A_WRITE))
        self._mark_delivered(account_id, [each for each in delivered if each not in taken])
        return taken

    def _mark_delivered(self, account_id: AccountId, request_ids: Sequence[str]) -> None:
        # Forgetting one is harmless: the entry is seen as left behind later, and delivered again under the same id.
        if request_ids:
            marked = self._delivered.get(account_id, {}) | dict.fromkeys(request_ids)
            _remember(self._delivered, account_id, marked)


def _remember(memory: OrderedDict[AccountId, Any], account_id: AccountId, value: object) -> None:
    memory[account_id] = value
    memory.move_to_end(account_id)
    if len(memory) > _ACCOUNTS_REMEMBERED:
        memory.popitem(last=False)


def _account_of(refused: ConditionFailed) -> Account | None:
    return None if refused.item is None else account_from_item(refused.item)


def _stale(account: Account | None) -> FenceStale:
    if account is None:
        return FenceStale(None, None)
    return FenceStale(account.key_version, account.tenant_version)


async def _call(client: DynamoDb, operation: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Every call of this module may be repeated: reads, and writes that name what they write."""
    try:
        return await client.call(operation, dict(body), repeatable=True)
    except (ConditionFailed, TransactionCanceled):
        raise
    except DynamoDbError as error:
        if isinstance(error, Rejected) and error.code == "ResourceNotFoundException":
            logger.error("the tables are missing: run `sluice migrate`", extra={"operation": operation})
            raise TablesMissing() from error
        if isinstance(error, Rejected):
            logger.error("DynamoDB rejects what the ledger asks", extra={"operation": operation, "error": str(error)})
        raise LedgerUnavailable(may_have_applied=isinstance(error, OutcomeUnknown)) from error
