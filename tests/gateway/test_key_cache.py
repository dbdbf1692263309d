from __future__ import annotations

import asyncio

import pytest

from gateway.key_cache import UNKNOWN_IMPORTED_SECONDS, UNKNOWN_SECONDS, UNKNOWN_SIZE, KeyCache
from tenants.errors import LedgerUnavailable
from tenants.principal import KeyRecord
from tests.gateway.fakes import KEY, RECORD, FakeReader, changed

SECONDS = 300.0


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def cache_of(reader: FakeReader, clock: Clock | None = None, size: int = 2) -> KeyCache:
    return KeyCache(reader, clock or Clock(), size, SECONDS)


async def begin(*tasks: asyncio.Task[KeyRecord | None]) -> None:
    """Let tasks run until they wait for the store."""
    for _ in range(5):
        await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)


async def test_a_key_is_read_once_and_remembered() -> None:
    reader = FakeReader(RECORD)
    cache = cache_of(reader)
    assert await cache.find(KEY.id) is await cache.find(KEY.id) is RECORD
    assert reader.reads == [KEY.id]


async def test_many_requests_at_once_read_once() -> None:
    reader = FakeReader(RECORD)
    reader.gate = asyncio.Event()
    cache = cache_of(reader)
    asked = [asyncio.create_task(cache.find(KEY.id)) for _ in range(20)]
    await begin(*asked)
    reader.gate.set()
    assert await asyncio.gather(*asked) == [RECORD] * 20
    assert len(reader.reads) <= 2  # those who come while a read runs share the one after it


async def test_a_read_never_joins_one_that_began_before() -> None:
    reader = FakeReader(RECORD)
    reader.gate = asyncio.Event()
    cache = cache_of(reader)
    early = asyncio.create_task(cache.read(KEY.id))
    await begin(early)
    reader.records[KEY.id] = changed(RECORD, name="new")
    late = asyncio.create_task(cache.read(KEY.id))
    await begin(early, late)
    reader.gate.set()
    assert (await early) == RECORD
    assert (await late) == reader.records[KEY.id]
    assert await cache.find(KEY.id) == reader.records[KEY.id]


async def test_a_read_replaces_what_was_remembered() -> None:
    reader = FakeReader(RECORD)
    cache = cache_of(reader)
    await cache.find(KEY.id)
    reader.records[KEY.id] = changed(RECORD)
    assert (await cache.read(KEY.id)) == (await cache.find(KEY.id)) == reader.records[KEY.id]


async def test_a_key_that_was_deleted_is_forgotten_by_the_next_read() -> None:
    reader = FakeReader(RECORD)
    cache = cache_of(reader)
    await cache.find(KEY.id)
    del reader.records[KEY.id]
    assert await cache.read(KEY.id) is None
    assert await cache.find(KEY.id) is None


async def test_records_age() -> None:
    reader, clock = FakeReader(RECORD), Clock()
    cache = cache_of(reader, clock)
    await cache.find(KEY.id)
    clock.now = SECONDS - 0.1
    await cache.find(KEY.id)
    assert len(reader.reads) == 1
    clock.now = SECONDS
    await cache.find(KEY.id)
    assert len(reader.reads) == 2


async def test_an_unknown_id_is_remembered_for_a_while() -> None:
    reader, clock = FakeReader(), Clock()
    cache = cache_of(reader, clock)
    assert await cache.find("key_x") is await cache.find("key_x") is None
    assert len(reader.reads) == 1
    clock.now = UNKNOWN_SECONDS
    await cache.find("key_x")
    assert len(reader.reads) == 2


async def test_an_unknown_foreign_key_is_looked_for_again_soon_for_it_may_be_imported() -> None:
    reader, clock = FakeReader(), Clock()
    cache = cache_of(reader, clock)
    assert await cache.find(KEY.id, imported=True) is None
    reader.records[KEY.id] = RECORD
    clock.now = UNKNOWN_IMPORTED_SECONDS - 0.1
    assert await cache.find(KEY.id, imported=True) is None
    assert len(reader.reads) == 1
    clock.now = UNKNOWN_IMPORTED_SECONDS
    assert await cache.find(KEY.id, imported=True) is RECORD


async def test_the_least_recently_used_key_goes_when_the_cache_is_full() -> None:
    reader = FakeReader()
    for number in "123":
        reader.records[f"key_{number}"] = RECORD
    cache = cache_of(reader)
    for key_id in ("key_1", "key_2", "key_1", "key_3"):
        await cache.find(key_id)
    reader.reads.clear()
    for key_id in ("key_1", "key_3", "key_2"):
        await cache.find(key_id)
    assert reader.reads == ["key_2"]


async def test_a_flood_of_unknown_ids_is_bounded_and_pushes_out_no_key_in_use() -> None:
    reader = FakeReader(RECORD)
    cache = cache_of(reader)
    await cache.find(KEY.id)
    for number in range(UNKNOWN_SIZE + 1):
        await cache.find(f"key_{number}")
    reader.reads.clear()
    await cache.find(KEY.id)
    await cache.find("key_0")  # the oldest has been forgotten
    await cache.find(f"key_{UNKNOWN_SIZE}")
    assert reader.reads == ["key_0"]


async def test_a_failed_read_is_not_remembered() -> None:
    reader = FakeReader(RECORD)
    cache = cache_of(reader)
    reader.failure = LedgerUnavailable()
    with pytest.raises(LedgerUnavailable):
        await cache.find(KEY.id)
    reader.failure = None
    assert await cache.find(KEY.id) is RECORD


async def test_a_read_that_fails_does_not_fail_the_one_queued_behind_it() -> None:
    reader = FakeReader(RECORD)
    reader.gate, reader.failure = asyncio.Event(), LedgerUnavailable()
    cache = cache_of(reader)
    early = asyncio.create_task(cache.read(KEY.id))
    await begin(early)
    reader.failure = None
    late = asyncio.create_task(cache.read(KEY.id))
    reader.gate.set()
    with pytest.raises(LedgerUnavailable):
        await early
    assert await late is RECORD


async def test_a_caller_that_is_cancelled_leaves_the_read_to_the_others() -> None:
    reader = FakeReader(RECORD)
    reader.gate = asyncio.Event()
    cache = cache_of(reader)
    leaver, stayer = asyncio.create_task(cache.find(KEY.id)), asyncio.create_task(cache.find(KEY.id))
    await begin(leaver, stayer)
    leaver.cancel()
    reader.gate.set()
    assert await stayer is RECORD
    with pytest.raises(asyncio.CancelledError):
        await leaver
