"""The sweep: whatever a process left behind when it died is finished, also on accounts that nobody uses any more.

It reads the accounts that are listed as active (`tenants/active_accounts.py`), charges expired holds as abandoned, and
delivers what still waits in outboxes. Every step may be repeated, and done by several processes at once. What it saw is
looked at for projects' alerts: an hour is done with only after that.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile

from gateway.project_alerts import Activity
from tenants.account import Account
from tenants.active_accounts import ActiveAccount, day_in, hours_to_sweep, is_clear_of, is_over
from tenants.delivery import BATCH_EVENTS, LEFTOVER_GRACE_MS, charge_abandoned
from tenants.dynamo_active_accounts import ActiveAccounts, SweepRecord
from tenants.errors import LedgerUnavailable
from tenants.event import UsageEvent
from tenants.periods import day_of
from tenants.store import Ledger

logger = logging.getLogger("sluice.ledger")

_AT_ONCE = 8
# An account on which nothing is due is read again after so long. What a hold that was taken meanwhile leaves is due no
# earlier than it expires, and is found that much later at most.
_REVISIT_MS = 5 * 60 * 1000


_Listed = Mapping[str, Sequence[ActiveAccount]]

Look = Callable[[Activity], Awaitable[bool]]
"""Told what a sweep saw: `ProjectAlerts.look`."""


async def look_at_nothing(activity: Activity) -> bool:
    """A Look that nobody is told of anything by."""
    return True


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found. `failed` accounts could not be read or finished, and are looked at by the next one."""

    accounts: int = 0
    abandoned: int = 0
    delivered: int = 0
    failed: int = 0

    def __add__(self, other: Swept) -> Swept:
        return Swept(
            self.accounts + other.accounts,
            self.abandoned + other.abandoned,
            self.delivered + other.delivered,
            self.failed + other.failed,
        )


@dataclass(frozen=True, slots=True)
class _Visit:
    """What was done on an account, and how it stands now; `account` is None also where it does not exist."""

    found: Swept
    account: Account | None = None
    read: bool = True


