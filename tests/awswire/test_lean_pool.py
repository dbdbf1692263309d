"""Who may send, on which connection: permits, idle connections and what ends them."""

from __future__ import annotations

import asyncio

import pytest

from awswire.http import ConnectionBroken, NotSent, Origin, ReadTimedOut, Timeouts
from awswire.lean_pool import PoolLimits
from awswire.transport_lean import LeanTransport
from tests.awswire.calls import call, echo, post, to_answer
from tests.awswire.fault_proxy import LOOPBACK, Peer, open_server
from tests.awswire.loops import on_both_loops

SHORT_WAIT = Timeouts(connect_seconds=0.05, read_seconds=20)


async def turn_loop(turns: int = 20) -> None:
    for _ in range(turns):
        await asyncio.sleep(0)


@pytest.mark.parametrize(("max_connections", "max_idle", "idle_seconds"), [(0, 0, 1), (1, -1, 1), (1, 1, 0)])
def test_limits_that_would_let_nothing_through_are_refused(
    max_connections: int, max_idle: int, idle_seconds: float
) -> None:
    with pytest.raises(ValueError, match="pool"):
        PoolLimits(max_connections, max_idle, idle_seconds)


@on_both_loops
async def test_never_more_connections_than_allowed_and_every_answer_reaches_its_request() -> None:
    async with open_server(echo) as server:
        transport = LeanTransport(8)
        bodies = [str(number).encode() * 3 for number in range(1000)]
        answers = await asyncio.gather(*[call(transport, post(server.origin, body)) for body in bodies])
        assert answers == bodies
        assert server.most_open <= 8
        await transport.aclose()


@on_both_loops
async def test_waiting_requests_are_served_in_order_of_arrival() -> None:
    served: list[bytes] = []

    async def note(peer: Peer) -> None:
        while True:
            served.append((await peer.read_request()).body)
            await peer.send(to_answer(b""))

    async with open_server(note) as server:
        transport = LeanTransport(1)
        bodies = [str(number).encode() for number in range(50)]
        await asyncio.gather(*[call(transport, post(server.origin, body)) for body in bodies])
        await transport.aclose()
    assert served == bodies


@on_both_loops
async def test_a_caller_that_returns_at_once_does_not_overtake_one_that_waits() -> None:
    served: list[bytes] = []

    async def note(peer: Peer) -> None:
        while True:
            served.append((await peer.read_request()).body)
            await peer.send(to_answer(b""))

    async def call_repeatedly(transport: LeanTransport, origin: Origin, name: bytes) -> None:
        for _ in range(10):
            await call(transport, post(origin, name))

    async with open_server(note) as server:
        transport = LeanTransport(1)
        await asyncio.gather(*[call_repeatedly(transport, server.origin, name) for name in (b"a", b"b")])
        await transport.aclose()
        assert server.accepted == 1
    assert served == [b"a", b"b"] * 10


@on_both_loops
async def test_a_request_that_finds_no_free_connection_in_time_is_not_sent() -> None:
    received, release = asyncio.Event(), asyncio.Event()
    bodies = []

    async def answer_when_told(peer: Peer) -> None:
        while True:
            bodies.append((await peer.read_request()).body)
            received.set()
            await release.wait()
            await peer.send(to_answer(bodies[-1]))

    async with open_server(answer_when_told) as server:
        transport = LeanTransport(1)
        first = asyncio.ensure_future(call(transport, post(server.origin, b"first")))
        await received.wait()
        with pytest.raises(NotSent):
            await call(transport, post(server.origin, b"refused"), SHORT_WAIT)
        release.set()
        assert await first == b"first"
        assert await call(transport, post(server.origin, b"next")) == b"next"
        await transport.aclose()
    assert bodies == [b"first", b"next"]


@on_both_loops
async def test_a_cancelled_waiter_gives_its_place_to_the_next() -> None:
    async with open_server(echo) as server:
        transport = LeanTransport(1)
        for turns in range(30):
            first, second, third = [
                asyncio.ensure_future(call(transport, post(server.origin, name))) for name in (b"1", b"2", b"3")
            ]
            await turn_loop(turns)
            second.cancel()
            assert await first == b"1"
            assert await third == b"3"
            await asyncio.gather(second, return_exceptions=True)
        await transport.aclose()


@on_both_loops
async def test_a_refused_connection_is_not_sent() -> None:
    async with open_server(echo) as server:
        origin = server.origin
    transport = LeanTransport(1)
    for _ in range(3):
        with pytest.raises(NotSent):
            await call(transport, post(origin))
    for host in ("host.invalid", "a..b", "x" * 70):
        with pytest.raises(NotSent):
            await call(transport, post(Origin(host, 80)))
    await transport.aclose()


@on_both_loops
async def test_the_last_used_connection_is_used_first() -> None:
    names: list[bytes] = []
    both_open = asyncio.Event()

    async def answer_own_name(peer: Peer) -> None:
        name = str(len(names)).encode()
        names.append(name)
        if len(names) == 2:
            both_open.set()
        while True:
            await peer.read_request()
            await both_open.wait()
            await peer.send(to_answer(name))

    async with open_server(answer_own_name) as server:
        transport = LeanTransport(2)
        calls = [asyncio.ensure_future(call(transport, post(server.origin))) for _ in range(2)]
        finished = [await done for done in asyncio.as_completed(calls)]
        for _ in range(5):
            assert await call(transport, post(server.origin)) == finished[-1]
        await transport.aclose()


