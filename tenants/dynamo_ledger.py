"""The hot path on DynamoDB: the key's read, reserve and settle, over the asynchronous client.

Plain conditional updates, no transactions, on the path of a request: a transaction costs twice the write units and
conflicts with its neighbours on a busy account.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from awswire.attributes import from_attributes
from awswire.dynamodb import DynamoDb, TransactionCanceled
from awswire.retries import Timing
from tenants.account import Account, Hold
from tenants.account_counts import Seen
from tenants.account_item import item_key, open_transaction
from tenants.account_memory import AccountMemory, account_id_of
from tenants.account_reserve import Reserve
from tenants.account_settle import drop_update, settle_update
from tenants.busy_keys import BusyKeys, Spread
from tenants.delivery import charge_abandoned
from tenants.demand import Demand
from tenants.dynamo_accounts import DynamoAccounts, Ended, Refused
from tenants.dynamo_calls import call_store
from tenants.dynamo_events import DynamoEvents
from tenants.dynamo_shard_loans import SpreadAccounts
from tenants.errors import FenceStale, LedgerUnavailable
from tenants.event import Call, Settlement, UsageEvent
from tenants.principal import Fence, KeyRecord
from tenants.rows import key_from_row, tenant_from_row
from tenants.standing import Reserved, Settled
from tenants.store import Page
from tenants.tables import KEY_SORT, TENANT_SORT, TableNames, key_partition, tenant_partition

# The most that one refused request finishes of what others abandoned, before it is tried again.
_FINISHED_A_RESERVE = 10
SPREAD = Spread()


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
        answer = await call_store(self._client, "GetItem", body)
        return from_attributes(answer["Item"]) if "Item" in answer else None


class DynamoLedger:
    """Ledger on DynamoDB. One per process: it remembers what it last saw of accounts, see `AccountMemory`. `spread`
    tells when a busy key gets further accounts.
    """

    def __init__(
        self,
        client: DynamoDb,
        tables: TableNames,
        monotonic: Callable[[], float],
        mark_late: Callable[[Sequence[UsageEvent]], Awaitable[None]] | None = None,
        spread: Spread = SPREAD,
    ) -> None:
        self._client = client
        self._tables = tables
        self._mark_late = mark_late
        self._memory = AccountMemory()
        busy = BusyKeys(spread)
        self._accounts = DynamoAccounts(client, tables.usage, monotonic, self._memory, busy)
        timing = Timing(monotonic, asyncio.sleep, random.random)
        self._spread_accounts = SpreadAccounts(client, tables.usage, self._accounts, busy, timing)
        self._events = DynamoEvents(client, tables)

    async def reserve(self, fence: Fence, hold: Hold, demand: Demand) -> Reserved:
        wanted = Reserve(fence, hold, demand)
        outcome = await self._spread_accounts.reserve(wanted)
        if isinstance(outcome, Refused) and await self._finish_expired(outcome, hold.call.started_at_ms):
            outcome = await self._spread_accounts.reserve(wanted)
        if isinstance(outcome, Refused):
            raise outcome.error
        return outcome

    async def _finish_expired(self, refused: Refused, now_ms: int) -> bool:
        """Finish the holds that nobody will; whether there were any. Their events wait in the outbox."""
        if refused.account is None or isinstance(refused.error, FenceStale):
            return False
        expired = refused.account.find_expired(now_ms / 1000)[:_FINISHED_A_RESERVE]
        for hold in expired:
            await charge_abandoned(self, hold, now_ms)
        return bool(expired)

    async def open_account(self, fence: Fence, month: str) -> None:
        try:
            await call_store(self._client, "TransactWriteItems", open_transaction(self._tables, fence, month))
        except TransactionCanceled as cancelled:
            if any(code == "ConditionalCheckFailed" for code, _ in cancelled.reasons):
                raise FenceStale(None, None) from cancelled
            raise LedgerUnavailable() from cancelled

    async def settle(self, hold: Hold, settlement: Settlement, *, watched: bool = False) -> Settled:
        def update(entered: Hold, seen: Seen, delivered: Sequence[str]) -> dict[str, Any]:
            return settle_update(self._tables.usage, entered, settlement, seen, delivered)

        outcome = await self._accounts.end(hold, update, watched=watched)
        if isinstance(outcome, Ended):
            # Nothing more is reserved on the shards of a key with alerts, so that what they have stays as it is.
            account = None if outcome.account is None else await self._accounts.complete(outcome.account)
            return Settled(done=True, account=account)
        earlier = None if outcome.account is None else outcome.account.outbox.get(hold.call.request_id)
        return Settled(earlier is not None and earlier.settlement == settlement)

    async def drop_hold(self, hold: Hold) -> None:
        def update(entered: Hold, seen: Seen, delivered: Sequence[str]) -> dict[str, Any]:
            return drop_update(self._tables.usage, entered, seen, delivered)

        await self._accounts.end(hold, update)

    async def settle_soft(
        self, hold: Hold, settlement: Settlement, demand: Demand, *, repeated: bool = False, watched: bool = False
    ) -> Settled:
        if repeated:
            # The account first: an entry leaves it only once its event is there, so that no entry and then no event
            # is nothing.
            account = await self._accounts.find(hold.call.key_id, hold.call.month)
            kept = None if account is None else account.outbox.get(hold.call.request_id)
            earlier = kept or await self._events.find(hold.call)
            if earlier is not None:
                return Settled(earlier.settlement == settlement)
        return await self._accounts.record(UsageEvent(hold.call, settlement), demand, watched=watched)

    async def find_event(self, call: Call) -> UsageEvent | None:
        return await self._events.find(call)

    async def find_account(self, key_id: str, month: str) -> Account | None:
        return await self._accounts.find(key_id, month)

    async def put_events(self, events: Sequence[UsageEvent]) -> None:
        await self._events.put(events)
        # Before they leave their outboxes: a mark that is missing would leave them out of sums that were made already.
        if self._mark_late is not None:
            await self._mark_late(events)
        for event in events:
            call = event.call
            account_id = account_id_of(call.key_id, call.month, self._memory.place_of(call.request_id))
            self._memory.mark_delivered(account_id, [call.request_id])

    async def list_events(self, tenant_id: str, day: str, after: str | None, limit: int) -> Page[UsageEvent]:
        return await self._events.list_of_day(tenant_id, day, after, limit)
