"""The audit trail, read in pages of bounded work. Entries that come meanwhile move no page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tenants.audit import AuditEvent
from tenants.audit_books import AuditBooks, AuditStretch
from tenants.audit_order import AuditRange, first_id_at
from tenants.event_order import DAY_MS, Period

# Where a filter leaves out nearly all entries, a page ends early, once so much was read for it.
MOST_ENTRIES_READ = 5_000
MOST_READS = 200
# What is read at once is decoded on the event loop, beside the requests of the data plane.
_READ_AT_ONCE = 250


@dataclass(frozen=True, slots=True)
class AuditSelection:
    """Entries that have one of the values of each kind; an empty kind leaves out nothing."""

    event_types: frozenset[str] = frozenset()
    actor_ids: frozenset[str] = frozenset()
    actor_emails: frozenset[str] = frozenset()
    resource_ids: frozenset[str] = frozenset()

    def selects(self, event: AuditEvent) -> bool:
        pairs = (
            (self.event_types, str(event.action)),
            (self.actor_ids, event.actor.id),
            (self.actor_emails, event.actor.email),
            (self.resource_ids, event.target_id),
        )
        return all(not wanted or value in wanted for wanted, value in pairs)


@dataclass(frozen=True, slots=True)
class AuditQuestion:
    """Entries of `period`, newest first, past the one with the id `after`, or the last ones before `before`.

    `project_ids` None: of all projects and of none.
    """

    period: Period
    selection: AuditSelection = AuditSelection()
    project_ids: frozenset[str] | None = None
    after: str | None = None
    before: str | None = None
    limit: int = 20

    @property
    def backwards(self) -> bool:
        return self.before is not None and self.after is None

    @property
    def range(self) -> AuditRange:
        above, below = first_id_at(self.period.from_ms), first_id_at(self.period.to_ms)
        return AuditRange(max(above, self.before or above), min(below, self.after or below))


@dataclass(frozen=True, slots=True)
class AuditPage:
    """`reached_id`: where the next page goes on, also where this one has no entries; None where there is no next."""

    entries: tuple[AuditEvent, ...]
    reached_id: str | None
    backwards: bool = False


async def list_audit_logs(
    books: AuditBooks, question: AuditQuestion, now_ms: int, projects: frozenset[str] | None = None
) -> AuditPage:
    """A page of the trail. `projects`: those that the actor sees, None for all; others have no entries for it.

    Raises LedgerUnavailable.
    """
    asked = _restricted(question, projects)
    if asked.range.empty or asked.project_ids == frozenset():
        return AuditPage((), None)
    reading = _Reading(asked)
    for month in reading.months(now_ms):
        while (stretch := reading.next_stretch(month)) is not None:
            slice_ = await books.read(stretch)
            reading.take(slice_.entries, exhausted=slice_.exhausted)
            if reading.complete or reading.spent:
                return reading.page()
    return reading.page(at_end=True)


def _restricted(question: AuditQuestion, projects: frozenset[str] | None) -> AuditQuestion:
    if projects is None:
        return question
    asked = question.project_ids
    seen = projects if asked is None else asked & projects
    return replace(question, project_ids=seen)


class _Reading:
    """How far one page is read."""

    def __init__(self, question: AuditQuestion) -> None:
        self._question = question
        self._found: list[AuditEvent] = []
        self._reached_id: str | None = None
        self._read = 0
        self._reads = 0
        self._exhausted = False

    def months(self, now_ms: int) -> Iterator[str]:
        """Without those to come: clocks differ by less than a day."""
        range_ = self._question.range
        below = min(range_.below, first_id_at(now_ms + DAY_MS))
        bounded = AuditRange(range_.above, below)
        for month in bounded.oldest_first() if self._question.backwards else bounded.newest_first():
            self._exhausted = False
            yield month

    def next_stretch(self, month: str) -> AuditStretch | None:
        """What to read next of the month; None where it is read."""
        if self._exhausted:
            return None
        question = self._question
        tenants = None if question.project_ids is None else tuple(sorted(question.project_ids))
        limit = question.limit + 1 if question.selection == AuditSelection() else _READ_AT_ONCE
        return AuditStretch(month, self._left(), tenants, not question.backwards, limit)

    def take(self, entries: tuple[AuditEvent, ...], *, exhausted: bool) -> None:
        self._reads += 1
        self._read += len(entries)
        self._exhausted = exhausted or not entries
        for event in entries:
            if self._question.selection.selects(event):
                self._found.append(event)
                if self.complete:
                    return
            self._reached_id = event.id

    @property
    def complete(self) -> bool:
        """One more than a page has was found."""
        return len(self._found) > self._question.limit

    @property
    def spent(self) -> bool:
        return self._read >= MOST_ENTRIES_READ or self._reads >= MOST_READS

    def page(self, *, at_end: bool = False) -> AuditPage:
        entries = self._found[: self._question.limit]
        reached_id = None if at_end else self._reached_id
        backwards = self._question.backwards
        return AuditPage(tuple(reversed(entries)) if backwards else tuple(entries), reached_id, backwards)

    def _left(self) -> AuditRange:
        range_ = self._question.range
        if self._reached_id is None:
            return range_
        if self._question.backwards:
            return replace(range_, above=self._reached_id)
        return replace(range_, below=self._reached_id)
