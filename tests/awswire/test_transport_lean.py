"""The lean transport as a whole: over TLS, under cancellation, and against aiohttp as the reference."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from awswire.http import ConnectionBroken, HttpTransport, NotSent, Origin, Timeouts
from awswire.transport_aiohttp import AiohttpTransport
from awswire.transport_lean import LeanTransport
from tests.awswire.calls import PATIENT, call, echo, post, to_answer
from tests.awswire.fault_proxy import Peer, TlsPair, open_server
from tests.awswire.loopback_tls import make_contexts
from tests.awswire.loops import on_both_loops


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> TlsPair:
    return TlsPair(*make_contexts(tmp_path_factory.mktemp("tls")))


@on_both_loops
async def test_tls_carries_small_and_large_bodies_on_one_connection(tls: TlsPair) -> None:
    async with open_server(echo, tls) as server:
        transport = LeanTransport(2)
        for body in (b"", b"small", bytes(range(256)) * 8_000, b"small again"):
            assert await call(transport, post(server.origin, body)) == body
        assert server.accepted == 1
        await transport.aclose()
        await server.has_open(most=0)


@pytest.mark.parametrize("unfit", ["host", "authority"])
@on_both_loops
async def test_a_certificate_that_does_not_fit_is_refused_before_anything_is_sent(tls: TlsPair, unfit: str) -> None:
    received = []

    async def note(peer: Peer) -> None:
        received.append(await peer.reader.read(1))

    # The server's side of a refused handshake fails as well, on its own terms: that is no failure of the client.
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: None)
    async with open_server(note, tls) as server:
        if unfit == "host":
            origin = Origin("127.1", server.origin.port, tls.client)  # 127.0.0.1, by a name not in the certificate
        else:
            origin = Origin("localhost", server.origin.port, ssl.create_default_context())
        transport = LeanTransport(1)
        for _ in range(2):
            with pytest.raises(NotSent, match="CERTIFICATE_VERIFY_FAILED"):
                await call(transport, post(origin))
        await transport.aclose()
    assert not any(received)


@on_both_loops
async def test_the_connect_timeout_covers_the_tls_handshake(tls: TlsPair) -> None:
    async def say_nothing(peer: Peer) -> None:
        await peer.client_closed()

    async with open_server(say_nothing) as server:
        transport = LeanTransport(1)
        origin = Origin("localhost", server.origin.port, tls.client)
        for _ in range(2):
            with pytest.raises(NotSent):
                await transport.send(post(origin), Timeouts(connect_seconds=0.05))
        await server.has_open(most=0)
        await transport.aclose()


@pytest.mark.parametrize("reset", [True, False])
@on_both_loops
async def test_a_tls_stream_that_ends_without_its_answer_is_broken(tls: TlsPair, reset: bool) -> None:
    async def break_off(peer: Peer) -> None:
        await peer.read_request()
        await peer.send(to_answer(b"0123456789")[:-1])
        if reset:
            peer.reset()

    async with open_server(break_off, tls) as server:
        transport = LeanTransport(1)
        for _ in range(3):
            with pytest.raises(ConnectionBroken):
                await call(transport, post(server.origin))
        await transport.aclose()


async def cancel_at_random(transport: LeanTransport, origin: Origin, seed: int) -> int:
    """Start calls and cancel some after some turns of the loop; each that ends well has its own answer."""
    chance = random.Random(seed)
    calls = []
    for number in range(30):
        body = f"{seed}-{number}-".encode() * chance.choice([1, 50, 20_000])
        calls.append((body, asyncio.ensure_future(call(transport, post(origin, body)))))
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        if chance.random() < 0.5:
            chance.choice(calls)[1].cancel()
    results = await asyncio.gather(*[task for _, task in calls], return_exceptions=True)
    answered = 0
    for (body, _), result in zip(calls, results, strict=True):
        assert result == body or isinstance(result, asyncio.CancelledError)
        answered += result == body
    return answered


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "tls"])
@on_both_loops
async def test_cancelled_calls_leave_nothing_behind_and_no_answer_astray(tls: TlsPair, encrypted: bool) -> None:
    async with open_server(echo, tls if encrypted else None) as server:
        transport = LeanTransport(3)
        answered = [await cancel_at_random(transport, server.origin, seed) for seed in range(8 if encrypted else 40)]
        assert all(answered)
        bodies = [str(number).encode() for number in range(3)]
        assert await asyncio.gather(*[call(transport, post(server.origin, body)) for body in bodies]) == bodies
        await server.has_open(most=3)
        await transport.aclose()
        await server.has_open(most=0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


@on_both_loops
async def test_a_cancelled_stream_closes_its_connection_and_frees_its_place() -> None:
    async def stream_without_end(peer: Peer) -> None:
        await peer.read_request()
        await peer.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            await peer.send(b"10000\r\n" + bytes(65_536) + b"\r\n")

    async def read_stream(transport: LeanTransport, origin: Origin, received: asyncio.Event) -> None:
        response = await transport.send(post(origin), PATIENT)
        try:
            async for _ in response.chunks():
                received.set()
        finally:
            await response.aclose()

    async with open_server(stream_without_end) as server:
        transport = LeanTransport(1)
        for _ in range(5):
            received = asyncio.Event()
            reading = asyncio.ensure_future(read_stream(transport, server.origin, received))
            await received.wait()
            reading.cancel()
            with pytest.raises(asyncio.CancelledError):
                await reading
            await server.has_open(most=0)
        assert server.accepted == 5
        await transport.aclose()


TOKEN = st.text("abcdefghijklmnopqrstuvwxyzABC-", min_size=1, max_size=12).map(lambda name: f"x-{name}")
VALUE = st.text("abc XYZ019:;,=/+\"'()", max_size=20).map(str.strip)


@st.composite
def answers(draw: st.DrawFn) -> tuple[bytes, bool]:
    """An answer as a server may write it, and whether the connection is closed after it."""
    status = draw(st.sampled_from([200, 201, 204, 304, 400, 403, 413, 429, 500, 503]))
    headers = draw(st.dictionaries(TOKEN, VALUE, max_size=5))
    pieces = draw(st.lists(st.binary(min_size=1, max_size=300), max_size=4))
    framing = draw(st.sampled_from(["length", "chunked", "close", "http/1.0"]))
    version = "1.0" if framing == "http/1.0" else "1.1"
    lines = [f"HTTP/{version} {status} Because", *(f"{name}:{value}" for name, value in headers.items())]
    body = b"".join(pieces)
    if status in (204, 304):
        framing, body = "none", b""
    elif framing == "length":
        lines.append(f"Content-Length: {len(body)}")
    elif framing == "chunked":
        lines.append("Transfer-Encoding: chunked")
        body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    else:
        lines.append("Connection: close")
    interim = draw(st.sampled_from([b"", b"HTTP/1.1 100 Continue\r\n\r\n"]))
    return interim + "\r\n".join(lines).encode() + b"\r\n\r\n" + body, framing in ("close", "http/1.0")


Outcome = tuple[int, Mapping[str, str], bytes]


async def ask_for_all(transport: HttpTransport, script: list[tuple[bytes, bool]]) -> list[Outcome]:
    async def follow(peer: Peer) -> None:
        while True:
            request = await peer.read_request()
            answer, close = script[int(request.body)]
            await peer.send(answer)
            if close:
                return

    outcomes: list[Outcome] = []
    async with open_server(follow) as server:
        for number in range(len(script)):
            response = await transport.send(post(server.origin, str(number).encode()), PATIENT)
            outcomes.append((response.status, dict(response.headers), await response.read()))
            await response.aclose()
        await transport.aclose()
    return outcomes


@settings(max_examples=60)
@given(st.lists(answers(), min_size=1, max_size=4))
def test_the_same_answers_read_the_same_through_aiohttp(script: list[tuple[bytes, bool]]) -> None:
    async def compare() -> None:
        assert await ask_for_all(LeanTransport(1), script) == await ask_for_all(AiohttpTransport(1), script)

    asyncio.run(compare())
