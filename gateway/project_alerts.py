"""How the spend alerts of projects are seen and told: by the sweep, not by requests.

A project's spend is over the accounts of many keys, so that no single write crosses its threshold, and a sum that every
request wrote would make all keys wait for one item. So whoever sweeps looks at the projects whose keys were used, adds
their accounts up, and notes what is reached (`tenants/reached_alerts.py`): under one name for each alert, threshold and
period, so that it is noted once by whichever process, and told by the one that noted it, or where that died by another:

    sweep ──► used >= threshold? ──► note (once) ──► log, count, webhook ──► taken: remove the note of what is untold

A day's accounts go on to the next day with their first request of it. What was reached at its very end is seen by the
day's events, when nobody can add to them any more: once, when the sweep is done with the day's last hour.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

import orjson

from gateway.alerts import Alerts
from gateway.raised_alert import RaisedAlert, Subject
from tenants.errors import LedgerUnavailable
from tenants.limits import Interval, SpendAlert
from tenants.reached_alerts import TURN_MS, Crossing, UntoldAlert
from tenants.tenant_spend import Spendings
from tenants.window import window_of

logger = logging.getLogger("sluice.alerts")

GIVEN_UP_MS: Final = 24 * 3600 * 1000
"""After so long nobody is told any more of an alert that no webhook took."""

_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Activity:
    """What a sweep saw of projects, by id: the months whose accounts were used, and the days that are over, with all
    that will ever be settled in them settled."""

    months: Mapping[str, frozenset[str]]
    ended_days: Mapping[str, frozenset[str]]


class Spend(Protocol):
    """See `tenants.dynamo_tenant_spend.TenantSpend`."""

    async def list_alerts(self, tenant_id: str) -> tuple[SpendAlert, ...]: ...

    async def sum_accounts(self, tenant_id: str, month: str, day: str | None) -> Spendings: ...

    async def sum_day(self, tenant_id: str, day: str, now_ms: int) -> Spendings: ...


class Reached(Protocol):
    """See `tenants.dynamo_reached_alerts.ReachedAlerts`."""

    async def list_reached(self, tenant_id: str, period: str) -> set[Crossing]: ...

    async def note(self, untold: UntoldAlert) -> bool: ...

    async def list_untold(self) -> Sequence[UntoldAlert]: ...

    async def take_turn(self, untold: UntoldAlert, now_ms: int) -> bool: ...

    async def remove(self, crossing: Crossing) -> None: ...


class ProjectAlerts:
    """Looks at projects, and tells of their alerts. Close it at the end, after the webhooks.

    `clock_ms` is wall time in milliseconds.
    """

    def __init__(self, spend: Spend, reached: Reached, alerts: Alerts, clock_ms: Callable[[], int]) -> None:
        self._spend = spend
        self._reached = reached
        self._alerts = alerts
        self._clock_ms = clock_ms
        self._removing: set[asyncio.Task[bool]] = set()

    async def look(self, activity: Activity) -> bool:
        """Tell what is reached, and what others left untold. False where the store did not answer for some project:
        then what was seen is to be looked at again. It raises nothing."""
        done = await _attempt(self._tell_untold(), None)
        asked = sorted({*activity.months, *activity.ended_days})
        for first in range(0, len(asked), _AT_ONCE):
            looks = [_attempt(self._look_at(each, activity), each) for each in asked[first : first + _AT_ONCE]]
            done = all(await asyncio.gather(*looks)) and done
        return done

    async def close(self) -> None:
        """Wait for what is being written."""
        await asyncio.gather(*self._removing, return_exceptions=True)

    async def _look_at(self, project_id: str, activity: Activity) -> None:
        alerts = await self._spend.list_alerts(project_id)
        if not alerts:
            return
        now_ms = self._clock_ms()
        for month in sorted(activity.months.get(project_id, ())):
            today = window_of(now_ms)
            day = today.day if today.month == month else None
            open_alerts = await self._find_open(project_id, alerts, Interval.MONTH, month)
            if day is not None:
                open_alerts += await self._find_open(project_id, alerts, Interval.DAY, day)
            if open_alerts:
                await self._tell_reached(open_alerts, await self._spend.sum_accounts(project_id, month, day))
        for day in sorted(activity.ended_days.get(project_id, ())):
            open_alerts = await self._find_open(project_id, alerts, Interval.DAY, day)
            if open_alerts:
                await self._tell_reached(open_alerts, await self._spend.sum_day(project_id, day, now_ms))

    async def _find_open(
        self, project_id: str, alerts: Iterable[SpendAlert], interval: Interval, period: str
    ) -> list[_OpenAlert]:
        """The alerts of an interval that were not reached in the period as far as anybody knows."""
        found = [
            _OpenAlert(each, Crossing(project_id, period, each.id, each.threshold))
            for each in alerts
            if each.interval is interval
        ]
        reached = await self._reached.list_reached(project_id, period) if found else set()
        return [each for each in found if each.crossing not in reached]

    async def _tell_reached(self, open_alerts: Iterable[_OpenAlert], spent: Spendings) -> None:
        for each in open_alerts:
            used = spent[each.alert.interval, each.alert.currency]
            if used < each.alert.threshold:
                continue
            now_ms, crossing = self._clock_ms(), each.crossing
            raised = RaisedAlert(Subject(crossing.tenant_id), each.alert, crossing.period, used, now_ms)
            text = orjson.dumps(raised.to_payload()).decode()
            if await self._reached.note(UntoldAlert(crossing, text, now_ms, now_ms + TURN_MS)):
                self._alerts.tell(raised, partial(self._remove, crossing))

    async def _tell_untold(self) -> None:
        """What was noted and then not told: by a process that died, or to a webhook that did not answer."""
        now_ms = self._clock_ms()
        for untold in await self._reached.list_untold():
            if untold.until_ms > now_ms or not await self._reached.take_turn(untold, now_ms):
                continue
            if untold.made_at_ms + GIVEN_UP_MS <= now_ms:
                logger.error("a spend alert is given up", extra={"alert_event": untold.text})
                await self._reached.remove(untold.crossing)
            else:
                self._alerts.tell_again(orjson.loads(untold.text), partial(self._remove, untold.crossing))

    def _remove(self, crossing: Crossing) -> None:
        """In the background: it was told. Where that cannot be written it is told again, under the same id."""
        task = asyncio.create_task(_attempt(self._reached.remove(crossing), crossing.tenant_id), name="alert-told")
        self._removing.add(task)
        task.add_done_callback(self._removing.discard)


@dataclass(frozen=True, slots=True)
class _OpenAlert:
    """An alert, and what it is called when it is reached."""

    alert: SpendAlert
    crossing: Crossing


async def _attempt(work: Awaitable[None], project_id: str | None) -> bool:
    """False where it is to be tried again; one that fails by an error of ours would fail again."""
    try:
        await work
    except LedgerUnavailable:
        logger.warning("alerts could not be looked at: the store is unavailable", extra={"project_id": project_id})
        return False
    except Exception:
        # The sweep that called is about money: it is not to suffer for an alert.
        logger.exception("alerts could not be looked at", extra={"project_id": project_id})
    return True
