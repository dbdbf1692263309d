"""The sums of a day while its events are being read. Holds lines, never events."""

from __future__ import annotations

from collections.abc import Iterable

from tenants.event import UsageEvent
from tenants.event_order import counted_at_ms, day_period
from tenants.late_marks import HOUR_MS, HOURS, hour_of
from tenants.usage_plan import DayPlan
from tenants.usage_report import Sums, UsageCount, UsageLine, add_to, count_of, line_of

_Lines = dict[UsageLine, UsageCount]


class DaySums:
    """Adds up a plan's periods, and apart from them each of the hours that have to be rolled up."""

    def __init__(self, day: str, plan: DayPlan, missing_hours: Iterable[int]) -> None:
        self._day_begins_ms = day_period(day).from_ms
        self._plan = plan
        self._periods: list[_Lines] = [{} for _ in plan.periods]
        self._missing: dict[int, _Lines] = {hour: {} for hour in missing_hours}

    @property
    def periods(self) -> tuple[Sums, ...]:
        return tuple(self._periods)

    def take_hours(self, before: int = HOURS) -> dict[int, Sums]:
        """The sums of the hours to be rolled up, each once: to be called when the events of those before `before`
        are read."""
        return {hour: self._missing.pop(hour) for hour in sorted(self._missing) if hour < before}

    def add_event(self, event: UsageEvent) -> None:
        at_ms = counted_at_ms(event)
        line, count = line_of(event), count_of(event)
        index = self._plan.find_index(at_ms)
        if index is not None:
            add_to(self._periods[index], [(line, count)])
        hour = hour_of(at_ms)
        if hour in self._missing:
            add_to(self._missing[hour], [(line, count)])

    def add_hour(self, hour: int, sums: Sums) -> None:
        """A rollup that is current, of an hour within one of the periods."""
        index = self._plan.find_index(self._day_begins_ms + hour * HOUR_MS)
        assert index is not None  # the plan has only such hours
        add_to(self._periods[index], sums.items())
