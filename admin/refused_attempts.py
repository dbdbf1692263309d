"""The audit entries of what was refused, at a bounded rate: a flood of attempts must not cost money without end.

In each minute the first attempts of an origin, an address or an actor, have entries of their own. The others are
counted, and told by one more entry when the minute is over: the latest of them, and how many more there were. Where too
many origins are counted, those with the most attempts have such entries; one more entry counts all the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address, ip_address

from tenants.audit import UNKNOWN_ACTOR_ID, Actor, AuditEvent
from tenants.errors import TenantsError

logger = logging.getLogger("sluice.audit")

WINDOW_MS = 60_000
MOST_COUNTED_ORIGINS = 1_000
MOST_TOLD_ORIGINS = 10
# A refusal is not held up by a store that hangs: its entry comes later, or is logged as lost.
_WRITE_SECONDS = 2.0
_CLOSE_SECONDS = 10.0
_IPV6_NETWORK_BITS = 64


@dataclass(frozen=True, slots=True)
class Allowance:
    """How many entries of their own attempts may have in a minute: those of one origin, and of all together."""

    of_origin: int
    of_all: int


BY_ADDRESS = Allowance(of_origin=5, of_all=30)
BY_ACTOR = Allowance(of_origin=30, of_all=120)


@dataclass(slots=True)
class _Counted:
    entries: int = 0
    folded: int = 0
    since_ms: int = 0
    latest: AuditEvent | None = None


@dataclass(slots=True)
class Window:
    """The attempts of one minute whose origins are of one kind. Pure but for its own counts."""

    allowance: Allowance
    entries: int = 0
    origins: dict[str, _Counted] = field(default_factory=dict)
    others: _Counted = field(default_factory=_Counted)

    def admits(self, origin: str, event: AuditEvent) -> bool:
        """Whether the attempt has an entry of its own; if not, it is counted."""
        counted = self.origins.get(origin)
        if counted is None:
            counted = self.others
            if len(self.origins) < MOST_COUNTED_ORIGINS:
                counted = self.origins[origin] = _Counted()
        if self.entries < self.allowance.of_all and counted.entries < self.allowance.of_origin:
            self.entries += 1
            counted.entries += 1
            return True
        if not counted.folded:
            counted.since_ms = event.at_ms
        counted.folded += 1
        counted.latest = event
        return False

    def summaries(self) -> list[AuditEvent]:
        """The entries that tell of what was counted. They say of every counted attempt that it was."""
        by_size = sorted((each for each in self.origins.values() if each.folded), key=_folded, reverse=True)
        told, rest = by_size[:MOST_TOLD_ORIGINS], by_size[MOST_TOLD_ORIGINS:]
        rest += [self.others] if self.others.folded else []
        entries = [_to_summary(each) for each in told]
        if rest:
            together = _Counted(0, sum(map(_folded, rest)), min(each.since_ms for each in rest), rest[-1].latest)
            entries.append(_of_many(_to_summary(together)))
        return entries


class RefusedAttempts:
    """Records attempts by `record`, which raises TenantsError where it cannot. Whoever made it must `close` it."""

    def __init__(self, record: Callable[[AuditEvent], Awaitable[None]], clock_ms: Callable[[], int]) -> None:
        self._record = record
        self._clock_ms = clock_ms
        self._began_ms = 0
        self._by_address, self._by_actor = Window(BY_ADDRESS), Window(BY_ACTOR)
        self._timer: asyncio.TimerHandle | None = None
        self._writing: set[asyncio.Task[None]] = set()

    async def note(self, event: AuditEvent) -> None:
        """Record the attempt, or count it. Never fails, and takes two seconds at the most."""
        now_ms = self._clock_ms()
        if not 0 <= now_ms - self._began_ms < WINDOW_MS:
            self._tell()
            self._began_ms = now_ms
        if event.actor.id == UNKNOWN_ACTOR_ID:
            admitted = self._by_address.admits(network_of(event.actor.address), event)
        else:
            admitted = self._by_actor.admits(event.actor.id, event)
        if admitted:
            await asyncio.wait([self._write(event)], timeout=_WRITE_SECONDS)
        elif self._timer is None:
            left_ms = self._began_ms + WINDOW_MS - now_ms
            self._timer = asyncio.get_running_loop().call_later(left_ms / 1000, self._tell)

    async def close(self) -> None:
        """Tell what is counted, and wait until it is written; not for long where the store is away."""
        self._tell()
        if self._writing:
            _, late = await asyncio.wait(self._writing, timeout=_CLOSE_SECONDS)
            for task in late:
                task.cancel()

    def _tell(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for event in (*self._by_address.summaries(), *self._by_actor.summaries()):
            self._write(event)
        self._by_address, self._by_actor = Window(BY_ADDRESS), Window(BY_ACTOR)

    def _write(self, event: AuditEvent) -> asyncio.Task[None]:
        task = asyncio.create_task(self._try_to_record(event))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        return task

    async def _try_to_record(self, event: AuditEvent) -> None:
        try:
            await self._record(event)
        except TenantsError:
            more = 0 if event.attempt is None else event.attempt.more
            logger.exception("a refused attempt is not in the audit trail", extra={"audit_id": event.id, "more": more})


def network_of(address: str | None) -> str:
    """What is one origin: an IPv4 address, or the /64 of an IPv6 one, whose holder has all of it."""
    try:
        parsed = ip_address(address or "")
    except ValueError:
        return address or ""
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(int(parsed) >> (128 - _IPV6_NETWORK_BITS))
    return str(parsed)


def _folded(counted: _Counted) -> int:
    return counted.folded


def _to_summary(counted: _Counted) -> AuditEvent:
    """The latest attempt, and how many more there were."""
    assert counted.latest is not None
    assert counted.latest.attempt is not None
    attempt = replace(counted.latest.attempt, more=counted.folded - 1, since_ms=counted.since_ms)
    return replace(counted.latest, attempt=attempt)


def _of_many(summary: AuditEvent) -> AuditEvent:
    """The same of several origins: it names none of them."""
    assert summary.attempt is not None
    attempt = replace(summary.attempt, message="Attempts of several origins, counted together.")
    return replace(summary, actor=Actor(UNKNOWN_ACTOR_ID), target_id="", attempt=attempt)
