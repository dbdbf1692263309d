"""Moments and durations as people write and read them. Pure: the clock and the zone are given."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, tzinfo

from admin.cli.failures import BadUsage

_UNIT_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
_DURATION = re.compile(r"(\d{1,9})([smhdw])", re.ASCII)
_UNIX = re.compile(r"\d{9,11}", re.ASCII)
DAY_SECONDS = 86_400


def moment(unix_seconds: int | None, zone: tzinfo | None, none: str = "-") -> str:
    """`2026-11-20 16:04` in the zone, the machine's own for None; UTC says so."""
    if unix_seconds is None:
        return none
    try:
        at = datetime.fromtimestamp(unix_seconds, UTC).astimezone(zone)
    except (ValueError, OverflowError, OSError):  # beyond the calendar
        return str(unix_seconds)
    return at.strftime("%Y-%m-%d %H:%M") + (" UTC" if zone is UTC else "")


def day(unix_seconds: int) -> str:
    """The UTC day: that is what reports and budgets count by."""
    return datetime.fromtimestamp(unix_seconds, UTC).strftime("%Y-%m-%d")


def bucket_name(unix_seconds: int, width: str, zone: tzinfo | None) -> str:
    """How a report's bucket of `1d`, `1h` or `1m` is called."""
    return day(unix_seconds) if width == "1d" else moment(unix_seconds, zone)


def parse_duration(text: str, option: str) -> int:
    """`90m`, `30d` -> seconds. Raises BadUsage, also for a number without its unit."""
    match = _DURATION.fullmatch(text.lower())
    if match is None:
        raise BadUsage(f"{option}: '{text}' is no duration. Write a number and s, m, h, d or w: 12h, 30d.")
    return int(match[1]) * _UNIT_SECONDS[match[2]]


def parse_moment(text: str, option: str, now_seconds: int, zone: tzinfo | None) -> int:
    """Unix seconds of `7d` (that long ago), `now`, `today`, `yesterday`, `2026-11-20`, `2026-11-20T16:00` or a Unix
    time. What names no zone is in `zone`, the machine's own for None. Raises BadUsage."""
    written = text.lower()
    if written == "now":
        return now_seconds
    if written in ("today", "yesterday"):
        today = datetime.fromtimestamp(now_seconds, UTC).astimezone(zone).date()
        return _to_unix(datetime.combine(today - timedelta(days=written == "yesterday"), time()), zone)
    if _DURATION.fullmatch(written):
        return now_seconds - parse_duration(text, option)
    if _UNIX.fullmatch(text):
        return int(text)
    try:
        return _to_unix(datetime.fromisoformat(text), zone)
    except (ValueError, OverflowError):
        known = "7d (that long ago), today, 2026-11-20, 2026-11-20T16:00"
        raise BadUsage(f"{option}: '{text}' is no time. Write {known}.") from None


def _to_unix(at: datetime, zone: tzinfo | None) -> int:
    if at.tzinfo is None and zone is not None:
        at = at.replace(tzinfo=zone)
    return int(at.timestamp())  # a time without a zone is the machine's own