class Sweeper:
    """Sweeps. It remembers what it saw of accounts, so that those on which nothing is due are seldom read.

    `clock_ms` is wall time in milliseconds.
    """

    def __init__(
        self,
        ledger: Ledger,
        active: ActiveAccounts,
        record: SweepRecord,
        clock_ms: Callable[[], int],
        look: Look = look_at_nothing,
    ) -> None:
        self._ledger = ledger
        self._active = active
        self._record = record
        self._clock_ms = clock_ms
        self._look = look
        self._due_ms: dict[ActiveAccount, int] = {}
        self._project_ids: dict[ActiveAccount, str] = {}

    async def sweep(self) -> Swept:
        """Look through all hours that no sweep is done with, and note which are done with now. Raises
        LedgerUnavailable where the list of accounts cannot be read."""
        now_ms = self._clock_ms()
        listed = await self._list(hours_to_sweep(await self._record.find_through(), now_ms))
        visits = await self._visit_all({account for accounts in listed.values() for account in accounts}, now_ms)
        self._due_ms = {account: due for account, due in self._due_ms.items() if account in visits}
        self._project_ids = {account: project for account, project in self._project_ids.items() if account in visits}
        done = list(takewhile(lambda hour: _is_done(hour, listed[hour], visits, now_ms), listed))
        if await self._look(self._activity(listed, done)) and done:
            await self._record.finish_hour(done[-1])
        return sum((each.found for each in visits.values()), Swept())

    async def sweep_in_turn(self, interval_ms: int) -> Swept | None:
        """`sweep`, unless any process began one in the last `interval_ms`. Raises LedgerUnavailable."""
        return await self.sweep() if await self._record.take_turn(self._clock_ms(), interval_ms) else None

    async def sweep_hours(self, hours: Iterable[str]) -> Swept:
        """Look through the hours, whoever was done with them. Raises as `sweep`."""
        listed = await self._list(hours)
        self._due_ms.clear()
        visits = await self._visit_all({each for accounts in listed.values() for each in accounts}, self._clock_ms())
        await self._look(self._activity(listed, listed))
        return sum((each.found for each in visits.values()), Swept())

    async def _list(self, hours: Iterable[str]) -> _Listed:
        return {hour: await self._active.list(hour) for hour in hours}

    def _activity(self, listed: _Listed, done: Iterable[str]) -> Activity:
        """Of hours, and of those among them that nothing will be added to."""
        today = day_of(self._clock_ms())
        months: dict[str, set[str]] = {}
        for account in {each for accounts in listed.values() for each in accounts} & self._project_ids.keys():
            months.setdefault(self._project_ids[account], set()).add(account.month)
        ended: dict[str, set[str]] = {}
        for hour in done:
            for account in self._project_ids.keys() & listed[hour] if day_in(hour) < today else ():
                ended.setdefault(self._project_ids[account], set()).add(day_in(hour))
        return Activity(_frozen(months), _frozen(ended))

    async def _visit_all(self, accounts: Iterable[ActiveAccount], now_ms: int) -> dict[ActiveAccount, _Visit]:
        visits: dict[ActiveAccount, _Visit] = {}
        due = []
        for account in sorted(accounts):
            visits[account] = _Visit(Swept(), read=False)
            if self._due_ms.get(account, 0) <= now_ms:
                due.append(account)
        for first in range(0, len(due), _AT_ONCE):
            some = due[first : first + _AT_ONCE]
            visits.update(zip(some, await asyncio.gather(*map(self._visit, some)), strict=True))
        return visits

    async def _visit(self, active: ActiveAccount) -> _Visit:
        try:
            account = await self._ledger.find_account(active.key_id, active.month)
            found = Swept(accounts=1)
            if account is not None and _is_due(account, self._clock_ms()):
                found += await self._finish(active, account)
                account = await self._ledger.find_account(active.key_id, active.month)
        except LedgerUnavailable:
            logger.warning("an account could not be swept", extra={"key_id": active.key_id, "month": active.month})
            return _Visit(Swept(failed=1), read=False)
        self._due_ms[active] = _next_due_ms(account, self._clock_ms())
        if account is not None and account.tenant_id is not None:
            self._project_ids[active] = account.tenant_id
        return _Visit(found, account)

    async def _finish(self, active: ActiveAccount, account: Account) -> Swept:
        now_ms = self._clock_ms()
        unsent = account.find_unsent(now_ms, LEFTOVER_GRACE_MS)
        # An entry may be an event already: its process died before it removed it, or no other write came to do so. It
        # is put again all the same: what follows a put may be missing, a mark for reports made without it for one.
        missing = [each for each in unsent if await self._ledger.find_event(each.call) is None]
        charged = [await charge_abandoned(self._ledger, hold, now_ms) for hold in account.find_expired(now_ms / 1000)]
        abandoned = [each for each in charged if each is not None]
        await self._deliver([*unsent, *abandoned])
        await self._active.clear_outbox(active, [each.call.request_id for each in [*unsent, *abandoned]])
        return Swept(abandoned=len(abandoned), delivered=len(missing))

    async def _deliver(self, events: Sequence[UsageEvent]) -> None:
        for first in range(0, len(events), BATCH_EVENTS):
            await self._ledger.put_events(events[first : first + BATCH_EVENTS])


def _is_done(hour: str, accounts: Iterable[ActiveAccount], visits: Mapping[ActiveAccount, _Visit], now_ms: int) -> bool:
    """Whether nothing is left of the hour, and nothing will be."""
    seen = [visits[account] for account in accounts]
    return is_over(hour, now_ms) and all(each.read and is_clear_of(each.account, hour) for each in seen)


def _frozen(names: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    return {name: frozenset(each) for name, each in names.items()}


def _is_due(account: Account, now_ms: int) -> bool:
    return bool(account.find_expired(now_ms / 1000) or account.find_unsent(now_ms, LEFTOVER_GRACE_MS))


def _next_due_ms(account: Account | None, now_ms: int) -> int:
    """When the account is to be read again."""
    if account is None:
        return now_ms + _REVISIT_MS
    expiries = [hold.expires_at * 1000 for hold in account.holds.values()]
    entries = [event.settlement.settled_at_ms + LEFTOVER_GRACE_MS for event in account.outbox.values()]
    return min([now_ms + _REVISIT_MS, *expiries, *entries])
