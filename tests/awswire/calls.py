"""One whole call, as a caller of a transport makes it, and the server that gives each its body back."""

from __future__ import annotations

from awswire.http import HttpRequest, HttpTransport, Origin, Timeouts
from tests.awswire.fault_proxy import Peer

PATIENT = Timeouts(connect_seconds=20, read_seconds=20)


def post(origin: Origin, body: bytes = b"{}") -> HttpRequest:
    return HttpRequest("POST", origin, "/", {}, body)


async def call(transport: HttpTransport, request: HttpRequest, timeouts: Timeouts = PATIENT) -> bytes:
    """Send, read the whole body, close."""
    response = await transport.send(request, timeouts)
    try:
        return await response.read()
    finally:
        await response.aclose()


def to_answer(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body


async def echo(peer: Peer) -> None:
    while True:
        await peer.send(to_answer((await peer.read_request()).body))
