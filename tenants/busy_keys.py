"""What a process knows of keys with so much in flight that they have more than one account: their shards. Pure.

It costs nothing to know: every reserve returns how much is in flight on the account that it wrote. All of it may be
forgotten; then the first account is asked again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tenants.account import Entry
from tenants.account_counts import seen_in
from tenants.account_item import Item, lent_name, number_of, to_number
from tenants.account_memory import Recent
from tenants.demand import Demand

MOST_SHARDS = 16
# Others may have ended what was in flight: an account is believed to be full for so long, and then tried again.
_BELIEVED_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Spread:
    """On how many accounts at most a key is spread: 1 for never. `requests` is how many are in flight on an account
    before another one is used: some 5 KB then, with those that wait to become events."""

    shards: int = MOST_SHARDS
    requests: int = 24


def may_spread(demand: Demand) -> bool:
    """A key's alert has to see all that is settled pass through one item; its tenant's are told of by a sum."""
    return not demand.limits.alerts


Key = tuple[str, str]
"""A key's id and a month."""
Place = tuple[Key, int]
"""One of its accounts, by its shard."""


@dataclass(frozen=True, slots=True)
class _Load:
    in_flight: int
    seen_at: float


class BusyKeys:
    """By key id and month. `now_seconds` is on a clock that never goes back."""

    def __init__(self, spread: Spread) -> None:
        self._spread = spread
        self._loads: Recent[dict[int, _Load]] = Recent()
        self._banks: Recent[Item] = Recent()
        self._under_way: dict[Place, int] = {}

    def choose(self, key: Key, now_seconds: float) -> int:
        """The shard for a request: the first that is not known to be full, so that they empty from the right."""
        loads = self._loads.find(key)
        if loads is None and self._under_way.get((key, 0), 0) < self._spread.requests:
            return 0  # nearly every key, at nearly every time
        in_flight = []
        for shard in range(self._spread.shards):
            in_flight.append(self._in_flight(key, loads or {}, shard, now_seconds))
            if in_flight[-1] < self._spread.requests:
                return shard
        return in_flight.index(min(in_flight))

    def _in_flight(self, key: Key, loads: Mapping[int, _Load], shard: int, now_seconds: float) -> int:
        """With what this process asks of it at the moment."""
        load = loads.get(shard)
        believed = load is not None and now_seconds - load.seen_at < _BELIEVED_SECONDS
        return (load.in_flight if load is not None and believed else 0) + self._under_way.get((key, shard), 0)

    def begin(self, place: Place) -> None:
        """A reserve is under way; `end` it."""
        self._under_way[place] = self._under_way.get(place, 0) + 1

    def end(self, place: Place) -> None:
        left = self._under_way[place] - 1
        if left:
            self._under_way[place] = left
        else:
            del self._under_way[place]

    def note(self, key: Key, written: Item, entry: Entry, now_seconds: float) -> None:
        """What a reserve returned, and where it was entered."""
        in_flight = number_of(written, "n")
        loads = self._loads.find(key)
        if loads is None and in_flight < self._spread.requests:
            return
        if entry.shard == 0:
            in_flight -= number_of(self.bank(key), lent_name("n"))
            windows = {name: to_number(at) for name, at in seen_in(entry).items()}
            self._banks.put(key, {**self.bank(key), **written, **windows})
        self._loads.put(key, {**(loads or {}), entry.shard: _Load(in_flight, now_seconds)})

    def note_end(self, key: Key, shard: int) -> None:
        """A hold on the shard was ended."""
        loads = self._loads.find(key)
        load = None if loads is None else loads.get(shard)
        if loads is not None and load is not None:
            loads[shard] = _Load(load.in_flight - 1, load.seen_at)

    def note_bank(self, key: Key, item: Item) -> None:
        """The first account as it was read."""
        self._banks.put(key, item)

    def bank(self, key: Key) -> Item:
        """The first account as last seen, as far as this process saw it."""
        return self._banks.find(key) or {}