@on_both_loops
async def test_no_more_connections_lie_idle_than_allowed() -> None:
    async with open_server(echo) as server:
        transport = LeanTransport(6, max_idle=2)
        await asyncio.gather(*[call(transport, post(server.origin)) for _ in range(6)])
        await server.has_open(most=2)
        await turn_loop()
        assert server.open == 2
        await transport.aclose()


@on_both_loops
async def test_a_connection_that_lies_idle_too_long_is_closed() -> None:
    closed = asyncio.Event()

    async def echo_and_tell(peer: Peer) -> None:
        try:
            await echo(peer)
        finally:
            closed.set()

    async with open_server(echo_and_tell) as server:
        transport = LeanTransport(2, idle_seconds=0.02)
        await call(transport, post(server.origin))
        await closed.wait()
        assert await call(transport, post(server.origin, b"again")) == b"again"
        assert server.accepted == 2
        await transport.aclose()


@pytest.mark.parametrize("beyond", [b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", b"\r\n", b""])
@on_both_loops
async def test_a_connection_that_hears_from_its_peer_while_idle_is_discarded(beyond: bytes) -> None:
    """`beyond` is an unsolicited answer, stray bytes, or nothing but the end of the stream."""
    go_on, gone = asyncio.Event(), asyncio.Event()

    async def answer_and_speak_up(peer: Peer) -> None:
        request = await peer.read_request()
        await peer.send(to_answer(request.body))
        await go_on.wait()
        if beyond:
            await peer.send(beyond)
            await peer.client_closed()
        else:
            peer.close()
            await peer.client_closed()
        gone.set()

    async with open_server(answer_and_speak_up) as server:
        transport = LeanTransport(1)
        assert await call(transport, post(server.origin, b"1")) == b"1"
        go_on.set()
        await gone.wait()
        assert await call(transport, post(server.origin, b"2")) == b"2"
        assert server.accepted == 2
        await transport.aclose()


@on_both_loops
async def test_closing_breaks_what_is_in_flight_refuses_what_waits_and_what_comes_later() -> None:
    async def never_answer(peer: Peer) -> None:
        await peer.read_request()
        await peer.client_closed()

    async with open_server(never_answer) as server:
        transport = LeanTransport(1)
        in_flight = asyncio.ensure_future(call(transport, post(server.origin)))
        waiting = asyncio.ensure_future(call(transport, post(server.origin)))
        await server.has_accepted(least=1)
        await turn_loop()
        await asyncio.gather(transport.aclose(), transport.aclose())
        with pytest.raises(ConnectionBroken):
            await in_flight
        with pytest.raises(NotSent):
            await waiting
        for origin in (server.origin, Origin(LOOPBACK, 9)):
            with pytest.raises(NotSent):
                await call(transport, post(origin))
        await server.has_open(most=0)
        await transport.aclose()


@on_both_loops
async def test_a_connection_made_after_closing_carries_nothing() -> None:
    async with open_server(echo) as server:
        transport = LeanTransport(2)
        sending = asyncio.ensure_future(call(transport, post(server.origin)))
        await turn_loop(1)  # it has begun to connect, and nothing more
        await transport.aclose()
        with pytest.raises(NotSent):
            await sending


@pytest.mark.parametrize("turns", range(12))
@on_both_loops
async def test_closing_while_connecting_leaves_no_connection(turns: int) -> None:
    async with open_server(echo) as server:
        transport = LeanTransport(2)
        sending = asyncio.ensure_future(call(transport, post(server.origin)))
        await turn_loop(turns)
        await transport.aclose()
        try:
            assert await sending == b"{}"
        except (NotSent, ConnectionBroken):
            pass
        await server.has_open(most=0)
        assert sending.done()


@on_both_loops
async def test_a_peer_that_never_answers_costs_its_permit_no_longer_than_the_timeout() -> None:
    async def never_answer(peer: Peer) -> None:
        await peer.read_request()
        await peer.client_closed()

    async with open_server(never_answer) as server:
        transport = LeanTransport(2)
        timeouts = Timeouts(connect_seconds=20, read_seconds=0.02)
        results = await asyncio.gather(
            *[call(transport, post(server.origin), timeouts) for _ in range(6)], return_exceptions=True
        )
        assert all(isinstance(result, ReadTimedOut) for result in results)
        await transport.aclose()


@on_both_loops
async def test_idle_connections_that_are_dropped_are_used_no_more_and_those_in_use_go_on() -> None:
    async with open_server(echo) as server:
        transport = LeanTransport(8)
        await call(transport, post(server.origin, b"one"))
        transport.drop_idle()
        under_way = asyncio.create_task(call(transport, post(server.origin, b"two")))
        await turn_loop()
        transport.drop_idle()
        assert await under_way == b"two"
        assert server.accepted == 2
        await transport.aclose()
