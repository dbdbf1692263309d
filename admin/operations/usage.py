"""Usage reports: what the requests of projects used and cost, in buckets of time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from admin.control_plane import ControlPlane
from tenants.errors import InvalidArgument, NotFound
from tenants.event_order import Period, day_period
from tenants.periods import CLOCK_SKEW_SECONDS, day_of
from tenants.tenant import Tenant
from tenants.usage_books import DayAnswer, DayQuestion, UsageBooks
from tenants.usage_report import (
    NO_USAGE,
    BucketWidth,
    Dimension,
    Group,
    Selection,
    UsageCount,
    bucket_ends_at,
    to_buckets,
    to_groups,
)

# A page of a report ends early, at the end of a day, once so many pages of the store were read for it.
_MOST_STORE_PAGES = 2_000
_TENANTS_AT_ONCE = 8
_LISTED_AT_ONCE = 100
_CLOCKS_APART_MS = 2 * CLOCK_SKEW_SECONDS * 1000


@dataclass(frozen=True, slots=True)
class ReportQuestion:
    """Unix seconds; without an end, the bucket that it is now is the last one. `project_ids` None: all projects."""

    start_seconds: int
    end_seconds: int | None
    width: BucketWidth
    limit: int
    selection: Selection
    dimensions: tuple[Dimension, ...]
    project_ids: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class Bucket:
    """A group without usage is not there."""

    period: Period
    groups: dict[Group, UsageCount]


@dataclass(frozen=True, slots=True)
class ReportPage:
    """`next_seconds` is where the next page starts, None where this is the last."""

    buckets: tuple[Bucket, ...]
    next_seconds: int | None


async def report_usage(control: ControlPlane, books: UsageBooks, question: ReportQuestion) -> ReportPage:
    """The first buckets of the range: at most `limit`, at least one, fewer where they take much reading.

    Raises InvalidArgument for a range that ends before it begins, LedgerUnavailable.
    """
    now_ms = control.clock_ms()
    end_seconds = question.end_seconds
    if end_seconds is None:
        end_seconds = bucket_ends_at(now_ms // 1000, question.width)
    elif end_seconds <= question.start_seconds:
        raise InvalidArgument("end_time has to be after start_time.", "end_time")
    tenants = await list_projects_of(control, question.project_ids)
    wanted = to_buckets(question.start_seconds, end_seconds, question.width, question.limit)
    buckets: list[Bucket] = []
    pages_read = 0
    for day, periods in groupby(wanted, key=lambda period: day_of(period.from_ms)):
        day_buckets = [Bucket(period, {}) for period in periods]
        pages_read += await _report_day(books, tenants, question, _Day(day, day_buckets, now_ms))
        buckets += day_buckets
        if pages_read >= _MOST_STORE_PAGES:
            break
    reached_seconds = buckets[-1].period.to_ms // 1000 if buckets else end_seconds
    return ReportPage(tuple(buckets), reached_seconds if reached_seconds < end_seconds else None)


async def list_projects_of(control: ControlPlane, project_ids: frozenset[str] | None) -> list[Tenant]:
    """The projects named, or all, archived ones too. One that does not exist has used nothing: it is left out."""
    if project_ids is not None:
        found = [await _find_tenant(control, project_id) for project_id in sorted(project_ids)]
        return [tenant for tenant in found if tenant is not None]
    tenants: list[Tenant] = []
    after: str | None = None
    while True:
        page = await control.directory.list_tenants(after, _LISTED_AT_ONCE)
        tenants += page.items
        if not page.has_more or not page.items:
            return tenants
        after = page.items[-1].id


def existed_by(tenant: Tenant, period: Period) -> bool:
    """Whether a project can have used something before a period's end, whatever clock its creation was written by."""
    return earliest_use_ms(tenant) < period.to_ms


def earliest_use_ms(tenant: Tenant) -> int:
    """Before it nothing of the project was used."""
    return tenant.created_at * 1000 - _CLOCKS_APART_MS


async def _find_tenant(control: ControlPlane, project_id: str) -> Tenant | None:
    try:
        return await control.directory.get_tenant(project_id)
    except NotFound:
        return None


@dataclass(frozen=True, slots=True)
class _Day:
    day: str
    buckets: Sequence[Bucket]
    now_ms: int


async def _report_day(books: UsageBooks, tenants: Sequence[Tenant], question: ReportQuestion, asked: _Day) -> int:
    """Fill the buckets of one day; how many pages of the store were read."""
    whole = day_period(asked.day)
    if whole.from_ms > asked.now_ms + _CLOCKS_APART_MS:
        return 0
    periods = tuple(bucket.period for bucket in asked.buckets)
    pages = 0
    concerned = [tenant for tenant in tenants if existed_by(tenant, whole)]
    for first in range(0, len(concerned), _TENANTS_AT_ONCE):
        questions = [
            DayQuestion(tenant.id, asked.day, periods, asked.now_ms)
            for tenant in concerned[first : first + _TENANTS_AT_ONCE]
        ]
        for answer in await asyncio.gather(*(books.sum_day(each) for each in questions)):
            pages += answer.pages
            _add(asked.buckets, question, answer)
    return pages


def _add(buckets: Sequence[Bucket], question: ReportQuestion, answer: DayAnswer) -> None:
    for bucket, sums in zip(buckets, answer.sums, strict=True):
        for group, count in to_groups(sums, question.selection, question.dimensions).items():
            bucket.groups[group] = bucket.groups.get(group, NO_USAGE) + count
