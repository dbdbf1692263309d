"""Late marks: whoever stores an event when its hour may have been summed up already counts that on the day's marker;
`usage_rollup` tells why. It is all that requests have to do with rollups. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from awswire.attributes import to_attributes
from tenants.event import UsageEvent
from tenants.event_order import IdRange, counted_at_ms, day_period
from tenants.periods import RETENTION_SECONDS, day_of
from tenants.tables import PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE, usage_partition

HOUR_MS = 3600 * 1000
HOURS = 24
LATE_AFTER_MS = 30 * 60 * 1000
"""An event stored so long after the end of its hour is late, whatever the settings of the process that stores it."""

MARKS = "lm"
_KEPT_SECONDS = RETENTION_SECONDS + 24 * 3600  # as long as the day's last event
_AFTER_ALL_TEXTS = "~"


@dataclass(frozen=True, slots=True)
class TenantDay:
    """Whose rollups: one tenant's, of one UTC day."""

    tenant_id: str
    day: str

    @property
    def marker_key(self) -> dict[str, dict[str, Any]]:
        return to_attributes({PARTITION_KEY: usage_partition(self.tenant_id), SORT_KEY: self.day})

    @property
    def marker_and_texts(self) -> IdRange:
        """Where the marker and the day's texts are, in the tenant's partition."""
        return IdRange(self.day, f"{self.day}#{_AFTER_ALL_TEXTS}")

    @property
    def expires_at(self) -> int:
        return day_period(self.day).from_ms // 1000 + _KEPT_SECONDS


def hour_of(at_ms: int) -> int:
    """The hour of its day, 0 to 23, that a moment is in."""
    return at_ms // HOUR_MS % HOURS


def is_late(event: UsageEvent, stored_at_ms: int) -> bool:
    """Whether an event has to be marked that was stored by then: its hour may have been rolled up without it."""
    hour_ends_ms = (counted_at_ms(event) // HOUR_MS + 1) * HOUR_MS
    return stored_at_ms >= hour_ends_ms + LATE_AFTER_MS


def late_marks(events: Sequence[UsageEvent]) -> dict[TenantDay, Counter[int]]:
    """How many late marks each hour gets, by tenant and day."""
    marks: dict[TenantDay, Counter[int]] = {}
    for event in events:
        at_ms = counted_at_ms(event)
        place = TenantDay(event.call.tenant_id, day_of(at_ms))
        marks.setdefault(place, Counter())[hour_of(at_ms)] += 1
    return marks


def mark_update(place: TenantDay, hours: Mapping[int, int]) -> dict[str, Any]:
    """The UpdateItem that adds late marks to a day's marker, without its table. Adding more than there are is safe."""
    added = {MARKS: sum(hours.values()), **{name_of_hour(MARKS, hour): marks for hour, marks in hours.items()}}
    return {
        "Key": place.marker_key,
        "UpdateExpression": "ADD " + ", ".join(f"{name} :{name}" for name in added) + " SET #ttl = :ttl",
        "ExpressionAttributeNames": {"#ttl": TTL_ATTRIBUTE},
        "ExpressionAttributeValues": to_attributes(
            {**{f":{name}": marks for name, marks in added.items()}, ":ttl": place.expires_at}
        ),
    }


def name_of_hour(prefix: str, hour: int) -> str:
    """The attribute of a day's item that is about one of its hours: `lm07`."""
    return f"{prefix}{hour:02}"
