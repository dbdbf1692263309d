"""The process's memory of keys: bounded, and asked for one key by many requests at once, it reads once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

from tenants.principal import KeyRecord
from tenants.store import KeyReader

# Ids are made at random and never again, so one that is unknown stays unknown: its cache needs a bound, not haste.
UNKNOWN_SECONDS = 60.0
UNKNOWN_SIZE = 1_000
# But an imported key has its id before it is imported, and its client may have tried it already.
UNKNOWN_IMPORTED_SECONDS = 1.0

T = TypeVar("T")


class KeyCache:
    """Key records by id. What is stale here is refused by the account's fence, so age is only housekeeping.

    Unknown ids have a small cache of their own: a flood of them cannot push out the keys in use.
    """

    def __init__(self, reader: KeyReader, monotonic: Callable[[], float], size: int, seconds: float) -> None:
        self._reader = reader
        self._monotonic = monotonic
        self._known = _Expiring[KeyRecord](size, seconds)
        self._unknown = _Expiring[float](UNKNOWN_SIZE, UNKNOWN_SECONDS)
        self._running: dict[str, asyncio.Task[KeyRecord | None]] = {}
        self._queued: dict[str, asyncio.Task[KeyRecord | None]] = {}

    async def find(self, key_id: str, *, imported: bool = False) -> KeyRecord | None:
        """The record as last read; `imported` for the id of a foreign key. Raises LedgerUnavailable."""
        now = self._monotonic()
        record = self._known.find(key_id, now)
        if record is not None:
            return record
        asked = self._unknown.find(key_id, now)
        if asked is not None and (not imported or now < asked + UNKNOWN_IMPORTED_SECONDS):
            return None
        return await self.read(key_id)

    def remembers(self, key_id: str) -> bool:
        """Whether `find` would have the record without a read."""
        return self._known.find(key_id, self._monotonic()) is not None

    async def read(self, key_id: str) -> KeyRecord | None:
        """The record as it stands in the store at this moment or later. Raises LedgerUnavailable.

        Callers share a read, but never one that had begun before they came: it might have missed the change that made
        them ask.
        """
        task = self._queued.get(key_id)
        if task is None:
            task = self._queued[key_id] = asyncio.create_task(self._read_in_turn(key_id))
        return await asyncio.shield(task)

    async def _read_in_turn(self, key_id: str) -> KeyRecord | None:
        running = self._running.get(key_id)
        if running is not None:
            await asyncio.wait([running])
        task = self._running[key_id] = self._queued.pop(key_id)
        try:
            return await self._read(key_id)
        finally:
            if self._running.get(key_id) is task:
                del self._running[key_id]

    async def _read(self, key_id: str) -> KeyRecord | None:
        record = await self._reader.find_key(key_id)
        if record is None:
            self._known.drop(key_id)
            now = self._monotonic()
            self._unknown.put(key_id, now, now)
        else:
            self._known.put(key_id, record, self._monotonic())
        return record


class _Expiring(Generic[T]):
    """A bounded mapping whose entries are forgotten after a time; when full, the least recently used one goes."""

    def __init__(self, size: int, seconds: float) -> None:
        self._size = size
        self._seconds = seconds
        self._entries: OrderedDict[str, tuple[float, T]] = OrderedDict()

    def find(self, name: str, now: float) -> T | None:
        entry = self._entries.get(name)
        if entry is None:
            return None
        if entry[0] <= now:
            del self._entries[name]
            return None
        self._entries.move_to_end(name)
        return entry[1]

    def put(self, name: str, value: T, now: float) -> None:
        self._entries[name] = (now + self._seconds, value)
        self._entries.move_to_end(name)
        if len(self._entries) > self._size:
            self._entries.popitem(last=False)

    def drop(self, name: str) -> None:
        self._entries.pop(name, None)
