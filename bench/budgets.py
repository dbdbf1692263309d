"""The budgets, and how a figure stands to them. Pure.

They are the project's own, for the CPU of one worker on one core with everything on: key check, allowlist, translation,
two durable writes to the ledger, the usage event and the request log; plain HTTP upstream, median of three.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    AIM = "aim"
    MUST = "must"
    MISSED = "MISSED"
    NONE = "-"


@dataclass(frozen=True, slots=True)
class Budget:
    """The most a figure must, and is meant to, come to. `aim` is None where there is no aim beyond the must."""

    must: float
    aim: float | None = None

    def judge(self, measured: float) -> Verdict:
        if self.aim is not None and measured <= self.aim:
            return Verdict.AIM
        return Verdict.MUST if measured <= self.must else Verdict.MISSED


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table: what was measured, in `unit`, with the floor's figure where it has one.

    `compared` is what the budget is about: the ratio to the floor, or the figure itself. `spread` is how far the
    gateway's repetitions lay apart, as a share of their median.
    """

    name: str
    unit: str
    gateway: float
    floor: float | None = None
    compared: float | None = None
    budget: Budget | None = None
    spread: float | None = None

    @property
    def verdict(self) -> Verdict:
        if self.budget is None or self.compared is None:
            return Verdict.NONE
        return self.budget.judge(self.compared)


CHAT_RATIO = Budget(must=30, aim=13)
STREAM_RATIO = Budget(must=3.2, aim=2)
BURST_CHUNK_US = Budget(must=5, aim=3)
FIRST_BYTE_P50_MS = Budget(must=10, aim=3)
FIRST_BYTE_P99_MS = Budget(must=50, aim=15)
ADDED_P50_MS = Budget(must=2.5, aim=1.2)
RESIDENT_MIB = Budget(must=95, aim=75)
SERVE_START_SECONDS = Budget(must=1.2, aim=0.8)
COLD_START_MS = Budget(must=600, aim=300)
COLD_IMPORT_MS = Budget(must=300, aim=250)

_EMBEDDINGS_CHATS = 1.5
_EMBEDDINGS_VECTOR_US = 3.0


def embeddings_budget(chat_us: float, vectors: int) -> Budget:
    """Of an embeddings request, in microseconds: half as much again as a chat, and 3 us for each vector of 1024."""
    return Budget(must=_EMBEDDINGS_CHATS * chat_us + _EMBEDDINGS_VECTOR_US * vectors)
