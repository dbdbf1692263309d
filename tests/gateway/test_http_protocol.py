from __future__ import annotations

import asyncio
import logging
import re
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
import uvicorn

from gateway.http_protocol import HEAD_TIMEOUT_SECONDS, MAX_HEAD_BYTES, MAX_URL_BYTES, BoundedHttpProtocol
from tests.gateway.http_wire import Protocol, Wire, answers, echo

OFFER = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
BODY = b"GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n"
CHUNKED_BODY = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (BODY[:7], BODY[7:])) + b"0\r\n\r\n"
POST = b"POST /asked?a=b HTTP/1.1\r\nHost: x\r\nX-Empty:\r\n"
DECLARED = b"Content-Length: %d\r\n" % len(BODY)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
GET = b"GET /asked HTTP/1.1\r\nHost: x\r\n\r\n"


class Impatient(Protocol):
    head_timeout_seconds = 0.01


def assert_refused(wire: Wire, status: int, code: str | None = None) -> None:
    """One answer, in OpenAI's words, and the connection closed."""
    [(said, headers, content)] = answers(wire.written)
    assert wire.closed
    assert said == status
    assert content["error"] == {
        "message": content["error"]["message"],
        "type": "invalid_request_error",
        "param": None,
        "code": code,
    }
    assert content["error"]["message"]
    assert headers["content-type"] == "application/json"
    assert headers["connection"] == "close"
    assert re.fullmatch(r"req_[0-9A-Za-z]{16}", headers["x-request-id"])


@pytest.mark.parametrize(("framing", "body"), [(DECLARED, BODY), (CHUNKED, CHUNKED_BODY)], ids=["declared", "chunked"])
async def test_an_offered_upgrade_is_ignored_wherever_the_segments_are_cut(framing: bytes, body: bytes) -> None:
    request = POST + OFFER + framing + b"\r\n" + body
    for cut in range(len(request)):
        wire = Wire()
        [(status, _, asked)] = answers(await wire.feed(request[:cut], request[cut:]))
        assert (status, asked["method"], asked["path"], asked["body"]) == (200, "POST", "/asked", BODY.decode())
        assert not wire.closed


async def test_an_offered_upgrade_is_ignored_byte_by_byte() -> None:
    request = POST + OFFER + CHUNKED + b"\r\n" + CHUNKED_BODY
    [(_, _, asked)] = answers(await Wire().feed(*(bytes([byte]) for byte in request)))
    assert asked["body"] == BODY.decode()


async def test_all_headers_but_the_offer_reach_the_application() -> None:
    rest = b"X-Key:  a: b \r\n" + DECLARED + b"\r\n" + BODY
    [(_, _, offering)] = answers(await Wire().feed(POST + OFFER + rest))
    [(_, _, plain)] = answers(await Wire().feed(POST + OFFER.replace(b"Upgrade: h2c\r\n", b"") + rest))
    assert offering == plain
    assert "x-key" in plain["headers"]


@pytest.mark.parametrize("offered", [b"websocket", b"h2c", b"TLS/1.0, x"])
async def test_requests_of_one_segment_are_answered_in_order_whatever_they_offer(offered: bytes) -> None:
    offer = b"GET /%d HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: " + offered + b"\r\n\r\n"
    paths = [asked["path"] for _, _, asked in answers(await Wire().feed(b"".join(offer % n for n in range(4)) + GET))]
    assert paths == ["/0", "/1", "/2", "/3", "/asked"]


async def test_thousands_of_offers_in_one_segment_do_not_nest() -> None:
    offer = b"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"
    wire = Wire()
    assert len(answers(await wire.feed(offer * 3000, *[b""] * 1000))) == 3000


async def test_an_offer_keeps_the_wish_to_close() -> None:
    wire = Wire()
    await wire.feed(b"GET /asked HTTP/1.1\r\nConnection: close, upgrade\r\nUpgrade: h2c\r\n\r\n" + GET)
    assert len(answers(wire.written)) == 1
    assert wire.closed


async def test_an_offer_keeps_the_version_of_http() -> None:
    wire = Wire()
    [(_, headers, _)] = answers(await wire.feed(b"GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n"))
    assert headers["connection"] == "close"
    assert wire.closed


async def test_connect_is_refused_and_what_follows_is_not_read() -> None:
    wire = Wire()
    await wire.feed(b"CONNECT example.com:443 HTTP/1.1\r\nHost: x\r\nContent-Length: 34\r\n\r\n" + GET, GET)
    assert_refused(wire, 405, "method_not_allowed")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"FOO / HTTP/1.1\r\n\r\n",
        b"post /asked HTTP/1.1\r\n\r\n",
        b"GET /a b HTTP/1.1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\n\r\n",
        b"GET asked HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: a\0b\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(50),
    ],
)
async def test_what_is_not_http_is_refused_in_openais_words(request_bytes: bytes) -> None:
    wire = Wire()
    await wire.feed(request_bytes)
    assert_refused(wire, 400)


