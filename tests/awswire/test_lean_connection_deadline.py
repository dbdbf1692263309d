"""The read deadline, by a clock that the test moves: who is timed out when, and how few timers that takes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import cast

import pytest

from awswire.http import HttpRequest, Origin, ReadTimedOut
from awswire.lean_connection import LeanConnection
from awswire.lean_response import LeanResponse

REQUEST = HttpRequest("POST", Origin("peer.test", 80), "/", {})
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"


@dataclass
class Timer:
    at_seconds: float
    fire: Callable[[], None]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


@dataclass
class Clock:
    """The part of an event loop that a connection uses, with time standing still until `move_to`."""

    now_seconds: float = 0.0
    timers: list[Timer] = field(default_factory=list)
    timers_made: int = 0

    def time(self) -> float:
        return self.now_seconds

    def call_at(self, at_seconds: float, fire: Callable[[], None]) -> Timer:
        self.timers_made += 1
        self.timers.append(Timer(at_seconds, fire))
        return self.timers[-1]

    def create_future(self) -> asyncio.Future[None]:
        return asyncio.get_running_loop().create_future()

    def move_to(self, now_seconds: float) -> None:
        self.now_seconds = now_seconds
        due = [timer for timer in self.timers if timer.at_seconds <= now_seconds]
        self.timers = [timer for timer in self.timers if timer not in due]
        for timer in due:
            if not timer.cancelled:
                timer.fire()


@dataclass
class Wire:
    """A transport that takes what it is given, leaving `unsent_bytes` of it in its buffer."""

    sock: socket.socket
    unsent_bytes: int = 0
    aborted: bool = False

    def get_extra_info(self, name: str) -> socket.socket:
        assert name == "socket"
        return self.sock

    def write(self, data: bytes) -> None: ...

    def get_write_buffer_size(self) -> int:
        return self.unsent_bytes

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True


class Owner:
    """A pool that keeps nothing."""

    def adopt(self, connection: LeanConnection) -> None: ...

    def release(self, connection: LeanConnection) -> None: ...

    def forget(self, connection: LeanConnection) -> None: ...


@dataclass
class Bench:
    clock: Clock
    wire: Wire
    connection: LeanConnection

    async def start(self, read_seconds: float) -> asyncio.Task[LeanResponse]:
        exchange = asyncio.ensure_future(self.connection.exchange(REQUEST, b"", read_seconds))
        await asyncio.sleep(0)
        return exchange


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as sock:
        clock, wire = Clock(), Wire(sock)
        connection = LeanConnection(Owner(), cast(asyncio.AbstractEventLoop, clock), "peer.test")
        connection.connection_made(cast(asyncio.BaseTransport, wire))
        yield Bench(clock, wire, connection)


async def test_silence_is_timed_out_and_not_a_moment_earlier(bench: Bench) -> None:
    exchange = await bench.start(read_seconds=10)
    bench.clock.move_to(9.99)
    assert not bench.wire.aborted
    bench.clock.move_to(10)
    assert bench.wire.aborted
    with pytest.raises(ReadTimedOut, match=r"peer\.test within 10 s"):
        await exchange


async def test_each_byte_gives_the_peer_its_time_again_and_no_byte_makes_a_timer(bench: Bench) -> None:
    exchange = await bench.start(read_seconds=10)
    for second in range(9):
        bench.clock.move_to(second)
        bench.connection.data_received(HEAD[second : second + 1])
    assert bench.clock.timers_made == 1
    bench.clock.move_to(10)  # fires, finds that bytes have come, and is set to 18
    assert bench.clock.timers_made == 2
    bench.clock.move_to(17.99)
    assert not exchange.done()
    assert not bench.wire.aborted
    bench.clock.move_to(18)
    assert bench.wire.aborted
    with pytest.raises(ReadTimedOut):
        await exchange


async def test_exchanges_in_close_succession_share_a_timer(bench: Bench) -> None:
    for second in range(9):
        bench.clock.move_to(second)
        exchange = await bench.start(read_seconds=10)
        bench.connection.data_received(HEAD + b"body")
        assert await (await exchange).read() == b"body"
    assert bench.clock.timers_made == 1


async def test_a_shorter_deadline_takes_the_place_of_a_longer_one(bench: Bench) -> None:
    exchange = await bench.start(read_seconds=300)
    bench.connection.data_received(HEAD + b"body")
    await exchange
    exchange = await bench.start(read_seconds=1)
    bench.clock.move_to(1)
    assert bench.wire.aborted
    with pytest.raises(ReadTimedOut):
        await exchange


async def test_an_idle_connection_and_a_busy_reader_are_not_timed_out(bench: Bench) -> None:
    exchange = await bench.start(read_seconds=10)
    bench.connection.data_received(HEAD + b"bo")
    response = await exchange
    bench.clock.move_to(1000)
    assert not bench.wire.aborted
    bench.connection.data_received(b"dy")
    assert await response.read() == b"body"
    bench.clock.move_to(2000)
    assert not bench.wire.aborted
    assert bench.connection.is_open


async def test_a_peer_that_still_takes_the_body_is_given_time_until_it_stops(bench: Bench) -> None:
    bench.wire.unsent_bytes = 3000
    exchange = await bench.start(read_seconds=10)
    for now_seconds, unsent_bytes in [(10, 2000), (20, 1000), (30, 0)]:
        bench.wire.unsent_bytes = unsent_bytes
        bench.clock.move_to(now_seconds)
        assert not bench.wire.aborted
    bench.clock.move_to(40)
    assert bench.wire.aborted
    with pytest.raises(ReadTimedOut):
        await exchange
