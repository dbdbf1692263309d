from __future__ import annotations

from dataclasses import replace

import pytest

from admin.control_plane import ControlPlane, Requester
from admin.operations.issued_keys import KeyDraft, UserOwner, issue_key
from admin.operations.last_uses import find_last_use, find_last_uses
from admin.operations.projects import create_project
from awswire.dynamodb import DynamoDb
from tenants.account import Bound, Hold
from tenants.active_accounts import HOUR_MS, ActiveAccount
from tenants.demand import Demand
from tenants.dynamo_active_accounts import ActiveAccounts
from tenants.event import Call, Operation, Settlement, UsageStatus
from tenants.limits import NO_LIMITS
from tenants.principal import Fence, KeyRecord
from tenants.tables import TableNames
from tenants.window import window_of
from tests.admin.conftest import NOW_MS

DAY_MS = 24 * HOUR_MS


class Client:
    """Uses a key as a client does, and lets the sweeper come by."""

    def __init__(self, control: ControlPlane, active: ActiveAccounts) -> None:
        self.control = replace(control, hours=active)
        self._active = active
        self._requests = 0

    def at(self, now_ms: int) -> ControlPlane:
        return replace(self.control, clock_ms=lambda: now_ms)

    async def use(self, record: KeyRecord, at_ms: int) -> None:
        self._requests += 1
        request_id, key = f"req_{self._requests}", record.key
        call = Call(request_id, key.id, record.tenant.id, "anna", Operation.CHAT, "m", "m", at_ms)
        fence, ledger = Fence(key.id, record.tenant.id, key.version, record.tenant.version), self.control.ledger
        await self._active.note(key.id, call.month, at_ms)
        await ledger.open_account(fence, call.month)
        demand = Demand(window_of(at_ms), "m", NO_LIMITS, NO_LIMITS)
        reserved = await ledger.reserve(fence, Hold(call, Bound(1, 1), at_ms // 1000 + 60), demand)
        await ledger.settle(reserved.hold, Settlement(UsageStatus.OK, at_ms + 1))

    async def sweep(self, record: KeyRecord, month: str = "2026-11") -> None:
        account = await self.control.ledger.find_account(record.key.id, month)
        assert account is not None
        await self._active.clear_outbox(ActiveAccount(record.key.id, month), list(account.outbox))


@pytest.fixture
def client(control: ControlPlane, dynamodb: DynamoDb, tables: TableNames) -> Client:
    return Client(control, ActiveAccounts(dynamodb, tables))


@pytest.fixture
async def record(control: ControlPlane, requester: Requester) -> KeyRecord:
    project = await create_project(control, requester, "team")
    return (await issue_key(control, requester, project.id, KeyDraft("k", UserOwner()))).record


async def test_a_key_that_was_never_used_has_no_last_use(client: Client, record: KeyRecord) -> None:
    assert await find_last_use(client.control, record.key) is None


async def test_the_last_use_is_known_at_once_and_to_the_second(client: Client, record: KeyRecord) -> None:
    used_ms = NOW_MS + 5 * HOUR_MS + 1_234_567
    await client.use(record, NOW_MS + HOUR_MS)
    await client.use(record, used_ms)
    assert await find_last_use(client.at(used_ms + 1), record.key) == used_ms // 1000


async def test_after_the_sweep_it_is_known_to_the_hour(client: Client, record: KeyRecord) -> None:
    await client.use(record, NOW_MS + HOUR_MS)
    await client.use(record, NOW_MS + 5 * HOUR_MS + 1_234_567)
    await client.sweep(record)
    for later_ms in (NOW_MS + 6 * HOUR_MS, NOW_MS + 7 * DAY_MS):
        assert await find_last_use(client.at(later_ms), record.key) == (NOW_MS + 5 * HOUR_MS) // 1000


async def test_after_that_it_is_known_to_the_day_also_from_a_later_month(client: Client, record: KeyRecord) -> None:
    await client.use(record, NOW_MS + 5 * HOUR_MS)
    await client.sweep(record)
    assert await find_last_use(client.at(NOW_MS + 60 * DAY_MS), record.key) == NOW_MS // 1000


async def test_without_lists_of_hours_it_is_known_to_the_day(client: Client, record: KeyRecord) -> None:
    await client.use(record, NOW_MS + 5 * HOUR_MS)
    await client.sweep(record)
    assert await find_last_use(replace(client.at(NOW_MS + DAY_MS), hours=None), record.key) == NOW_MS // 1000


async def test_of_many_keys_each_has_its_own(client: Client, control: ControlPlane, requester: Requester) -> None:
    project = await create_project(control, requester, "team")
    records = [(await issue_key(control, requester, project.id, KeyDraft("k", UserOwner()))).record for _ in range(5)]
    for number, record in enumerate(records[:4]):
        await client.use(record, NOW_MS + number * HOUR_MS + 1000)
        await client.sweep(record)
    used = await find_last_uses(client.at(NOW_MS + DAY_MS), [record.key for record in records])
    assert used == {record.key.id: (NOW_MS + number * HOUR_MS) // 1000 for number, record in enumerate(records[:4])}
