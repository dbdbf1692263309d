"""Days and months of the ledger, all in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

# AWS refuses requests signed more than 15 minutes off: no clock that can write at all is further out.
CLOCK_SKEW_SECONDS = 15 * 60

# Thirteen months: a month can be compared with the same one of the year before.
RETENTION_SECONDS = 400 * 24 * 3600


_DAY_MS = 24 * 3600 * 1000


def month_of(ms: int) -> str:
    """The account month of a moment: `2026-11`."""
    return day_of(ms)[:7]


def day_of(ms: int) -> str:
    """The day of a moment: `2026-11-20`."""
    return _day(ms // _DAY_MS)


@lru_cache(maxsize=64)
def _day(number: int) -> str:
    """The day by its number since 1970. Asked for several times a request, nearly always for today."""
    return datetime.fromtimestamp(number * _DAY_MS / 1000, UTC).strftime("%Y-%m-%d")


def month_before(month: str) -> str:
    """`2026-01` of `2026-02`, `2025-12` of `2026-01`."""
    year, number = int(month[:4]), int(month[5:])
    return f"{year - 1}-12" if number == 1 else f"{year}-{number - 1:02}"


def months_to_fence(now_ms: int) -> tuple[str, ...]:
    """The months whose accounts a change at `now_ms` has to reach: two near a month's end, as clocks differ."""
    skew_ms = CLOCK_SKEW_SECONDS * 1000
    return tuple(dict.fromkeys((month_of(now_ms - skew_ms), month_of(now_ms + skew_ms))))


def account_expiry(month: str) -> int:
    """When an account may be deleted, in Unix seconds: events of its last day are kept as long."""
    begin = datetime.fromisoformat(f"{month}-01T00:00:00+00:00")
    return int(begin.timestamp()) + 31 * 24 * 3600 + RETENTION_SECONDS
