"""What a key has used and what its running requests hold, this month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from admin.control_plane import ControlPlane
from admin.operations.api_keys import KeyTarget, get_key
from tenants.account import Account
from tenants.periods import month_of


@dataclass(frozen=True, slots=True)
class Budget:
    """A key's account of the month, and the Unix second at which the next month's takes its place."""

    project_id: str
    account: Account
    resets_at: int


async def get_budget(control: ControlPlane, target: KeyTarget) -> Budget:
    """The account as it stands, strongly consistent; an empty one where the key was not used yet this month.

    Raises NotFound, LedgerUnavailable.
    """
    await get_key(control, target)
    month = month_of(control.clock_ms())
    account = await control.ledger.find_account(target.key_id, month)
    return Budget(target.project_id, account or Account(target.key_id, month), next_month_begins_at(month))


def next_month_begins_at(month: str) -> int:
    """The first second (Unix, UTC) after a month written as `2026-11`."""
    year, number = (int(part) for part in month.split("-"))
    following = datetime(year + number // 12, number % 12 + 1, 1, tzinfo=UTC)
    return int(following.timestamp())
