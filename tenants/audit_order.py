"""Where the entries of a stretch of time are in the audit trail. Pure.

An entry's id begins with the millisecond of what it tells, and it is in the partition of that month: a range of ids is
a range of time, and an id alone tells where to go on reading.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from tenants.ids import TIME_CHARS, from_base62, to_base62
from tenants.periods import month_before, month_of

AUDIT_ID = "audit_"
FIRST_MONTH = "2026-01"
"""No deployment is older."""

_LAST_MS = 62**TIME_CHARS - 1
_AFTER_ALL_IDS = "~"
_BEFORE_ALL_IDS = " "


@dataclass(frozen=True, slots=True)
class AuditRange:
    """Entries whose ids are between the two, both excluded. Neither needs to be an entry's id."""

    above: str
    below: str

    def newest_first(self) -> Iterator[str]:
        """The months that entries of the range are in."""
        first = max(_month(self.above), FIRST_MONTH)
        month = _month(self.below)
        while month >= first:
            yield month
            month = month_before(month)

    def oldest_first(self) -> Iterator[str]:
        yield from reversed(list(self.newest_first()))

    @property
    def bounds(self) -> tuple[str, str]:
        """Sort keys for `BETWEEN`, which includes both."""
        return self.above + _BEFORE_ALL_IDS, self.below[:-1] + chr(ord(self.below[-1]) - 1) + _AFTER_ALL_IDS

    @property
    def empty(self) -> bool:
        return self.above >= self.below


def first_id_at(ms: int) -> str:
    """What all ids of that millisecond and later ones come after; no id is beyond the last moment that ids can tell."""
    return AUDIT_ID + to_base62(min(max(ms, 0), _LAST_MS), TIME_CHARS)


def made_at_ms(audit_id: str) -> int:
    """When what an entry tells happened. Raises ValueError for what is no such id."""
    digits = audit_id.removeprefix(AUDIT_ID)[:TIME_CHARS]
    if not audit_id.startswith(AUDIT_ID) or len(digits) < TIME_CHARS:
        raise ValueError(f"not the id of an audit entry: {audit_id[:64]!r}")
    return from_base62(digits)


def month_begins_at_ms(month: str) -> int:
    """The first millisecond of a month, UTC."""
    return int(datetime.fromisoformat(f"{month}-01T00:00:00+00:00").timestamp()) * 1000


def _month(audit_id: str) -> str:
    return month_of(made_at_ms(audit_id))
