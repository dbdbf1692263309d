"""One exchange on one connection, with peers that keep the rules and peers that break them."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal

import pytest

from awswire.http import ConnectionBroken, HttpRequest, Origin, ReadTimedOut, Timeouts
from awswire.lean_connection import JOIN_BYTES
from awswire.lean_response import HIGH_WATER_BYTES
from awswire.transport_lean import LeanTransport
from tests.awswire.calls import PATIENT, call, post
from tests.awswire.fault_proxy import Fault, Peer, ScriptedServer, open_fault_proxy, open_server
from tests.awswire.loops import on_both_loops

IMPATIENT = Timeouts(connect_seconds=20, read_seconds=0.05)
ANSWER = b"HTTP/1.1 200 OK\r\nX-Id: 7\r\nContent-Length: 10\r\n\r\n0123456789"


@asynccontextmanager
async def open_transport(max_connections: int = 4) -> AsyncIterator[LeanTransport]:
    transport = LeanTransport(max_connections)
    try:
        yield transport
    finally:
        await transport.aclose()


async def answer_each(peer: Peer) -> None:
    while True:
        await peer.read_request()
        await peer.send(ANSWER)


@asynccontextmanager
async def answering(answers: bytes, *, close: bool) -> AsyncIterator[ScriptedServer]:
    async def script(peer: Peer) -> None:
        while True:
            await peer.read_request()
            await peer.send(answers)
            if close:
                return

    async with open_server(script) as server:
        yield server


@pytest.mark.parametrize("body_bytes", [0, 2, JOIN_BYTES, JOIN_BYTES + 1, 4_000_000])
@on_both_loops
async def test_the_peer_receives_the_request_as_it_was_given(body_bytes: int) -> None:
    body = bytes(range(256)) * (body_bytes // 256) + b"x" * (body_bytes % 256)
    received = []

    async def script(peer: Peer) -> None:
        received.append(await peer.read_request())
        await peer.send(ANSWER)
        await peer.client_closed()

    async with open_server(script) as server, open_transport() as transport:
        assert await call(transport, post(server.origin, body)) == b"0123456789"
    assert received[0].line == "POST / HTTP/1.1"
    assert received[0].headers == {"host": server.origin.authority, "content-length": str(body_bytes)}
    assert received[0].body == body


@pytest.mark.parametrize(
    ("answer", "then_closes", "body"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nto the end", True, b"to the end"),
        (b"HTTP/1.0 200 OK\r\n\r\n", True, b""),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", False, b"ok"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", False, b"ok"),
        (ANSWER + ANSWER, False, b"0123456789"),
    ],
    ids=["to the end", "empty to the end", "http/1.0", "close", "two answers"],
)
@on_both_loops
async def test_a_connection_that_cannot_go_on_is_not_used_again(answer: bytes, then_closes: bool, body: bytes) -> None:
    async with answering(answer, close=then_closes) as server, open_transport() as transport:
        for used in (1, 2, 3):
            assert await call(transport, post(server.origin)) == body
            assert server.accepted == used


@on_both_loops
async def test_the_answer_to_head_has_no_body() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
    async with answering(answer, close=False) as server, open_transport() as transport:
        for _ in range(3):
            response = await transport.send(HttpRequest("HEAD", server.origin, "/", {}), PATIENT)
            assert (response.headers["content-length"], await response.read()) == ("5", b"")


@pytest.mark.parametrize(
    "answer",
    [
        ANSWER,
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + ANSWER,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
    ],
    ids=["length", "no content", "not modified", "interim", "chunked"],
)
@on_both_loops
async def test_a_connection_whose_answer_is_complete_is_used_again(answer: bytes) -> None:
    async with answering(answer, close=False) as server, open_transport() as transport:
        for _ in range(5):
            await call(transport, post(server.origin))
        assert server.accepted == 1


@pytest.mark.parametrize("kind", ["reset", "close"])
@pytest.mark.parametrize("piece_bytes", [1, 65_536])
@on_both_loops
async def test_an_answer_cut_at_any_byte_is_broken_and_the_next_request_is_answered(
    kind: Literal["reset", "close"], piece_bytes: int
) -> None:
    faults = [Fault(kind, cut, piece_bytes) for cut in range(len(ANSWER))]
    async with open_server(answer_each) as server, open_fault_proxy(server.origin, faults) as proxy:
        for _ in faults:
            async with open_transport() as transport:
                with pytest.raises(ConnectionBroken):
                    await call(transport, post(proxy.origin))
        async with open_transport() as transport:
            assert await call(transport, post(proxy.origin)) == b"0123456789"


@on_both_loops
async def test_chunks_gives_what_arrived_before_the_connection_broke() -> None:
    faults = [Fault("close", len(ANSWER) - 3)]
    async with open_server(answer_each) as server, open_fault_proxy(server.origin, faults) as proxy:
        async with open_transport() as transport:
            response = await transport.send(post(proxy.origin), PATIENT)
            chunks = response.chunks()
            received = b""
            while len(received) < 7:
                received += await anext(chunks)
            assert received == b"0123456"
            with pytest.raises(ConnectionBroken):
                await anext(chunks)


@pytest.mark.parametrize("after_bytes", [0, 20, len(ANSWER) - 1])
@on_both_loops
async def test_a_peer_that_falls_silent_is_timed_out_and_disconnected(after_bytes: int) -> None:
    faults = [Fault("stall", after_bytes)]
    async with open_server(answer_each) as server, open_fault_proxy(server.origin, faults) as proxy:
        async with open_transport(max_connections=1) as transport:
            with pytest.raises(ReadTimedOut):
                await (await transport.send(post(proxy.origin), IMPATIENT)).read()
            assert await call(transport, post(proxy.origin)) == b"0123456789"
        assert proxy.accepted == 2


@on_both_loops
async def test_chunks_times_out_too() -> None:
    faults = [Fault("stall", len(ANSWER) - 1)]
    async with open_server(answer_each) as server, open_fault_proxy(server.origin, faults) as proxy:
        async with open_transport() as transport:
            response = await transport.send(post(proxy.origin), IMPATIENT)
            with pytest.raises(ReadTimedOut):
                assert [chunk async for chunk in response.chunks()] == []


@on_both_loops
async def test_a_malformed_answer_is_a_broken_connection() -> None:
    async with answering(b"SSH-2.0-OpenSSH_9\r\n\r\n", close=False) as server, open_transport() as transport:
        with pytest.raises(ConnectionBroken, match="malformed"):
            await call(transport, post(server.origin))


@on_both_loops
async def test_an_answer_that_comes_before_the_body_is_sent_is_given_and_its_connection_closed() -> None:
    async def refuse_unread(peer: Peer) -> None:
        await peer.read_head()
        await peer.send(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig")
        await peer.client_closed()

    async with open_server(refuse_unread) as server, open_transport() as transport:
        for used in (1, 2):
            response = await transport.send(post(server.origin, bytes(16_000_000)), PATIENT)
            assert (response.status, await response.read()) == (413, b"big")
            assert server.accepted == used


@on_both_loops
async def test_an_unread_answer_that_is_closed_closes_its_connection() -> None:
    closed = asyncio.Event()

    async def answer_in_part(peer: Peer) -> None:
        await peer.read_request()
        await peer.send(ANSWER[:-1])
        await peer.client_closed()
        closed.set()

    async with open_server(answer_in_part) as server, open_transport() as transport:
        response = await transport.send(post(server.origin), PATIENT)
        await response.aclose()
        await response.aclose()
        await closed.wait()
        with pytest.raises(ConnectionBroken):
            await response.read()


@on_both_loops
async def test_a_slow_reader_gets_all_of_a_large_answer() -> None:
    body = bytes(range(256)) * 40_000
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    async with answering(head + body, close=False) as server, open_transport() as transport:
        for _ in range(2):
            response = await transport.send(post(server.origin), PATIENT)
            received = bytearray()
            async for chunk in response.chunks():
                assert len(chunk) <= 2 * HIGH_WATER_BYTES
                received += chunk
                for _ in range(5):
                    await asyncio.sleep(0)
            assert received == body
        assert await call(transport, post(server.origin)) == body
        assert server.accepted == 1


@on_both_loops
async def test_a_connection_that_the_kernel_knows_to_be_closed_is_not_written_to() -> None:
    """The loop is kept from turning between the peer's FIN and the next request, as in a thawed Lambda sandbox."""
    listening: list[Origin] = []
    ready, closed = threading.Event(), threading.Event()
    requests: list[bytes] = []

    def serve() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(10)
            listening.append(Origin("127.0.0.1", listener.getsockname()[1]))
            ready.set()
            for _ in range(2):
                connection, _ = listener.accept()
                requests.append(connection.recv(65_536))
                connection.sendall(ANSWER)
                connection.close()
                closed.set()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    ready.wait()
    async with open_transport() as transport:
        assert await call(transport, post(listening[0])) == b"0123456789"
        closed.wait()
        assert await call(transport, post(listening[0])) == b"0123456789"
    thread.join()
    assert len(requests) == 2


@on_both_loops
async def test_no_request_is_sent_twice_when_the_peer_closes_as_it_is_reused() -> None:
    seen: list[bytes] = []

    async def answer_once_and_close(peer: Peer) -> None:
        seen.append((await peer.read_request()).body)
        await peer.send(ANSWER)

    answered = 0
    async with open_server(answer_once_and_close) as server, open_transport() as transport:
        for number in range(400):
            try:
                assert await call(transport, post(server.origin, str(number).encode())) == b"0123456789"
                answered += 1
            except ConnectionBroken:
                pass
            for _ in range(number % 4):
                await asyncio.sleep(0)
    assert len(seen) == len(set(seen))
    assert answered >= 200
