"""When a key was used last, from what its requests write anyway. Pure.

    outbox, holds    the beginning of a request             as long as the account has them: minutes, mostly
    minute           of the rates                           to the minute, for keys that have rates
    L#<hour>         an hour in which it was used           to the hour, for eight days
    day              of the account's month                 to the day, for thirteen months

Each of them is a moment that the last use is not before, so the latest of them is the answer. No write is made
for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from tenants.account import Account
from tenants.active_accounts import HOUR_MS, LISTED_HOURS, hour_of
from tenants.periods import CLOCK_SKEW_SECONDS, month_before, month_of

_DAY_MS = 24 * HOUR_MS
_MINUTE_MS = 60_000
# As long as accounts are kept: `RETENTION_SECONDS`.
_MOST_MONTHS = 14


def used_at_ms(account: Account) -> int | None:
    """A moment that the account's last use is not before, on the day of it; None where it was opened and not used."""
    if not account.day.number:
        return None
    minutes = [account.minute.minute, *(slot.window.minute for slot in account.slots.values())]
    calls = [*(hold.call for hold in account.holds.values()), *(event.call for event in account.outbox.values())]
    moments = [*(minute * _MINUTE_MS for minute in minutes), *(call.started_at_ms for call in calls)]
    return max(_begin_of_day_ms(account), *moments)


def hours_to_ask(account: Account, used_ms: int, now_ms: int) -> Iterator[str]:
    """The hours after `used_ms`, on the account's last day, in which it may have been used; none where their lists
    have expired."""
    end_ms = min(_begin_of_day_ms(account) + _DAY_MS, now_ms + CLOCK_SKEW_SECONDS * 1000)
    if end_ms < now_ms - LISTED_HOURS * HOUR_MS:
        return iter(())
    begin_ms = used_ms // HOUR_MS * HOUR_MS
    # The hour of `used_ms` tells nothing more, unless that is where the day begins: then it is only a day.
    first_ms = begin_ms if used_ms == _begin_of_day_ms(account) else begin_ms + HOUR_MS
    return (hour_of(ms) for ms in range(first_ms, end_ms, HOUR_MS))


def months_to_ask(created_ms: int, now_ms: int) -> Iterator[str]:
    """The months in which a key can have been used, the last one first."""
    month = month_of(now_ms + CLOCK_SKEW_SECONDS * 1000)
    first = month_of(created_ms - CLOCK_SKEW_SECONDS * 1000)
    for _ in range(_MOST_MONTHS):
        if month < first:
            return
        yield month
        month = month_before(month)


def _begin_of_day_ms(account: Account) -> int:
    begin = datetime.fromisoformat(f"{account.month}-{max(account.day.number, 1):02}T00:00:00+00:00")
    return int(begin.timestamp()) * 1000
