"""Which of an account's counters a request is counted in, and by how much. Pure.

Reserve, settle and drop are the same counts with other amounts, so that whatever one puts in, another takes out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tenants.account import Bound, Entry
from tenants.account_item import DAY, DAY_GRANTS, MINUTE, SLOT_WINDOW, Item, number_of, slot_of
from tenants.demand import Demand
from tenants.event import Settlement
from tenants.limits import Currency, Interval, RateLimit

# Attribute of the day or minute -> the latest that an account was seen with; 0 where it was seen without.
Seen = Mapping[str, int]

GRANT_OF = {
    (Interval.MONTH, Currency.USD): "au",
    (Interval.MONTH, Currency.TOKENS): "ak",
    (Interval.DAY, Currency.USD): "eu",
    (Interval.DAY, Currency.TOKENS): "ek",
}


ROOM = "l"


def room_name(counter: str) -> str:
    """On a shard: what is left of what it was lent of a counter, see `tenants/shard_loans.py`."""
    return ROOM + counter


@dataclass(frozen=True, slots=True)
class Amounts:
    """What is added to the counters; a settle adds the truth less the bound, which may be below zero."""

    tokens: int
    pico_usd: int
    requests: int
    in_flight: int


@dataclass(frozen=True, slots=True)
class WindowCount:
    """A day or minute of the account, by its attribute, which one it is, and what is added to each of its counters."""

    name: str
    at: int
    adds: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Counts:
    """`always` holds for the month and for what is in flight; the windows only as long as they are the current ones."""

    always: Mapping[str, int]
    windows: tuple[WindowCount, ...]


def amounts_of_bound(bound: Bound) -> Amounts:
    return Amounts(bound.tokens, bound.cost_pico_usd or 0, requests=1, in_flight=1)


def amounts_to_settle(bound: Bound, settlement: Settlement) -> Amounts:
    """What turns a bound into the truth. That it was a request stays true, whatever became of it."""
    return Amounts(
        settlement.tokens.total_tokens - bound.tokens,
        (settlement.cost_pico_usd or 0) - (bound.cost_pico_usd or 0),
        requests=0,
        in_flight=-1,
    )


def amounts_to_drop(bound: Bound) -> Amounts:
    """What makes a hold never have been."""
    return Amounts(-bound.tokens, -(bound.cost_pico_usd or 0), requests=-1, in_flight=-1)


def has_minutes(rate: RateLimit | None) -> bool:
    """Whether the rate limit counts by the minute."""
    return rate is not None and (rate.requests_per_minute is not None or rate.tokens_per_minute is not None)


def entry_of(demand: Demand, seen: Seen, shard: int = 0) -> Entry:
    """Where a request is counted: in today and this minute, or in those that the account is ahead with. A shard spends
    what it was lent, for which the first account has drawn on the grants."""
    minute = demand.window.minute
    slot = None if demand.limits.rate_of(demand.model) is None else slot_of(demand.model)
    return Entry(
        day=max(demand.window.day_of_month, seen.get(DAY, 0)),
        minute=max(minute, seen.get(MINUTE, 0)) if has_minutes(demand.limits.rate_of(None)) else None,
        slot=slot,
        slot_minute=None if slot is None else max(minute, seen.get(SLOT_WINDOW + slot, 0)),
        grants=() if shard or not demand.tenant_limits.spend else grants_of(demand),
        shard=shard,
    )


def grants_of(demand: Demand) -> tuple[str, ...]:
    """The tenant's grants that a request draws on."""
    budgets = {(limit.interval, limit.currency) for limit in demand.tenant_limits.spend}
    return tuple(name for budget, name in GRANT_OF.items() if budget in budgets)


def counts_of(entry: Entry, amounts: Amounts) -> Counts:
    """What `amounts` add to the counters that `entry` names."""
    always = {"mk": amounts.tokens, "mu": amounts.pico_usd, "n": amounts.in_flight}
    granted = {}
    if entry.grants:
        drawn = {"au": -amounts.pico_usd, "ak": -amounts.tokens, "eu": -amounts.pico_usd, "ek": -amounts.tokens}
        granted = {name: number for name, number in drawn.items() if name in entry.grants}
        always |= {name: number for name, number in granted.items() if name not in DAY_GRANTS}
    windows = []
    if entry.day is not None:
        today = {name: number for name, number in granted.items() if name in DAY_GRANTS}
        windows.append(WindowCount(DAY, entry.day, {"dk": amounts.tokens, "du": amounts.pico_usd, **today}))
    if entry.minute is not None:
        windows.append(WindowCount(MINUTE, entry.minute, {"wr": amounts.requests, "wt": amounts.tokens}))
    if entry.slot is not None and entry.slot_minute is not None:
        always[f"P{entry.slot}"] = amounts.in_flight
        adds = {f"R{entry.slot}": amounts.requests, f"T{entry.slot}": amounts.tokens}
        windows.append(WindowCount(SLOT_WINDOW + entry.slot, entry.slot_minute, adds))
    if entry.shard:
        always, windows = _on_loan(always), [replace(window, adds=_on_loan(window.adds)) for window in windows]
    return Counts(always, tuple(windows))


def _on_loan(adds: Mapping[str, int]) -> dict[str, int]:
    """What is counted on a shard is taken from what it was lent."""
    return {**adds, **{room_name(name): -number for name, number in adds.items()}}


def seen_in(entry: Entry) -> dict[str, int]:
    """What an account surely has once a request was entered so: the windows of `counts_of`, which day or minute each
    is."""
    seen = {}
    if entry.day is not None:
        seen[DAY] = entry.day
    if entry.minute is not None:
        seen[MINUTE] = entry.minute
    if entry.slot is not None and entry.slot_minute is not None:
        seen[SLOT_WINDOW + entry.slot] = entry.slot_minute
    return seen


def seen_on(item: Item, entry: Entry) -> dict[str, int]:
    """The days and minutes of an item, as far as an entry like this one needs them."""
    return {name: number_of(item, name) for name in seen_in(entry)}
