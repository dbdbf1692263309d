"""Admin keys on DynamoDB: one item each, in one partition, so that a listing is one query in order of creation."""

from __future__ import annotations

from collections.abc import Callable

from pynamodb.exceptions import DoesNotExist, UpdateError
from pynamodb.transactions import TransactWrite

from tenants.admin_key import AdminKey
from tenants.administrator_rows import admin_key_from_row, admin_key_to_row
from tenants.audit import AuditEvent
from tenants.dynamo_audit import AuditTrail
from tenants.dynamo_changes import Changes, Refusals, Threads
from tenants.dynamo_models import AdminKeyRow, Rows
from tenants.store import Page
from tenants.tables import ADMIN_KEYS_PARTITION


class DynamoAdministrators:
    """Administrators on DynamoDB. To be closed."""

    def __init__(self, rows: Rows, clock_ms: Callable[[], int]) -> None:
        self._rows = rows
        self._threads = Threads()
        self._changes = Changes(AuditTrail(rows, clock_ms), self._threads)

    async def close(self) -> None:
        self._threads.close()

    async def create_admin_key(self, key: AdminKey, audit: AuditEvent) -> None:
        def write(transaction: TransactWrite) -> None:
            row = self._rows.admin_key(ADMIN_KEYS_PARTITION, key.id, **admin_key_to_row(key))
            transaction.save(row, condition=AdminKeyRow.pk.does_not_exist())

        await self._changes.commit(write, audit, Refusals(taken=f"An admin key with id '{key.id}' exists already."))

    async def find_admin_key(self, key_id: str) -> AdminKey | None:
        def read() -> AdminKey | None:
            try:
                row = self._rows.admin_key.get(ADMIN_KEYS_PARTITION, key_id, consistent_read=True)
            except DoesNotExist:
                return None
            return admin_key_from_row(row.attribute_values)

        return await self._threads.run(read)

    async def list_admin_keys(self, after: str | None, limit: int, *, descending: bool = False) -> Page[AdminKey]:
        def read() -> Page[AdminKey]:
            beyond = None
            if after is not None:
                beyond = AdminKeyRow.sk < after if descending else AdminKeyRow.sk > after
            found = self._rows.admin_key.query(
                ADMIN_KEYS_PARTITION, beyond, consistent_read=True, limit=limit + 1, scan_index_forward=not descending
            )
            rows = [row.attribute_values for row in found]
            keys = (admin_key_from_row(row) for row in rows[:limit])
            return Page(tuple(key for key in keys if key is not None), has_more=len(rows) > limit)

        return await self._threads.run(read)

    async def delete_admin_key(self, key: AdminKey, audit: AuditEvent) -> None:
        def write(transaction: TransactWrite) -> None:
            row = self._rows.admin_key(ADMIN_KEYS_PARTITION, key.id)
            transaction.delete(row, condition=AdminKeyRow.pk.exists())

        await self._changes.commit(write, audit, Refusals(missing=f"No such admin key: '{key.id}'."))

    async def note_use(self, key: AdminKey, at_seconds: int) -> None:
        def write() -> None:
            row = self._rows.admin_key(ADMIN_KEYS_PARTITION, key.id)
            earlier = AdminKeyRow.last_used_at.does_not_exist() | (AdminKeyRow.last_used_at < at_seconds)
            try:
                row.update(
                    actions=[AdminKeyRow.last_used_at.set(at_seconds)], condition=AdminKeyRow.pk.exists() & earlier
                )
            except UpdateError as error:
                if error.cause_response_code not in ("ConditionalCheckFailedException", "TransactionConflictException"):
                    raise

        await self._threads.run(write)
