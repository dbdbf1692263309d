"""Which accounts were written to, hour by hour: so that what a crash left behind is found without a scan. Pure.

    L#<yyyy-mm-ddThh>   <key id>#<month>   the account may have holds of requests that began in this hour
    L#SWEEP             SWEEP              `at`: when a sweep began last; `through`: the last hour that is done with

A process registers an account between the beginning of a request and its reserve, which it sends only when that is
answered; an hour that it registered before need not be again. So

    of every hold, an hour that is not before its request's beginning lists its account,

also if the process is killed at any moment: what is not registered was not reserved. An hour is done with when nobody
can reserve in it any more, by any clock, and nothing that began before its end is left on its accounts. No assumption
on how long holds live is needed, so processes may be set to different lives; and after any downtime a sweep goes on
where the last one ended.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from tenants.account import Account
from tenants.account_item import Item, item_key
from tenants.periods import CLOCK_SKEW_SECONDS
from tenants.tables import SORT_KEY, TTL_ATTRIBUTE, active_partition

HOUR_MS = 3600 * 1000
# How far back a sweep looks that finds no record of another one, and how long the lists are kept at least.
LOOKBACK_HOURS = 7 * 24
LISTED_HOURS = LOOKBACK_HOURS + 24
_RETENTION_SECONDS = LISTED_HOURS * 3600


@dataclass(frozen=True, slots=True, order=True)
class ActiveAccount:
    """The account of a key in a month: `2026-11`."""

    key_id: str
    month: str


def hour_of(ms: int) -> str:
    """The hour of a moment, in UTC: `2026-11-20T14`. Hours sort as they follow each other."""
    return datetime.fromtimestamp(ms // HOUR_MS * HOUR_MS / 1000, UTC).strftime("%Y-%m-%dT%H")


def day_in(hour: str) -> str:
    """The day that an hour is in: `2026-11-20`."""
    return hour[:10]


def begin_of_hour_ms(hour: str) -> int:
    """Raises ValueError for what is no hour."""
    return int(datetime.strptime(f"{hour}+0000", "%Y-%m-%dT%H%z").timestamp()) * 1000


def hours_to_sweep(through: str | None, now_ms: int) -> Iterator[str]:
    """The hours after `through`, or of the whole look-back, up to the one that a clock which is ahead may be in."""
    oldest = now_ms - LOOKBACK_HOURS * HOUR_MS
    first = oldest if through is None else max(oldest, begin_of_hour_ms(through) + HOUR_MS)
    last = now_ms + CLOCK_SKEW_SECONDS * 1000
    return (hour_of(ms) for ms in range(first // HOUR_MS * HOUR_MS, last + 1, HOUR_MS))


def hours_since(hours: float, now_ms: int) -> Iterator[str]:
    """The hours of the last `hours` hours, the current one included."""
    first = now_ms - int(hours * HOUR_MS)
    return (hour_of(ms) for ms in range(first // HOUR_MS * HOUR_MS, now_ms + 1, HOUR_MS))


def is_over(hour: str, now_ms: int) -> bool:
    """Whether no request can begin in the hour any more, by any clock."""
    return now_ms >= begin_of_hour_ms(hour) + HOUR_MS + CLOCK_SKEW_SECONDS * 1000


def is_clear_of(account: Account | None, hour: str) -> bool:
    """Whether nothing is left on the account of requests that began in the hour or before."""
    if account is None:
        return True
    end_ms = begin_of_hour_ms(hour) + HOUR_MS
    calls = [hold.call for hold in account.holds.values()] + [event.call for event in account.outbox.values()]
    return all(call.started_at_ms >= end_ms for call in calls)


def active_key(account: ActiveAccount, hour: str) -> Item:
    """Where an account is registered for an hour."""
    return item_key(active_partition(hour), f"{account.key_id}#{account.month}")


def active_item(account: ActiveAccount, hour: str) -> Item:
    """The item that registers an account for an hour."""
    expires_at = begin_of_hour_ms(hour) // 1000 + _RETENTION_SECONDS
    return {**active_key(account, hour), TTL_ATTRIBUTE: {"N": str(expires_at)}}


def active_from_items(items: Iterable[Item]) -> list[ActiveAccount]:
    """The accounts that these items register."""
    names = (item[SORT_KEY]["S"].rpartition("#") for item in items)
    return [ActiveAccount(key_id, month) for key_id, _, month in names]
