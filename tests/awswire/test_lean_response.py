"""What a response holds and when it wakes its reader, without a connection."""

from __future__ import annotations

import asyncio

import pytest

from awswire.http import ConnectionBroken, TransportError
from awswire.lean_response import HIGH_WATER_BYTES, LeanResponse


class RecordedSource:
    """A connection that only notes what its response asks of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def expect_bytes(self) -> None:
        self.asked.append("expect")

    def pause(self) -> None:
        self.asked.append("pause")

    def resume(self) -> None:
        self.asked.append("resume")

    def abandon(self, reason: TransportError) -> None:
        self.asked.append("abandon")


def open_response() -> tuple[LeanResponse, RecordedSource]:
    source = RecordedSource()
    response = LeanResponse(source, asyncio.get_running_loop())
    response.on_head(200, {})
    return response, source


async def test_read_waits_once_however_many_pieces_arrive() -> None:
    response, source = open_response()
    reading = asyncio.ensure_future(response.read())
    for piece in (b"a", b"b", b"c"):
        await asyncio.sleep(0)
        response.on_body(piece)
    response.on_last(b"d")
    assert await reading == b"abcd"
    assert source.asked == ["expect"]


async def test_chunks_joins_what_arrived_while_the_reader_was_busy() -> None:
    response, _ = open_response()
    response.on_body(b"a")
    response.on_body(b"b")
    chunks = response.chunks()
    assert await anext(chunks) == b"ab"
    response.on_last(b"c")
    assert [chunk async for chunk in chunks] == [b"c"]


async def test_reading_from_the_socket_stops_above_the_high_water_mark_and_goes_on_below() -> None:
    response, source = open_response()
    response.on_body(bytes(HIGH_WATER_BYTES))
    assert source.asked == []
    response.on_body(b"x")
    response.on_body(b"y")
    assert source.asked == ["pause"]
    assert len(await anext(response.chunks())) == HIGH_WATER_BYTES + 2
    assert source.asked == ["pause", "resume"]


async def test_read_takes_the_brake_off() -> None:
    response, source = open_response()
    response.on_body(bytes(HIGH_WATER_BYTES + 1))
    reading = asyncio.ensure_future(response.read())
    await asyncio.sleep(0)
    response.on_body(bytes(HIGH_WATER_BYTES + 1))
    response.on_last(b"")
    assert len(await reading) == 2 * HIGH_WATER_BYTES + 2
    assert source.asked == ["pause", "resume", "expect"]


async def test_a_connection_goes_back_to_the_pool_with_the_brake_off() -> None:
    response, source = open_response()
    response.on_body(bytes(HIGH_WATER_BYTES + 1))
    response.on_last(b"")
    assert source.asked == ["pause", "resume"]


@pytest.mark.parametrize("how", ["read", "chunks"])
async def test_a_cancelled_reader_abandons_the_connection(how: str) -> None:
    response, source = open_response()
    reading = asyncio.ensure_future(response.read() if how == "read" else anext(response.chunks()))
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert source.asked == ["expect", "abandon"]


async def test_closing_a_complete_response_leaves_its_connection_alone() -> None:
    response, source = open_response()
    response.on_last(b"body")
    await response.aclose()
    assert source.asked == []
    assert await response.read() == b"body"


async def test_a_failure_comes_after_the_bytes_that_arrived_before_it() -> None:
    response, _ = open_response()
    response.on_body(b"a")
    response.on_failure(ConnectionBroken("gone"))
    chunks = response.chunks()
    assert await anext(chunks) == b"a"
    with pytest.raises(ConnectionBroken, match="gone"):
        await anext(chunks)