async def test_a_refusal_is_logged_once_under_the_id_that_the_client_has(caplog: pytest.LogCaptureFixture) -> None:
    wire = Wire()
    with caplog.at_level(logging.INFO, "sluice.request"):
        wire.protocol.data_received(b"nonsense\r\n\r\n")
        wire.protocol.data_received(b"more of it\r\n\r\n")
    [(_, headers, _)] = answers(wire.written)
    assert [record.__dict__["request_id"] for record in caplog.records] == [headers["x-request-id"]]


async def test_a_refusal_is_never_the_answer_to_an_earlier_request() -> None:
    wire = Wire()
    await wire.feed(POST + DECLARED + b"\r\n" + BODY + b"nonsense\r\n\r\n")
    assert wire.closed
    assert wire.written == b""


async def test_a_body_that_breaks_after_its_answer_gets_no_second_one() -> None:
    wire = Wire()
    await wire.feed(b"POST /early HTTP/1.1\r\n" + CHUNKED + b"\r\n", b"zz\r\n")
    assert len(answers(wire.written)) == 1
    assert wire.closed


def field(size: int) -> bytes:
    return b"GET / HTTP/1.1\r\nx: " + b"a" * (size - 1) + b"\r\n\r\n"


def fields(size: int) -> bytes:
    return b"GET / HTTP/1.1\r\n" + b"x: aaa\r\n" * (size // 4) + b"\r\n"


@pytest.mark.parametrize("head", [field, fields])
@pytest.mark.parametrize("segment_bytes", [1000, 2**20])
async def test_a_head_up_to_the_limit_is_taken_and_a_larger_one_refused(
    head: Callable[[int], bytes], segment_bytes: int
) -> None:
    def segments(request: bytes) -> list[bytes]:
        return [request[at : at + segment_bytes] for at in range(0, len(request), segment_bytes)]

    taken, refused = Wire(), Wire()
    await taken.feed(*segments(head(MAX_HEAD_BYTES // 2)))
    assert [status for status, _, _ in answers(taken.written)] == [200]
    await refused.feed(*segments(head(MAX_HEAD_BYTES + 4)))
    assert_refused(refused, 431, "headers_too_large")


@pytest.mark.parametrize(
    "start",
    [
        b"GET / HTTP/1.1\r\nx: ",
        b"GET / HTTP/1.1\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx: ",
    ],
    ids=["header value", "header name", "chunk extension", "trailer"],
)
async def test_nothing_without_an_end_is_read_beyond_the_limit(start: bytes) -> None:
    wire = Wire()
    piece, read_bytes = b"a" * 4096, 0
    await wire.feed(start)
    while not wire.closed and read_bytes < 1_000_000:
        await wire.feed(piece)
        read_bytes += len(piece)
    assert MAX_HEAD_BYTES <= read_bytes <= MAX_HEAD_BYTES + len(piece)
    assert_refused(wire, 431, "headers_too_large")


@pytest.mark.parametrize("segment_bytes", [1000, 2**20])
async def test_a_url_up_to_the_limit_is_taken_and_a_longer_one_refused(segment_bytes: int) -> None:
    for excess, status in ((0, 200), (1, 414)):
        request = b"GET /" + b"a" * (MAX_URL_BYTES - 1 + excess) + b" HTTP/1.1\r\n\r\n"
        wire = Wire()
        await wire.feed(*(request[at : at + segment_bytes] for at in range(0, len(request), segment_bytes)))
        assert [said for said, _, _ in answers(wire.written)] == [status]
    assert_refused(wire, 414, "url_too_long")


async def test_bodies_have_no_limit_here_however_they_are_cut() -> None:
    body = b"5\r\nhello\r\n" * (2 * MAX_HEAD_BYTES // 5) + b"0\r\n\r\n"
    request = POST + CHUNKED + b"\r\n" + body
    wire = Wire()
    await wire.feed(*(request[at : at + 4096] for at in range(0, len(request), 4096)))
    [(status, _, asked)] = answers(wire.written)
    assert (status, len(asked["body"])) == (200, 2 * MAX_HEAD_BYTES // 5 * 5)


async def test_a_head_after_a_large_body_in_the_same_segment_is_taken() -> None:
    length = 4 * MAX_HEAD_BYTES
    segment = POST + b"Content-Length: %d\r\n\r\n" % length + b"a" * length + GET[:9]
    assert len(answers(await Wire().feed(segment, GET[9:]))) == 2


async def test_trailers_are_no_headers() -> None:
    body = b"1\r\na\r\n0\r\nX-Late: yes\r\n\r\n"
    [(_, _, asked)] = answers(await Wire().feed(POST + CHUNKED + b"\r\n" + body))
    assert "x-late" not in asked["headers"]


@pytest.mark.parametrize("sent", [b"", b"\r\n"])
async def test_a_connection_that_asks_for_nothing_is_closed_without_a_word(sent: bytes) -> None:
    wire = Wire()
    wire.clock.advance(HEAD_TIMEOUT_SECONDS / 2)
    await wire.feed(sent)
    assert not wire.closed
    wire.clock.advance(HEAD_TIMEOUT_SECONDS / 2)
    assert wire.closed
    assert wire.written == b""


@pytest.mark.parametrize("earlier", [b"", GET])
async def test_a_head_that_does_not_come_to_its_end_is_given_up(earlier: bytes) -> None:
    wire = Wire()
    if earlier:
        await wire.feed(earlier)
        wire.written = b""
    for part in (GET[:1], GET[1:9], GET[9:20]):
        assert not wire.closed
        await wire.feed(part)
        wire.clock.advance(HEAD_TIMEOUT_SECONDS / 3)
    assert_refused(wire, 408, "request_timeout")


async def test_a_complete_head_has_all_the_time_for_its_body() -> None:
    wire = Wire()
    await wire.feed(GET[:9], GET[9:], POST + DECLARED, b"\r\n", BODY[:3])
    wire.clock.advance(1000 * HEAD_TIMEOUT_SECONDS)
    await wire.feed(BODY[3:])
    assert [asked["path"] for _, _, asked in answers(wire.written)] == ["/asked", "/asked"]


async def test_an_idle_connection_is_left_to_uvicorns_keep_alive() -> None:
    wire = Wire()
    await wire.feed(GET)
    wire.clock.advance(wire.protocol.timeout_keep_alive - 0.5)
    await wire.feed(b"\r\n")
    assert not wire.closed
    wire.clock.advance(0.5)
    assert wire.closed


async def test_a_request_that_began_before_the_last_answer_is_not_cut_by_keep_alive() -> None:
    wire = Wire()
    await wire.feed(GET + POST[:9], POST[9:] + DECLARED + b"\r\n")
    wire.clock.advance(10 * wire.protocol.timeout_keep_alive)
    assert not wire.closed


async def test_a_lost_connection_leaves_no_timer() -> None:
    wire = Wire()
    wire.protocol.connection_lost(None)
    wire.closed = False  # as it would stay if nobody closed it
    wire.clock.advance(10 * HEAD_TIMEOUT_SECONDS)
    assert not wire.closed


@asynccontextmanager
async def serving(protocol: type[BoundedHttpProtocol]) -> AsyncIterator[int]:
    """uvicorn on loopback with this protocol: its port."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(echo, http=protocol, ws="none", log_config=None, lifespan="off")
    server = uvicorn.Server(config)
    served = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await served


async def test_over_a_socket_a_client_that_offers_h2c_gets_its_one_answer() -> None:
    async with serving(Protocol) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        # The body is in a segment of its own: it is sent once the server has asked for it.
        writer.write(POST + OFFER + DECLARED + b"Expect: 100-continue\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(BODY + GET.replace(b"Host: x", b"Connection: close"))
        first, second = answers(await reader.read())
        writer.close()
        await writer.wait_closed()
    assert (first[2]["body"], second[2]["method"]) == (BODY.decode(), "GET")


async def test_over_a_socket_a_megabyte_of_headers_is_not_taken() -> None:
    async with serving(Protocol) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        received = b""
        try:
            writer.write(b"GET /asked HTTP/1.1\r\nx: " + b"a" * 2**20 + b"\r\n\r\n")
            received = await reader.read()
        except ConnectionError:
            pass  # closing with bytes unread is a reset, which may overtake the answer
        finally:
            writer.close()
    assert not received or [status for status, _, _ in answers(received)] == [431]


@pytest.mark.parametrize(("sent", "statuses"), [(b"", []), (GET[:-2], [408])], ids=["nothing", "half a head"])
async def test_over_a_socket_a_slow_head_is_closed(sent: bytes, statuses: list[int]) -> None:
    async with serving(Impatient) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        assert [status for status, _, _ in answers(await reader.read())] == statuses
        writer.close()
        await writer.wait_closed()
