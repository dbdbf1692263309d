"""Rollups: the sums of an hour or a day of one tenant, kept so that no report reads their events again. Pure.

An hour is *sealed* when no request of it can still be running. Each tenant has one *marker* item a day; it names the
rollups of the day's hours and of the day. Their lines are in items of their own, named by a digest of what is in them,
so that a rollup is never seen half replaced and computing it twice writes the same.

An event that is stored late, that of an abandoned request or a correction, adds a *late mark* to its hour and its day
on the marker, after it was stored. A rollup names how many marks it includes, and is current only while there are no
more. It names those that were seen before its events were read, so that a late event is never missed. The marker is
written on the condition that it still has the revision seen then: of two processes that sum the same hour at once, the
slower one never replaces what the other has stored.

Which events are late is for the clock of whoever stores them, what is sealed for the clock of whoever sums them: the
two moments are further apart than any two clocks that AWS accepts requests of.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from tenants.event import Operation
from tenants.event_order import Period, day_period
from tenants.late_marks import HOUR_MS, LATE_AFTER_MS
from tenants.periods import CLOCK_SKEW_SECONDS
from tenants.usage import TokenCounts
from tenants.usage_report import Sums, UsageCount, UsageLine

_CLOCKS_APART_MS = 2 * CLOCK_SKEW_SECONDS * 1000
_LONGEST_TEXT = 200_000  # an item has up to 400 KB
_DIGEST_HEX_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Rollup:
    """The name of a rollup: its lines are in `texts` items under `digest`. It includes the first `marks` late marks."""

    marks: int
    texts: int
    digest: str

    def to_text(self) -> str:
        return f"{self.marks}.{self.texts}.{self.digest}"

    @classmethod
    def from_text(cls, text: str) -> Rollup:
        marks, texts, digest = text.split(".")
        return cls(int(marks), int(texts), digest)


@dataclass(frozen=True, slots=True)
class DayMarker:
    """What is rolled up of a tenant's day, and how many late marks the day and its hours have."""

    revision: int = 0
    marks: int = 0
    hour_marks: Mapping[int, int] = field(default_factory=dict)
    whole: Rollup | None = None
    hours: Mapping[int, Rollup] = field(default_factory=dict)

    def find_day(self) -> Rollup | None:
        """The day's rollup, if it is current."""
        return self.whole if self.whole is not None and self.whole.marks == self.marks else None

    def find_hour(self, hour: int) -> Rollup | None:
        """An hour's rollup, if it is current."""
        rollup = self.hours.get(hour)
        return rollup if rollup is not None and rollup.marks == self.hour_marks.get(hour, 0) else None


NO_MARKER = DayMarker()


def hour_period(day: str, hour: int) -> Period:
    """One of the 24 hours of a day."""
    begin_ms = day_period(day).from_ms + hour * HOUR_MS
    return Period(begin_ms, begin_ms + HOUR_MS)


def sealed_until_ms(now_ms: int, hold_seconds: float) -> int:
    """The end of the last hour whose events are all stored, but for late ones. `hold_seconds` is how long a request
    may take: rolling up earlier would be no error, and would have to be done again."""
    lasting_ms = max(int(hold_seconds * 1000), LATE_AFTER_MS)
    return (now_ms - lasting_ms - _CLOCKS_APART_MS) // HOUR_MS * HOUR_MS


def to_texts(sums: Sums) -> tuple[str, ...]:
    """A rollup's lines as texts, each small enough for an item; none where there are none. Equal sums, equal texts."""
    texts: list[list[str]] = []
    size = _LONGEST_TEXT
    for row in sorted(_to_row(line, count) for line, count in sums.items()):
        if size + len(row) >= _LONGEST_TEXT:
            texts.append([])
            size = 0
        texts[-1].append(row)
        size += len(row) + 1
    return tuple(f"[{','.join(rows)}]" for rows in texts)


def digest_of(texts: Iterable[str]) -> str:
    """The name of a rollup with these texts."""
    return sha256("\n".join(texts).encode()).hexdigest()[:_DIGEST_HEX_DIGITS]


def from_texts(texts: Iterable[str], tenant_id: str) -> dict[UsageLine, UsageCount]:
    """The lines again."""
    return dict(_from_row(row, tenant_id) for text in texts for row in json.loads(text))


def _to_row(line: UsageLine, count: UsageCount) -> str:
    tokens = count.tokens
    row = [
        line.key_id,
        line.user_id,
        line.model,
        line.operation.value,
        count.requests,
        tokens.input_tokens,
        tokens.output_tokens,
        tokens.cache_read_tokens,
        tokens.cache_write_tokens,
        tokens.cache_write_1h_tokens,
        count.cost_pico_usd,
        count.unpriced_requests,
    ]
    # Not orjson: a day's pico-USD may take more than 64 bits.
    return json.dumps(row, separators=(",", ":"))  # in ASCII, so that characters are bytes


def _from_row(row: list[object], tenant_id: str) -> tuple[UsageLine, UsageCount]:
    key_id, user_id, model, operation = (str(each) for each in row[:4])
    requests, *tokens, cost_pico_usd, unpriced = (int(str(each)) for each in row[4:])
    line = UsageLine(tenant_id, key_id, user_id, model, Operation(operation))
    return line, UsageCount(requests, TokenCounts(*tokens), cost_pico_usd, unpriced)
