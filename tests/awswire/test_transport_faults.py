"""What every transport promises when a peer misbehaves or a caller leaves, asked of all of them alike."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

import pytest

from awswire.http import (
    ConnectionBroken,
    HttpRequest,
    HttpTransport,
    NotSent,
    Origin,
    ReadTimedOut,
    Timeouts,
    TransportError,
)
from tests.awswire.loopback_tls import make_contexts
from tests.awswire.raw_server import (
    CHUNKED_HEAD,
    ReceivedRequest,
    always,
    answer_then_hang,
    open_raw_server,
    to_answer,
    to_chunk,
)
from tests.awswire.transports import IMPATIENT, PATIENT, ask, collect, read_and_close


async def hang(_request: ReceivedRequest, writer: asyncio.StreamWriter) -> bool:
    return await answer_then_hang(b"", writer)


async def hang_in_body(_request: ReceivedRequest, writer: asyncio.StreamWriter) -> bool:
    return await answer_then_hang(CHUNKED_HEAD + to_chunk(b"first"), writer)


async def test_a_refused_connection_is_not_sent(transport: HttpTransport) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        origin = Origin("127.0.0.1", unused.getsockname()[1])
        with pytest.raises(NotSent):
            await transport.send(HttpRequest("POST", origin, "/", {}), PATIENT)


async def test_an_unknown_host_is_not_sent(transport: HttpTransport) -> None:
    with pytest.raises(NotSent):
        await transport.send(HttpRequest("POST", Origin("nowhere.invalid", 80), "/", {}), PATIENT)


async def test_a_handshake_that_stalls_is_not_sent(transport: HttpTransport, tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()  # the kernel completes the TCP handshake, and nobody answers the TLS one
        origin = Origin("localhost", silent.getsockname()[1], make_contexts(tmp_path)[1])
        with pytest.raises(NotSent):
            await transport.send(HttpRequest("POST", origin, "/", {}), Timeouts(connect_seconds=0.1))


async def test_a_connection_closed_without_an_answer_is_broken(transport: HttpTransport) -> None:
    async with open_raw_server(always(b"", keep=False)) as server:
        with pytest.raises(ConnectionBroken):
            await transport.send(server.request(), PATIENT)
        assert len(server.requests) == 1


async def test_a_request_is_not_sent_twice_over_a_connection_that_breaks_when_used_again(
    transport: HttpTransport,
) -> None:
    async def answer_once(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bool:
        if request.body == b"second":
            return False
        writer.write(to_answer(b"x"))
        return True

    async with open_raw_server(answer_once) as server:
        await ask(transport, server.request(body=b"first"))
        with pytest.raises(ConnectionBroken):
            await ask(transport, server.request(body=b"second"))
        assert [request.body for request in server.requests] == [b"first", b"second"]


async def test_an_answer_that_is_not_http_is_broken(transport: HttpTransport) -> None:
    async with open_raw_server(always(b"SSH-2.0-something\r\n\r\n", keep=False)) as server:
        with pytest.raises(ConnectionBroken):
            await transport.send(server.request(), PATIENT)


CUT_ANSWERS = [to_answer(b"whole")[:-2], CHUNKED_HEAD + to_chunk(b"first"), CHUNKED_HEAD + b"ff\r\nfirst"]


@pytest.mark.parametrize("answer", CUT_ANSWERS, ids=["content-length", "between chunks", "in a chunk"])
async def test_a_cut_body_is_broken(transport: HttpTransport, answer: bytes) -> None:
    async with open_raw_server(always(answer, keep=False)) as server:
        with pytest.raises(ConnectionBroken):
            await ask(transport, server.request())
        with pytest.raises(ConnectionBroken):
            await collect(await transport.send(server.request(), PATIENT))


async def test_silence_before_the_head_times_out(transport: HttpTransport) -> None:
    async with open_raw_server(hang) as server:
        with pytest.raises(ReadTimedOut):
            await transport.send(server.request(), IMPATIENT)


async def test_silence_in_the_body_times_out(transport: HttpTransport) -> None:
    async with open_raw_server(hang_in_body) as server:
        with pytest.raises(ReadTimedOut):
            await read_and_close(await transport.send(server.request(), IMPATIENT))
        with pytest.raises(ReadTimedOut):
            await collect(await transport.send(server.request(), IMPATIENT))
        assert server.connections == 2


async def test_closing_an_unread_answer_closes_its_connection(transport: HttpTransport) -> None:
    async def endless(_request: ReceivedRequest, writer: asyncio.StreamWriter) -> bool:
        writer.write(CHUNKED_HEAD)
        while True:
            writer.write(to_chunk(b"x" * 1000))
            await writer.drain()

    async with open_raw_server(endless) as server:
        response = await transport.send(server.request(), PATIENT)
        async for _ in response.chunks():
            break
        await response.aclose()
        await response.aclose()
        assert await asyncio.wait_for(server.closed_by_peer.get(), 5.0) == 1


async def test_a_cancelled_request_leaves_no_connection_to_be_used_again(transport: HttpTransport) -> None:
    hanging = asyncio.Event()

    async def hang_first(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bool:
        if request.connection == 1:
            hanging.set()
            await asyncio.Event().wait()
        writer.write(to_answer(b"second"))
        return True

    async with open_raw_server(hang_first) as server:
        first = asyncio.create_task(transport.send(server.request(), PATIENT))
        await hanging.wait()
        first.cancel()
        with pytest.raises(asyncio.CancelledError):
            await first
        assert await ask(transport, server.request()) == b"second"
        assert server.connections == 2


async def test_a_cancelled_read_leaves_no_connection_to_be_used_again(transport: HttpTransport) -> None:
    async with open_raw_server(hang_in_body) as server:
        response = await transport.send(server.request(), PATIENT)
        reading = asyncio.create_task(read_and_close(response))
        await asyncio.sleep(0)  # the one turn of the loop that begins the task
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        second = await transport.send(server.request(), PATIENT)
        await second.aclose()
        assert server.connections == 2


async def test_closing_the_transport_breaks_answers_in_flight(transport: HttpTransport) -> None:
    async with open_raw_server(hang_in_body) as server:
        response = await transport.send(server.request(), PATIENT)
        await transport.aclose()
        with pytest.raises(TransportError):
            await collect(response)
        with pytest.raises(NotSent):
            await transport.send(server.request(), PATIENT)


async def test_an_untrusted_certificate_is_not_sent(
    transport: HttpTransport, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    stranger = ssl.create_default_context()
    async with open_raw_server(always(to_answer(b"")), (tls[0], stranger)) as server:
        with pytest.raises(NotSent):
            await transport.send(server.request(), PATIENT)
        assert server.requests == []
