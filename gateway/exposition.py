"""Counters, gauges and histograms, and the text that Prometheus reads: its exposition format 0.0.4.

Every label has a closed set of values, and all series are there from the start: a scrape is as large on the first day
as on the last, whatever clients send, and a rate is right from the first event on. A value that is not in its set
counts under `other`.

Written here instead of taken from prometheus-client, which counts in floats: money is integers here, exact at any size.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from itertools import accumulate, product
from typing import Generic, Protocol, TypeVar

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OTHER = "other"
_HEAD_LINES = 2
# The ids of models and of profiles; an ARN is a deployment's own, and names its account.
_MODEL = re.compile(r"[a-z0-9][a-z0-9.:_-]{0,127}", re.ASCII)

Labels = Mapping[str, Sequence[str]]
"""A label's name -> the values that it may have."""


class Instrument(Protocol):
    """Anything that has lines of its own in the text."""

    @property
    def name(self) -> str: ...

    def lines(self, constant: Mapping[str, str]) -> list[str]:
        """Its lines; `constant` labels stand on every one."""
        ...


class Exposition:
    """The instruments of one process, in the order in which they were added. `constant` labels tell it from others."""

    def __init__(self, constant: Mapping[str, str]) -> None:
        self._constant = dict(constant)
        self._instruments: dict[str, Instrument] = {}

    def add(self, instrument: Instrument) -> None:
        """Raises ValueError where the name is taken."""
        if instrument.name in self._instruments:
            raise ValueError(f"there is a metric {instrument.name} already")
        self._instruments[instrument.name] = instrument

    def to_text(self) -> str:
        lines = (line for each in self._instruments.values() for line in each.lines(self._constant))
        return "".join(f"{line}\n" for line in lines)


class Counter:
    """Counts up, in integers. With `decimals`, the text shows the count divided by ten to that power, exactly."""

    def __init__(self, name: str, text: str, labels: Labels | None = None, *, decimals: int = 0) -> None:
        self.name = name
        self._text = text
        self._decimals = decimals
        self._series = _Series(labels or {})
        self._counts = dict.fromkeys(self._series.all, 0)

    def add(self, *values: str, amount: int = 1) -> None:
        """`values` are those of the labels, in their order. An amount below zero counts as none: what is counted must
        not fail for being counted."""
        if amount > 0:
            self._counts[values if values in self._counts else self._series.of(values)] += amount

    def count(self, *values: str) -> int:
        """What was counted so far, before `decimals`."""
        return self._counts[self._series.of(values)]

    def lines(self, constant: Mapping[str, str]) -> list[str]:
        shown = {values: number for values, number in self._counts.items() if number or OTHER not in values}
        return [
            *_head(self.name, self._text, "counter"),
            *(
                f"{self.name}{self._series.to_text(values, constant)} {Decimal(number).scaleb(-self._decimals):f}"
                for values, number in shown.items()
            ),
        ]


class Gauge:
    """A number that is asked for when it is read."""

    def __init__(self, name: str, text: str, read: Callable[[], int]) -> None:
        self.name = name
        self._text = text
        self._read = read

    def lines(self, constant: Mapping[str, str]) -> list[str]:
        return [
            *_head(self.name, self._text, "gauge"),
            f"{self.name}{_Series({}).to_text((), constant)} {self._read()}",
        ]


class Histogram:
    """How often something took how long. `bounds` are the buckets' upper ends, in the unit of the name, ascending."""

    def __init__(self, name: str, text: str, labels: Labels, bounds: Sequence[float]) -> None:
        self.name = name
        self._text = text
        self._bounds = tuple(bounds)
        self._series = _Series(labels)
        self._buckets = {values: [0] * (len(self._bounds) + 1) for values in self._series.all}
        self._sums = dict.fromkeys(self._series.all, 0.0)

    def observe(self, measured: float, *values: str) -> None:
        """`values` are those of the labels, in their order."""
        series = values if values in self._sums else self._series.of(values)
        self._buckets[series][bisect_left(self._bounds, measured)] += 1
        self._sums[series] += measured

    def count(self, *values: str) -> int:
        """How often anything was observed."""
        return sum(self._buckets[self._series.of(values)])

    def lines(self, constant: Mapping[str, str]) -> list[str]:
        lines = _head(self.name, self._text, "histogram")
        ends = [*(f"{bound:g}" for bound in self._bounds), "+Inf"]
        for values, buckets in self._buckets.items():
            if OTHER in values and not any(buckets):
                continue
            for end, number in zip(ends, accumulate(buckets), strict=True):
                lines.append(f"{self.name}_bucket{self._series.to_text(values, {**constant, 'le': end})} {number}")
            labels = self._series.to_text(values, constant)
            lines.append(f"{self.name}_sum{labels} {self._sums[values]!r}")
            lines.append(f"{self.name}_count{labels} {sum(buckets)}")
        return lines


T = TypeVar("T", bound=Instrument)


class ByModel(Generic[T]):
    """A counter or histogram for each model: `make` makes one, under the name and with the help of all of them.

    Which models there are is not known from the start, and clients send names that nobody has. So only `admit` gives a
    model a label of its own, up to `most` of them; the others are `other` together. It is for models that have served
    a request: their number is the deployment's, not the clients'.
    """

    def __init__(self, make: Callable[[], T], *, most: int) -> None:
        self._make = make
        self._most = most
        self._instruments = {OTHER: make()}
        self.name = self._instruments[OTHER].name

    def admit(self, model: str) -> T:
        """The model's own, or where there are too many already that of all others."""
        found = self._instruments.get(model)
        if found is None and len(self._instruments) <= self._most and _MODEL.fullmatch(model):
            found = self._instruments[model] = self._make()
        return found or self._instruments[OTHER]

    def of(self, model: str) -> T:
        """The model's, if it was admitted; else that of all others."""
        return self._instruments.get(model) or self._instruments[OTHER]

    def lines(self, constant: Mapping[str, str]) -> list[str]:
        head: list[str] = []
        body: list[str] = []
        for model, instrument in self._instruments.items():
            lines = instrument.lines({**constant, "model": model})
            head = lines[:_HEAD_LINES]
            body += lines[_HEAD_LINES:]
        return head + body


class _Series:
    """The combinations of an instrument's label values."""

    def __init__(self, labels: Labels) -> None:
        self._names = tuple(labels)
        self._known = [{value: value for value in (*values, OTHER)} for values in labels.values()]
        self.all = tuple(product(*self._known))

    def of(self, values: Sequence[str]) -> tuple[str, ...]:
        """The combination that these values count under. Raises ValueError for too many or too few of them."""
        return tuple(known.get(value, OTHER) for known, value in zip(self._known, values, strict=True))

    def to_text(self, values: Sequence[str], constant: Mapping[str, str]) -> str:
        pairs = {**constant, **dict(zip(self._names, values, strict=True))}
        inner = ",".join(f'{name}="{_escape(value)}"' for name, value in pairs.items())
        return f"{{{inner}}}" if inner else ""


def _head(name: str, text: str, kind: str) -> list[str]:
    return [f"# HELP {name} {text}", f"# TYPE {name} {kind}"]


def _escape(value: str) -> str:
    """As the format asks of label values."""
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
