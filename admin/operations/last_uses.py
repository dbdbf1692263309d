"""When keys were used last. It reads what requests have left; see `tenants/last_use.py`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from admin.control_plane import ControlPlane
from tenants.account import Account
from tenants.active_accounts import ActiveAccount, begin_of_hour_ms
from tenants.key import ApiKey
from tenants.last_use import hours_to_ask, months_to_ask, used_at_ms

_AT_ONCE = 32


async def find_last_uses(control: ControlPlane, keys: Sequence[ApiKey]) -> Mapping[str, int]:
    """The Unix second of each key's last use, by its id: not before the hour in which that was, or, where it is more
    than eight days ago or `control` has no lists of hours, not before the day. Keys that were never used, or not for
    thirteen months, are left out. Raises LedgerUnavailable."""
    now_ms = control.clock_ms()
    gate = asyncio.Semaphore(_AT_ONCE)

    async def find(key: ApiKey) -> Account | None:
        for month in months_to_ask(key.created_at * 1000, now_ms):
            async with gate:
                account = await control.ledger.find_account(key.id, month)
            if account is not None and used_at_ms(account) is not None:
                return account
        return None

    accounts = [each for each in await asyncio.gather(*map(find, keys)) if each is not None]
    used = {account.key_id: used_at_ms(account) or 0 for account in accounts}
    if control.hours is not None:
        asked = [
            (ActiveAccount(account.key_id, account.month), hour)
            for account in accounts
            for hour in hours_to_ask(account, used[account.key_id], now_ms)
        ]
        for account, hour in await control.hours.find_noted(asked):
            used[account.key_id] = max(used[account.key_id], begin_of_hour_ms(hour))
    return {key_id: used_ms // 1000 for key_id, used_ms in used.items()}


async def find_last_use(control: ControlPlane, key: ApiKey) -> int | None:
    """That of one key; None where it was never used, or not for thirteen months. Raises LedgerUnavailable."""
    return (await find_last_uses(control, [key])).get(key.id)
