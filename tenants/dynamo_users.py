"""Users on DynamoDB: the user, one item for each project that it is in, and a pointer from the user to that project."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pynamodb.exceptions import DoesNotExist
from pynamodb.transactions import TransactWrite

from tenants.administrator_rows import member_from_row, member_to_row, user_from_row, user_to_row
from tenants.audit import AuditEvent
from tenants.dynamo_audit import AuditTrail
from tenants.dynamo_changes import Changes, Refusals, Threads
from tenants.dynamo_models import MemberRow, PointerRow, Rows, RowType, TenantRow, UserRow
from tenants.store import Page
from tenants.tables import MEMBER, TENANT_SORT, USERS_PARTITION, tenant_partition, user_partition
from tenants.tenant import TenantStatus
from tenants.user import Member, User

T = TypeVar("T")
_ALL_OLD = "ALL_OLD"
_AFTER_EVERY_ID = "\U0010ffff"  # sorts last in UTF-8


class DynamoUsers:
    """Users on DynamoDB. To be closed."""

    def __init__(self, rows: Rows, clock_ms: Callable[[], int]) -> None:
        self._rows = rows
        self._threads = Threads()
        self._changes = Changes(AuditTrail(rows, clock_ms), self._threads)

    async def close(self) -> None:
        self._threads.close()

    async def find_user(self, user_id: str) -> User | None:
        return await self._find(self._rows.user, (USERS_PARTITION, user_id), user_from_row)

    async def list_users(self, after: str | None, limit: int) -> Page[User]:
        return await self._list(self._rows.user, (USERS_PARTITION, ""), user_from_row, after, limit)

    async def update_user(self, user: User, audit: AuditEvent) -> None:
        def write(transaction: TransactWrite) -> None:
            transaction.save(self._user_row(user), condition=UserRow.pk.exists())

        await self._changes.commit(write, audit, Refusals(missing=f"No such user: '{user.id}'."))

    async def delete_user(self, user: User, audit: AuditEvent) -> None:
        def write(transaction: TransactWrite) -> None:
            transaction.delete(self._user_row(user), condition=UserRow.pk.exists())

        await self._changes.commit(write, audit, Refusals(missing=f"No such user: '{user.id}'."))

    async def add_member(self, member: Member, new_user: User | None, audit: AuditEvent) -> None:
        def write(transaction: TransactWrite) -> None:
            active = TenantRow.status == TenantStatus.ACTIVE.value
            tenant = self._rows.tenant
            transaction.condition_check(tenant, tenant_partition(member.tenant_id), TENANT_SORT, condition=active)
            if new_user is None:
                known = self._rows.user
                transaction.condition_check(known, USERS_PARTITION, member.user_id, condition=UserRow.pk.exists())
            else:
                absent = UserRow.pk.does_not_exist()
                transaction.save(self._user_row(new_user), condition=absent, return_values=_ALL_OLD)
            absent = MemberRow.pk.does_not_exist()
            transaction.save(self._member_row(member), condition=absent, return_values=_ALL_OLD)
            transaction.save(self._pointer(member))

        missing = f"No active project with id '{member.tenant_id}', or no such user any more: '{member.user_id}'."
        taken = f"The user '{member.user_id}' has just been added by somebody else."
        await self._changes.commit(write, audit, Refusals(missing, taken))

    async def find_member(self, tenant_id: str, user_id: str) -> Member | None:
        place = tenant_partition(tenant_id), MEMBER + user_id
        return await self._find(self._rows.member, place, member_from_row)

    async def list_members(self, tenant_id: str, after: str | None, limit: int) -> Page[Member]:
        place = tenant_partition(tenant_id), MEMBER
        return await self._list(self._rows.member, place, member_from_row, after, limit)

    async def list_projects_of(self, user_id: str) -> tuple[str, ...]:
        def read() -> tuple[str, ...]:
            return tuple(row.sk for row in self._rows.pointer.query(user_partition(user_id), consistent_read=True))

        return await self._threads.run(read)

    async def update_member(self, member: Member, audit: AuditEvent) -> None:
        def write(transaction: TransactWrite) -> None:
            transaction.save(self._member_row(member), condition=MemberRow.pk.exists())

        await self._changes.commit(write, audit, Refusals(missing=_no_member(member)))

    async def delete_member(self, member: Member, audit: AuditEvent) -> None:
        def write(transaction: TransactWrite) -> None:
            transaction.delete(self._member_row(member), condition=MemberRow.pk.exists())
            transaction.delete(self._pointer(member))

        await self._changes.commit(write, audit, Refusals(missing=_no_member(member)))

    def _user_row(self, user: User) -> UserRow:
        return self._rows.user(USERS_PARTITION, user.id, **user_to_row(user))

    def _member_row(self, member: Member) -> MemberRow:
        place = tenant_partition(member.tenant_id), MEMBER + member.user_id
        return self._rows.member(*place, **member_to_row(member))

    def _pointer(self, member: Member) -> PointerRow:
        return self._rows.pointer(user_partition(member.user_id), member.tenant_id)

    async def _find(
        self, row: type[RowType], place: tuple[str, str], from_row: Callable[[Mapping[str, Any]], T]
    ) -> T | None:
        def read() -> T | None:
            try:
                return from_row(row.get(*place, consistent_read=True).attribute_values)
            except DoesNotExist:
                return None

        return await self._threads.run(read)

    async def _list(
        self,
        row: type[RowType],
        place: tuple[str, str],
        from_row: Callable[[Mapping[str, Any]], T],
        after: str | None,
        limit: int,
    ) -> Page[T]:
        """`place`: the partition, and what comes before the user's id in its sort keys."""
        partition, prefix = place

        def read() -> Page[T]:
            between = row.sk.between(prefix + (after or "") + "\0", prefix + _AFTER_EVERY_ID)
            found = row.query(partition, between, consistent_read=True, limit=limit + 1)
            records = [from_row(each.attribute_values) for each in found]
            return Page(tuple(records[:limit]), has_more=len(records) > limit)

        return await self._threads.run(read)


def _no_member(member: Member) -> str:
    return f"No such user '{member.user_id}' in project '{member.tenant_id}'."
