"""What all of a tenant's keys have used, for its alerts: read from the accounts, once a day is over from the events."""

from __future__ import annotations

from awswire.attributes import from_attributes
from awswire.dynamodb import DynamoDb
from tenants.account_item import item_key
from tenants.dynamo_calls import call_store
from tenants.dynamo_escrow_books import EscrowBooks
from tenants.event_order import day_period
from tenants.limits import SpendAlert
from tenants.rows import tenant_from_row
from tenants.tables import TENANT_SORT, TableNames, tenant_partition
from tenants.tenant_spend import Spendings, spent_by_events, spent_in_month, spent_on_day
from tenants.usage_books import DayQuestion, UsageBooks


class TenantSpend:
    """Strongly consistent, by key: never a scan. Every method raises LedgerUnavailable."""

    def __init__(self, client: DynamoDb, tables: TableNames, usage: UsageBooks) -> None:
        self._client = client
        self._tables = tables
        self._books = EscrowBooks(client, tables)
        self._usage = usage

    async def list_alerts(self, tenant_id: str) -> tuple[SpendAlert, ...]:
        """The tenant's, as they stand; none of a tenant that does not exist."""
        key = item_key(tenant_partition(tenant_id), TENANT_SORT)
        body = {"TableName": self._tables.core, "Key": key, "ConsistentRead": True}
        answer = await call_store(self._client, "GetItem", body)
        return tenant_from_row(from_attributes(answer["Item"])).limits.alerts if "Item" in answer else ()

    async def sum_accounts(self, tenant_id: str, month: str, day: str | None) -> Spendings:
        """What is settled of a month (`2026-11`), and of a day of it (`2026-11-20`) that is not over. It reads the
        accounts of all its keys."""
        accounts = await self._books.list_whole_accounts(tenant_id, month)
        return {**spent_in_month(accounts), **({} if day is None else spent_on_day(accounts, int(day[8:])))}

    async def sum_day(self, tenant_id: str, day: str, now_ms: int) -> Spendings:
        """What was used on a day, by its events: of a day that is over, accounts tell nothing once the next began."""
        answer = await self._usage.sum_day(DayQuestion(tenant_id, day, (day_period(day),), now_ms))
        return spent_by_events(answer.sums[0].values())
