"""A key's limits as what they are on its account: counters, and how far each may go. Pure.

The one list that a reserve's condition, the reading of its refusal and the rate limit headers are all made from.
"""

from __future__ import annotations

from dataclasses import dataclass

from tenants.account import Bound, Entry
from tenants.account_counts import GRANT_OF
from tenants.account_item import DAY, MINUTE, SLOT_WINDOW, slot_of
from tenants.demand import Demand
from tenants.limits import Currency, Interval, Limits, RateLimit


@dataclass(frozen=True, slots=True)
class Meter:
    """A counter by its attribute, and by that of the day or minute that it starts anew with; None where it runs on."""

    counter: str
    window: str | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What is limited, in the words of `Refusal`."""

    kind: str
    interval: Interval | None = None
    currency: Currency | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class Cap:
    """How far a counter may go, and by how much a request would move it."""

    subject: Subject
    meter: Meter
    limit: int
    asked: int

    @property
    def room(self) -> int:
        """The most that may be on the counter before the request. Below zero where it is too large on its own."""
        return self.limit - self.asked


@dataclass(frozen=True, slots=True)
class GrantDraw:
    """What a request takes of its tenant's grants."""

    grant: str
    asked: int


_SPEND_METERS = {
    (interval, currency): (Subject("spend", interval, currency), meter)
    for interval, currency, meter in (
        (Interval.MONTH, Currency.USD, Meter("mu")),
        (Interval.MONTH, Currency.TOKENS, Meter("mk")),
        (Interval.DAY, Currency.USD, Meter("du", DAY)),
        (Interval.DAY, Currency.TOKENS, Meter("dk", DAY)),
    )
}


def caps_of(demand: Demand, bound: Bound) -> tuple[Cap, ...]:
    """The key's caps that concern the request; budgets first, for they open last."""
    caps = _spend_caps(demand.limits, bound)
    everything, of_model = demand.limits.rate_of(None), demand.limits.rate_of(demand.model)
    if everything is not None:
        caps += _rate_caps(everything, bound, (Meter("wr", MINUTE), Meter("wt", MINUTE), Meter("n")))
    if of_model is not None:
        slot = slot_of(demand.model)
        window = SLOT_WINDOW + slot
        caps += _rate_caps(of_model, bound, (Meter(f"R{slot}", window), Meter(f"T{slot}", window), Meter(f"P{slot}")))
    return tuple(caps)


def _spend_caps(limits: Limits, bound: Bound) -> list[Cap]:
    if not limits.spend:
        return []
    thresholds = {(limit.interval, limit.currency): limit.threshold for limit in limits.spend}
    return [
        Cap(subject, meter, thresholds[budget], _asked(bound, budget[1]))
        for budget, (subject, meter) in _SPEND_METERS.items()
        if budget in thresholds
    ]


def _rate_caps(rate: RateLimit, bound: Bound, meters: tuple[Meter, Meter, Meter]) -> list[Cap]:
    requests, tokens, parallel = meters
    wanted = (
        ("requests", requests, rate.requests_per_minute, 1),
        ("tokens", tokens, rate.tokens_per_minute, bound.tokens),
        ("parallel", parallel, rate.parallel_requests, 1),
    )
    return [
        Cap(Subject(kind, model=rate.model), meter, limit, asked)
        for kind, meter, limit, asked in wanted
        if limit is not None
    ]


def draws_of(entry: Entry, bound: Bound) -> tuple[GrantDraw, ...]:
    """What is drawn from grants. Nothing of a grant is needed for a request that takes nothing of it."""
    draws = (
        GrantDraw(name, _asked(bound, currency)) for (_, currency), name in GRANT_OF.items() if name in entry.grants
    )
    return tuple(each for each in draws if each.asked)


def _asked(bound: Bound, currency: Currency) -> int:
    return bound.tokens if currency is Currency.TOKENS else bound.cost_pico_usd or 0
