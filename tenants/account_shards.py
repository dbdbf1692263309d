"""A busy key's accounts of a month as one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import reduce

from tenants.account import Account, DayCount, MinuteCount, SlotCount


def merge(first: Account, shards: Iterable[Account]) -> Account:
    """The key's first account with all that its shards have, as if there were no others. Fence and grants are the
    first one's."""
    others = sorted(shards, key=lambda each: each.shard)
    return reduce(_add, others, first)


def _add(one: Account, other: Account) -> Account:
    return replace(
        one,
        committed_tokens=one.committed_tokens + other.committed_tokens,
        committed_pico_usd=one.committed_pico_usd + other.committed_pico_usd,
        requests=one.requests + other.requests,
        settled=one.settled + other.settled,
        holds={**one.holds, **other.holds},
        outbox={**one.outbox, **other.outbox},
        day=_add_days(one.day, other.day),
        minute=_add_minutes([one.minute, other.minute]),
        slots={
            slot: _add_slots([each.slots[slot] for each in (one, other) if slot in each.slots])
            for slot in {**one.slots, **other.slots}
        },
    )


def _add_days(one: DayCount, other: DayCount) -> DayCount:
    """Of two days, the later one counts."""
    if one.number != other.number:
        return max(one, other, key=lambda each: each.number)
    return DayCount(one.number, one.tokens + other.tokens, one.pico_usd + other.pico_usd)


def _add_minutes(counts: Sequence[MinuteCount]) -> MinuteCount:
    minute = max(each.minute for each in counts)
    current = [each for each in counts if each.minute == minute]
    return MinuteCount(minute, sum(each.requests for each in current), sum(each.tokens for each in current))


def _add_slots(counts: Sequence[SlotCount]) -> SlotCount:
    return SlotCount(_add_minutes([each.window for each in counts]), sum(each.in_flight for each in counts))
