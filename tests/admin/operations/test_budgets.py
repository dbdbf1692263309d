from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from admin.control_plane import ControlPlane, Requester
from admin.operations.api_keys import KeyTarget
from admin.operations.budgets import get_budget, next_month_begins_at
from admin.operations.issued_keys import KeyDraft, UserOwner, issue_key
from admin.operations.projects import create_project
from tenants.account import Bound, Hold
from tenants.event import Call, Operation, Settlement, UsageStatus
from tenants.principal import Fence
from tenants.usage import TokenCounts


@pytest.mark.parametrize(
    ("month", "following"),
    [("2026-11", datetime(2026, 12, 1, tzinfo=UTC)), ("2026-12", datetime(2027, 1, 1, tzinfo=UTC))],
)
def test_a_month_ends_with_the_first_second_of_the_next(month: str, following: datetime) -> None:
    assert next_month_begins_at(month) == following.timestamp()


async def test_settled_and_held_are_told_apart(control: ControlPlane, requester: Requester) -> None:
    project = await create_project(control, requester, "team")
    key = (await issue_key(control, requester, project.id, KeyDraft("k", UserOwner()))).record.key
    fence = Fence(key.id, project.id, key.version, project.version)
    ended, running = (
        Hold(
            Call(request_id, key.id, project.id, "user_1", Operation.CHAT, "m", "m", control.clock_ms()),
            Bound(100, 50, 7_000),
            expires_at=control.now_seconds() + 600,
        )
        for request_id in ("req_1", "req_2")
    )
    await control.ledger.open_account(fence, ended.call.month)
    await control.ledger.reserve(fence, ended)
    await control.ledger.reserve(fence, running)
    settlement = Settlement(UsageStatus.OK, control.clock_ms(), TokenCounts(10, 5, 3, 2), 1_234)
    await control.ledger.settle(ended, settlement)

    budget = await get_budget(control, KeyTarget(project.id, key.id))

    assert budget.account.settled == TokenCounts(10, 5, 3, 2)
    assert budget.account.settled_pico_usd == 1_234
    assert (budget.account.held_tokens, budget.account.held_pico_usd) == (150, 7_000)
    assert (budget.account.requests, budget.account.in_flight) == (1, 1)


async def test_a_key_not_used_this_month_has_an_empty_account(control: ControlPlane, requester: Requester) -> None:
    project = await create_project(control, requester, "team")
    key = (await issue_key(control, requester, project.id, KeyDraft("k", UserOwner()))).record.key
    december = replace(control, clock_ms=lambda: int(datetime(2026, 12, 31, 23, 59, tzinfo=UTC).timestamp() * 1000))

    budget = await get_budget(december, KeyTarget(project.id, key.id))

    assert (budget.account.month, budget.account.requests, budget.account.committed_tokens) == ("2026-12", 0, 0)
    assert budget.resets_at == datetime(2027, 1, 1, tzinfo=UTC).timestamp()
