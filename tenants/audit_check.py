"""Whether the audit trail is as it was written: every chain whole, every hash right. Pure.

What was changed, taken out, put in or put elsewhere breaks a hash, a link or a number. The end of a chain is followed
by nothing: whether it is all there, the witnesses of other chains tell, and heads that were kept elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tenants.audit_chain import Head, entry_hash, head_of, heads_seen
from tenants.periods import month_of


class ProblemKind(StrEnum):
    CHANGED = "changed"
    MISSING = "missing"
    CUT_OFF = "cut_off"
    INSERTED = "inserted"
    BROKEN_LINK = "broken_link"
    MISPLACED = "misplaced"
    UNCHAINED = "unchained"
    UNLISTED = "unlisted"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """`number` is the place in the writer's chain, of the first entry where there are several."""

    kind: ProblemKind
    text: str
    audit_id: str | None = None
    writer: str | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`heads` are the latest entries of all chains that were read."""

    entries: int
    heads: tuple[Head, ...]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class _Link:
    """What is kept of an entry: its place in the chain, under 400 bytes."""

    audit_id: str
    at_ms: int
    hash: str
    previous: str | None


@dataclass(slots=True)
class TrailCheck:
    """Takes entries in any order, and what others say that there are. Nothing from before `since_ms` is judged."""

    since_ms: int | None = None
    entries: int = 0
    _chains: dict[str, dict[int, _Link]] = field(default_factory=dict)
    _witnessed: dict[tuple[str, int, str], Head] = field(default_factory=dict)
    _problems: set[Problem] = field(default_factory=set)

    def take(self, row: Mapping[str, Any]) -> None:
        """An entry as it is stored."""
        self.entries += 1
        head, audit_id = head_of(row), str(row.get("sk"))
        if head is None:
            self._find(ProblemKind.UNCHAINED, f"{audit_id} is in no chain.", audit_id)
            return
        if row["hash"] != entry_hash(row):
            self._find(ProblemKind.CHANGED, f"{audit_id} is not as it was written.", audit_id, head)
        if (row["pk"], row["sk"]) != (month_of(head.at_ms), row.get("id")):
            self._find(ProblemKind.MISPLACED, f"{audit_id} was written under another key.", audit_id, head)
        chain = self._chains.setdefault(head.writer, {})
        if head.number in chain:
            text = f"{audit_id} and {chain[head.number].audit_id} are both number {head.number} of {head.writer}."
            self._find(ProblemKind.INSERTED, text, audit_id, head)
            return
        chain[head.number] = _Link(audit_id, head.at_ms, head.hash, row.get("previous"))
        for seen in heads_seen(row):
            self.witness(seen)

    def witness(self, head: Head) -> None:
        """Somebody saw this head, or kept it."""
        if self.since_ms is None or head.at_ms >= self.since_ms:
            self._witnessed[head.writer, head.number, head.hash] = head

    def unlisted(self, audit_id: str, tenant_id: str) -> None:
        """An entry that the list of its tenant's does not have."""
        self._find(ProblemKind.UNLISTED, f"{audit_id} is not in the list of {tenant_id}'s entries.", audit_id)

    def listed_alone(self, audit_id: str, tenant_id: str) -> None:
        """What a tenant's list has, and is no entry."""
        self._find(ProblemKind.MISSING, f"{audit_id} is listed among {tenant_id}'s entries, and not there.", audit_id)

    def verdict(self) -> Verdict:
        problems = {*self._problems, *self._chain_problems(), *self._witness_problems()}
        heads = (_head(writer, chain) for writer, chain in self._chains.items())
        return Verdict(self.entries, tuple(sorted(heads, key=_by_writer)), tuple(sorted(problems, key=_by_place)))

    def _find(self, kind: ProblemKind, text: str, audit_id: str, head: Head | None = None) -> None:
        writer, number = (None, None) if head is None else (head.writer, head.number)
        self._problems.add(Problem(kind, text, audit_id, writer, number))

    def _chain_problems(self) -> Iterator[Problem]:
        for writer, chain in self._chains.items():
            numbers = sorted(chain)
            before: int | None = None if self.since_ms is not None else 0
            for number in numbers:
                link = chain[number]
                if before is None or (self.since_ms is not None and link.at_ms < self.since_ms):
                    pass  # what it follows was not read
                elif number > before + 1:
                    yield _gap(writer, before + 1, number - 1)
                elif link.previous != (chain[before].hash if before else None):
                    text = f"{link.audit_id} does not follow the entry that is before it in {writer}."
                    yield Problem(ProblemKind.BROKEN_LINK, text, link.audit_id, writer, number)
                before = number

    def _witness_problems(self) -> Iterator[Problem]:
        cut_off: dict[str, int] = {}
        for head in self._witnessed.values():
            chain = self._chains.get(head.writer, {})
            link = chain.get(head.number)
            if link is not None and link.hash != head.hash:
                text = f"{link.audit_id} is another entry than others saw as number {head.number} of {head.writer}."
                yield Problem(ProblemKind.CHANGED, text, link.audit_id, head.writer, head.number)
            elif link is None and head.number > max(chain, default=0):
                cut_off[head.writer] = max(head.number, cut_off.get(head.writer, 0))
        for writer, number in cut_off.items():
            first = max(self._chains.get(writer, {}), default=0) + 1
            text = f"{writer} had at least {number} entries; those from number {first} on are not there."
            yield Problem(ProblemKind.CUT_OFF, text, None, writer, first)


def in_both(first: Verdict, second: Verdict) -> Verdict:
    """The second reading's verdict, without what the first one did not find: entries that were written while it was
    read can look as if others were missing, but not twice."""
    known = set(first.problems)
    return Verdict(second.entries, second.heads, tuple(each for each in second.problems if each in known))


def _gap(writer: str, first: int, last: int) -> Problem:
    what = f"Entry {first}" if first == last else f"Entries {first} to {last}"
    return Problem(ProblemKind.MISSING, f"{what} of {writer} are not there.", None, writer, first)


def _head(writer: str, chain: Mapping[int, _Link]) -> Head:
    number = max(chain)
    return Head(writer, number, chain[number].hash, chain[number].at_ms)


def _by_writer(head: Head) -> str:
    return head.writer


def _by_place(problem: Problem) -> tuple[str, int, str, str]:
    return (problem.writer or "", problem.number or 0, problem.audit_id or "", problem.kind)


def check_rows(rows: Iterable[Mapping[str, Any]], kept: Sequence[Head] = ()) -> Verdict:
    """The verdict on all entries there are."""
    check = TrailCheck()
    for row in rows:
        check.take(row)
    for head in kept:
        check.witness(head)
    return check.verdict()
