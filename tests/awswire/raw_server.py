"""A peer on loopback that does exactly what a script says, byte by byte."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from awswire.http import HttpRequest, Origin


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass(slots=True)
class RawServer:
    """`connections` counts those accepted. `closed_by_peer` gets the number of a connection that the client closed,
    `ended` that of one whose socket is closed on this side.
    """

    origin: Origin
    connections: int = 0
    requests: list[ReceivedRequest] = field(default_factory=list)
    closed_by_peer: asyncio.Queue[int] = field(default_factory=asyncio.Queue)
    ended: asyncio.Queue[int] = field(default_factory=asyncio.Queue)

    def request(self, target: str = "/", body: bytes = b"{}", method: str = "POST") -> HttpRequest:
        return HttpRequest(method, self.origin, target, {"content-type": "application/json"}, body)


Answer = Callable[[ReceivedRequest, asyncio.StreamWriter], Awaitable[bool]]
"""Writes an answer; True keeps the connection for another request, False closes it."""


@asynccontextmanager
async def open_raw_server(
    answer: Answer, tls: tuple[ssl.SSLContext, ssl.SSLContext] | None = None
) -> AsyncIterator[RawServer]:
    """`tls` is the server's and the client's context."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server.connections += 1
        number = server.connections
        try:
            while (request := await _read_request(reader, number)) is not None:
                server.requests.append(request)
                if not await answer(request, writer):
                    break
            else:
                server.closed_by_peer.put_nowait(number)
        except OSError:
            server.closed_by_peer.put_nowait(number)
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            server.ended.put_nowait(number)

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(serve(reader, writer))
        tasks.add(task)

    listener = await asyncio.start_server(accept, "127.0.0.1", 0, ssl=tls[0] if tls else None)
    host = "localhost" if tls else "127.0.0.1"
    server = RawServer(Origin(host, listener.sockets[0].getsockname()[1], tls[1] if tls else None))
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _read_request(reader: asyncio.StreamReader, connection: int) -> ReceivedRequest | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except asyncio.IncompleteReadError:
        return None
    request_line, *lines = head.rstrip("\r\n").split("\r\n")
    method, target, _ = request_line.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return ReceivedRequest(method, target, headers, body, connection)


def to_answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"content-length: {len(body)}", *headers])
    return head.encode() + b"\r\n\r\n" + body


def to_chunk(part: bytes) -> bytes:
    return f"{len(part):x}\r\n".encode() + part + b"\r\n"


CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def always(answer: bytes, *, keep: bool = True) -> Answer:
    async def write(_request: ReceivedRequest, writer: asyncio.StreamWriter) -> bool:
        writer.write(answer)
        await writer.drain()
        return keep

    return write


async def answer_then_hang(head: bytes, writer: asyncio.StreamWriter) -> bool:
    """For the rest of the connection's life, without an end of time to wait for."""
    writer.write(head)
    await writer.drain()
    await asyncio.Event().wait()
    return False
