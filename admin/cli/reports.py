"""Sums over the buckets of OpenAI's usage and costs reports. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from decimal import Decimal
from enum import StrEnum
from typing import Generic, TypeVar

from admin.cli.exact_json import Json
from admin.cli.times import DAY_SECONDS


class By(StrEnum):
    """What rows are of."""

    DAY = "day"
    MODEL = "model"
    TENANT = "tenant"
    KEY = "key"
    USER = "user"


UNKNOWN = "(none)"
"""For a null dimension: usage of a deleted service account's key has no user, for one."""


@dataclass(frozen=True, slots=True)
class UsageSum:
    requests: int = 0
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0

    @property
    def tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    @classmethod
    def of(cls, result: Json) -> UsageSum:
        """Of a result of chats or of embeddings, which have no output."""
        return cls(
            int(result["num_model_requests"]),
            int(result["input_tokens"]),
            int(result.get("input_cached_tokens") or 0),
            int(result.get("output_tokens") or 0),
        )

    def __add__(self, other: UsageSum) -> UsageSum:
        return UsageSum(*(getattr(self, each.name) + getattr(other, each.name) for each in fields(self)))


@dataclass(frozen=True, slots=True)
class CostSum:
    """In US dollars, exact. `unpriced` requests are not in it."""

    usd: Decimal = Decimal(0)
    unpriced: int = 0

    @classmethod
    def of(cls, result: Json) -> CostSum:
        amount = result.get("amount")
        value = Decimal(0) if amount is None else Decimal(amount["value"])
        return cls(value, int(result.get("num_unpriced_requests") or 0))

    def __add__(self, other: CostSum) -> CostSum:
        return CostSum(self.usd + other.usd, self.unpriced + other.unpriced)


SumT = TypeVar("SumT", UsageSum, CostSum)


@dataclass(frozen=True, slots=True)
class Row(Generic[SumT]):
    """`name` is an id, a model, or a bucket's beginning in Unix seconds as text."""

    name: str
    sum: SumT


def sums_of(
    buckets: Iterable[Json], dimension: str | None, to_sum: Callable[[Json], SumT], zero: SumT
) -> list[Row[SumT]]:
    """One row per value of `dimension`; for None, one per bucket, those without results included."""
    sums: dict[str, SumT] = {}
    for bucket in buckets:
        if dimension is None:
            sums.setdefault(str(bucket["start_time"]), zero)
        for result in bucket["results"]:
            name = str(bucket["start_time"]) if dimension is None else str(result.get(dimension) or UNKNOWN)
            sums[name] = sums.get(name, zero) + to_sum(result)
    return [Row(name, sums[name]) for name in sums]


def report_start(days: int, now_seconds: int) -> int:
    """The midnight (UTC) with which the last `days` days begin, today among them."""
    return (now_seconds // DAY_SECONDS - (days - 1)) * DAY_SECONDS
