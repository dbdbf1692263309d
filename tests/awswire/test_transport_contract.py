"""What every transport promises of requests and answers, asked of all of them with the same peers on loopback."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable

import pytest

from awswire.http import (
    HttpResponse,
    HttpTransport,
)
from tests.awswire.raw_server import (
    CHUNKED_HEAD,
    RawServer,
    ReceivedRequest,
    always,
    answer_then_hang,
    open_raw_server,
    to_answer,
    to_chunk,
)
from tests.awswire.transports import PATIENT, ask, collect, read_and_close


async def test_the_request_arrives_as_it_was_given(transport: HttpTransport) -> None:
    target = "/model/arn%3Aaws%3Abedrock%2Fa%20b/converse?b=%7e&a=1%2B1&empty"
    async with open_raw_server(always(to_answer(b"{}"))) as server:
        await ask(transport, server.request(target, b'{"a": 1}'))
        (received,) = server.requests
    assert (received.method, received.target, received.body) == ("POST", target, b'{"a": 1}')
    assert received.headers["host"] == server.origin.authority
    assert received.headers.keys() - {"connection"} == {"host", "content-type", "content-length"}


async def test_a_body_of_megabytes_arrives_whole(transport: HttpTransport) -> None:
    body = bytes(range(256)) * 12_000
    async with open_raw_server(always(to_answer(body))) as server:
        assert await ask(transport, server.request(body=body)) == body
        assert server.requests[0].body == body


async def test_a_get_has_no_body(transport: HttpTransport) -> None:
    async with open_raw_server(always(to_answer(b"[]"))) as server:
        assert await ask(transport, server.request("/foundation-models", b"", "GET")) == b"[]"
        assert server.requests[0].headers.get("content-length", "0") == "0"


async def test_status_and_headers_are_there_before_the_body(transport: HttpTransport) -> None:
    head = b"HTTP/1.1 429 Too Many Requests\r\nX-Amzn-ErrorType: A\r\ncontent-length: 5\r\nx-amzn-errortype: B\r\n\r\n"

    async def answer(_request: ReceivedRequest, writer: asyncio.StreamWriter) -> bool:
        return await answer_then_hang(head, writer)

    async with open_raw_server(answer) as server:
        response = await transport.send(server.request(), PATIENT)
        assert response.status == 429
        assert response.headers["x-amzn-errortype"] == "B"
        await response.aclose()


@pytest.mark.parametrize("take", [read_and_close, collect])
@pytest.mark.parametrize(
    "answer",
    [to_answer(b"whole"), CHUNKED_HEAD + to_chunk(b"who") + to_chunk(b"le") + to_chunk(b"")],
    ids=["content-length", "chunked"],
)
async def test_a_body_is_read_whole(
    transport: HttpTransport, answer: bytes, take: Callable[[HttpResponse], Awaitable[bytes]]
) -> None:
    async with open_raw_server(always(answer)) as server:
        response = await transport.send(server.request(), PATIENT)
        assert await take(response) == b"whole"


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
async def test_an_answer_that_has_no_body_ends_at_its_head(transport: HttpTransport, status: str) -> None:
    async with open_raw_server(always(f"HTTP/1.1 {status}\r\n\r\n".encode())) as server:
        assert await ask(transport, server.request()) == b""
        assert await ask(transport, server.request()) == b""
        assert server.connections == 1


async def test_an_answer_may_end_with_its_connection(transport: HttpTransport) -> None:
    async with open_raw_server(always(b"HTTP/1.1 200 OK\r\n\r\nto the end", keep=False)) as server:
        assert await ask(transport, server.request()) == b"to the end"
        assert await ask(transport, server.request()) == b"to the end"
        assert server.connections == 2


async def test_chunks_come_as_they_are_sent(transport: HttpTransport) -> None:
    go_on = asyncio.Event()

    async def answer(_request: ReceivedRequest, writer: asyncio.StreamWriter) -> bool:
        writer.write(CHUNKED_HEAD + to_chunk(b"first"))
        await go_on.wait()
        writer.write(to_chunk(b"second") + to_chunk(b""))
        await writer.drain()
        return True

    async with open_raw_server(answer) as server:
        response = await transport.send(server.request(), PATIENT)
        chunks = response.chunks()
        assert await anext(chunks) == b"first"
        go_on.set()
        assert b"".join([chunk async for chunk in chunks]) == b"second"
        await response.aclose()


async def test_compressed_bodies_are_given_as_they_came(transport: HttpTransport) -> None:
    async with open_raw_server(always(to_answer(b"\x1f\x8bnot really", "content-encoding: gzip"))) as server:
        assert await ask(transport, server.request()) == b"\x1f\x8bnot really"


async def test_redirects_are_answers(transport: HttpTransport) -> None:
    answer = to_answer(b"", "location: http://example.invalid/", status="307 Temporary Redirect")
    async with open_raw_server(always(answer)) as server:
        response = await transport.send(server.request(), PATIENT)
        assert response.status == 307
        await response.aclose()


async def test_cookies_are_not_kept(transport: HttpTransport) -> None:
    async with open_raw_server(always(to_answer(b"", "set-cookie: a=b"))) as server:
        await ask(transport, server.request())
        await ask(transport, server.request())
        assert "cookie" not in server.requests[1].headers


async def test_a_connection_is_used_again(transport: HttpTransport) -> None:
    async with open_raw_server(always(to_answer(b"x"))) as server:
        for _ in range(3):
            await ask(transport, server.request())
        assert server.connections == 1


async def test_a_connection_that_the_peer_means_to_close_is_not_used_again(transport: HttpTransport) -> None:
    async with open_raw_server(always(to_answer(b"x", "connection: close"))) as server:
        await ask(transport, server.request())
        await ask(transport, server.request())
        assert server.connections == 2


async def pass_a_round_trip(server: RawServer) -> None:
    """After it, this loop has seen whatever had arrived before it, the end of another connection for instance."""
    _, writer = await asyncio.open_connection(server.origin.host, server.origin.port)
    writer.close()
    await writer.wait_closed()


async def test_an_idle_connection_that_the_peer_closed_is_not_used(transport: HttpTransport) -> None:
    async with open_raw_server(always(to_answer(b"x"), keep=False)) as server:
        await ask(transport, server.request())
        await server.ended.get()
        await pass_a_round_trip(server)
        assert await ask(transport, server.request()) == b"x"
        assert [request.connection for request in server.requests] == [1, 3]


async def test_concurrent_requests_do_not_mix(transport: HttpTransport) -> None:
    async def echo(request: ReceivedRequest, writer: asyncio.StreamWriter) -> bool:
        writer.write(to_answer(request.body))
        await writer.drain()
        return True

    bodies = [str(number).encode() * number for number in range(1, 41)]
    async with open_raw_server(echo) as server:
        assert await asyncio.gather(*(ask(transport, server.request(body=body)) for body in bodies)) == bodies


async def test_tls_connections_carry_requests_and_are_used_again(
    transport: HttpTransport, tls: tuple[ssl.SSLContext, ssl.SSLContext]
) -> None:
    async with open_raw_server(always(to_answer(b"sealed")), tls) as server:
        assert await ask(transport, server.request()) == b"sealed"
        assert await ask(transport, server.request()) == b"sealed"
        assert server.connections == 1
