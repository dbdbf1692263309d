"""What a process remembers of the accounts it writes to, so that a steady key needs one attempt a write. Pure.

All of it may be forgotten: that costs an attempt, or leaves an outbox entry to be found later.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Generic, TypeVar

AccountId = tuple[str, str]
"""The key's id, with a shard's number after it, and the month."""
_ACCOUNTS_REMEMBERED = 10_000
_PLACES_REMEMBERED = 20_000
_REMOVALS_A_WRITE = 10
T = TypeVar("T")


class Recent(Generic[T]):
    """The accounts written to last; those before are forgotten."""

    def __init__(self) -> None:
        self._values: OrderedDict[AccountId, T] = OrderedDict()

    def find(self, account_id: AccountId) -> T | None:
        return self._values.get(account_id)

    def put(self, account_id: AccountId, value: T) -> None:
        self._values[account_id] = value
        self._values.move_to_end(account_id)
        if len(self._values) > _ACCOUNTS_REMEMBERED:
            self._values.popitem(last=False)

    def pop(self, account_id: AccountId) -> T | None:
        return self._values.pop(account_id, None)


def account_id_of(key_id: str, month: str, shard: int = 0) -> AccountId:
    return (f"{key_id}#{shard}" if shard else key_id), month


class AccountMemory:
    """Of each account: outbox entries that are events by now, when it was last read along (on
    the caller's clock), and the days and minutes that it was last seen with."""

    def __init__(self) -> None:
        self._delivered: Recent[dict[str, None]] = Recent()
        self._inspected: Recent[float] = Recent()
        self._seen: Recent[dict[str, int]] = Recent()
        self._places: OrderedDict[str, int] = OrderedDict()

    def place_of(self, request_id: str) -> int:
        """The shard that has the request's entry; 0 where it is the key's first account, or not known."""
        return self._places.get(request_id, 0)

    def mark_places(self, shard: int, request_ids: Iterable[str]) -> None:
        for request_id in request_ids:
            self._places[request_id] = shard
        while len(self._places) > _PLACES_REMEMBERED:
            self._places.popitem(last=False)

    def seen(self, account_id: AccountId) -> Mapping[str, int]:
        return self._seen.find(account_id) or {}

    def mark_seen(self, account_id: AccountId, seen: Mapping[str, int]) -> None:
        """The last word counts, though answers come in any order: an account may be back at an earlier day, out of a
        backup, and one that is behind by an answer costs an attempt."""
        self._seen.put(account_id, {**self.seen(account_id), **seen})

    def inspection_due(self, account_id: AccountId, now_seconds: float, every_seconds: float) -> bool:
        last = self._inspected.find(account_id)
        return last is None or now_seconds - last >= every_seconds

    def mark_inspected(self, account_id: AccountId, now_seconds: float) -> None:
        self._inspected.put(account_id, now_seconds)

    def take_delivered(self, account_id: AccountId) -> Sequence[str]:
        """Request ids whose entries the next write may remove. Mark them again if the write does not come about."""
        delivered = self._delivered.pop(account_id)
        if delivered is None:
            return ()
        taken = list(islice(delivered, _REMOVALS_A_WRITE))
        self.mark_delivered(account_id, [each for each in delivered if each not in taken])
        return taken

    def mark_delivered(self, account_id: AccountId, request_ids: Sequence[str]) -> None:
        if request_ids:
            self._delivered.put(account_id, (self._delivered.find(account_id) or {}) | dict.fromkeys(request_ids))
