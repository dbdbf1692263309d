"""What the simulator answered, so that a ledger can be compared with the truth; and faults laid out in advance."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from simulator.directives import NONE, Directives, merge


@dataclass(frozen=True, slots=True)
class Entry:
    """One answered request.

    `usage` is what was reported, or would have been had the client stayed: `complete` says which, and
    `events_sent` of `events_total` how far a stream got.
    """

    request_id: str
    operation: str
    model_id: str
    caller: str
    status: int
    exception: str | None = None
    request_metadata: Mapping[str, str] | None = None
    usage: Mapping[str, Any] | None = None
    events_total: int = 0
    events_sent: int = 0
    complete: bool = True

    def to_json(self) -> dict[str, Any]:
        """The entry as the control endpoint and the log file show it."""
        return asdict(self)


class Journal:
    """The last `capacity` entries; what is dropped is counted. `on_final` sees each entry that will not change."""

    def __init__(self, capacity: int, on_final: Callable[[Entry], None] | None = None) -> None:
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._capacity = capacity
        self._on_final = on_final
        self.dropped = 0

    def record(self, entry: Entry, final: bool = True) -> None:
        """Adds an entry, or replaces the one of the same request."""
        self._entries[entry.request_id] = entry
        if len(self._entries) > self._capacity:
            self._entries.popitem(last=False)
            self.dropped += 1
        if final and self._on_final is not None:
            self._on_final(entry)

    def to_json(self) -> dict[str, Any]:
        """`requests`, oldest first, and how many were `dropped`."""
        return {"requests": [entry.to_json() for entry in self._entries.values()], "dropped": self.dropped}

    def clear(self) -> None:
        """Forgets everything."""
        self._entries.clear()
        self.dropped = 0


@dataclass(frozen=True, slots=True)
class PlannedFault:
    """Directives for the next `times` requests, of one model where `model_id` is given."""

    words: str
    directives: Directives
    times: int
    model_id: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The fault as the control endpoint shows it."""
        return {"directives": self.words, "times": self.times, "model": self.model_id}


class FaultPlan:
    """A queue of planned faults; each request takes at most one, the first that fits its model."""

    def __init__(self) -> None:
        self._faults: deque[PlannedFault] = deque()

    def add(self, fault: PlannedFault) -> None:
        """Lays out one more."""
        self._faults.append(fault)

    def take(self, model_id: str) -> Directives:
        """The directives for a request to this model; used up once `times` requests have had them."""
        for index, fault in enumerate(self._faults):
            if fault.model_id in (None, model_id):
                left = fault.times - 1
                if left > 0:
                    self._faults[index] = PlannedFault(fault.words, fault.directives, left, fault.model_id)
                else:
                    del self._faults[index]
                return fault.directives
        return NONE

    def apply(self, model_id: str, directives: Directives) -> Directives:
        """The request's own directives over the planned ones."""
        return merge(self.take(model_id), directives) if self._faults else directives

    def to_json(self) -> dict[str, Any]:
        """What is still to come."""
        return {"faults": [fault.to_json() for fault in self._faults]}

    def clear(self) -> None:
        """Takes back everything."""
        self._faults.clear()
