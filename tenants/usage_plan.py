"""From which rollups and which events a day's sums are made. Pure."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from tenants.event_order import Period, day_period
from tenants.late_marks import HOUR_MS, hour_of
from tenants.usage_rollup import hour_period


@dataclass(frozen=True, slots=True)
class DayPlan:
    """How the sums of `periods`, all within one day, come about.

    `sealed_hours` are those that lie within one of the periods and may be rolled up; `loose` is the rest, which only
    events tell. `whole` where the day itself is asked for and may be rolled up.
    """

    periods: tuple[Period, ...]
    sealed_hours: tuple[int, ...]
    loose: tuple[Period, ...]
    whole: bool

    def find_index(self, at_ms: int) -> int | None:
        """Which of the periods a moment is in."""
        index = bisect_right(self.periods, at_ms, key=lambda period: period.from_ms) - 1
        return index if index >= 0 and at_ms < self.periods[index].to_ms else None


def plan_day(day: str, periods: tuple[Period, ...], sealed_ms: int) -> DayPlan:
    """`periods` are in order and do not overlap. `sealed_ms` is the end of the last sealed hour."""
    hours: list[int] = []
    loose: list[Period] = []
    for period in periods:
        begin_ms = period.from_ms
        while begin_ms < period.to_ms:
            hour_ends_ms = (begin_ms // HOUR_MS + 1) * HOUR_MS
            piece = Period(begin_ms, min(hour_ends_ms, period.to_ms))
            if piece.to_ms - piece.from_ms == HOUR_MS and hour_ends_ms <= sealed_ms:
                hours.append(hour_of(begin_ms))
            else:
                loose.append(piece)
            begin_ms = piece.to_ms
    whole_day = day_period(day)
    return DayPlan(periods, tuple(hours), tuple(loose), periods == (whole_day,) and whole_day.to_ms <= sealed_ms)


def to_stretches(day: str, missing_hours: Iterable[int], loose: Iterable[Period]) -> tuple[Period, ...]:
    """The events to be read, in order; what touches is read at once."""
    pieces = [hour_period(day, hour) for hour in missing_hours]
    stretches: list[Period] = []
    for piece in sorted([*pieces, *loose], key=lambda each: each.from_ms):
        if stretches and stretches[-1].to_ms == piece.from_ms:
            stretches[-1] = Period(stretches[-1].from_ms, piece.to_ms)
        else:
            stretches.append(piece)
    return tuple(stretches)
