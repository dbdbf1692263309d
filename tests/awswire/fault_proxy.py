"""Peers that misbehave on purpose, on loopback: a server that follows a script, and a proxy that breaks an answer."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from awswire.http import Origin

LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    line: str
    headers: dict[str, str]
    body: bytes


class Peer:
    """The server's end of one connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def read_head(self) -> ReceivedRequest:
        """The head of the next request. Raises EOFError or ConnectionError once the client has closed."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        line, *fields = head.removesuffix("\r\n\r\n").split("\r\n")
        return ReceivedRequest(line, {name.lower(): value for name, value in (f.split(": ", 1) for f in fields)}, b"")

    async def read_request(self) -> ReceivedRequest:
        head = await self.read_head()
        body = await self.reader.readexactly(int(head.headers.get("content-length", "0")))
        return ReceivedRequest(head.line, head.headers, body)

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def client_closed(self) -> None:
        """Wait until the client has closed its side."""
        try:
            while await self.reader.read(65_536):
                pass
        except ConnectionError:
            pass

    def close(self) -> None:
        self.writer.close()

    def reset(self) -> None:
        """Close with a TCP RST."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()


@dataclass(frozen=True, slots=True)
class TlsPair:
    """The server's context and one that a client trusts it with."""

    server: ssl.SSLContext
    client: ssl.SSLContext


Script = Callable[[Peer], Awaitable[None]]


@dataclass
class ScriptedServer:
    """What is known of a running server. `most_open` is the largest number of connections open at once."""

    origin: Origin
    accepted: int = 0
    open: int = 0
    most_open: int = 0
    failures: list[BaseException] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def has_open(self, most: int) -> None:
        """Wait until no more than `most` connections are open."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.open <= most)

    async def has_accepted(self, least: int) -> None:
        async with self.changed:
            await self.changed.wait_for(lambda: self.accepted >= least)

    async def serve(self, script: Script, peer: Peer) -> None:
        self.accepted += 1
        await self._count(+1)
        try:
            await script(peer)
        except (EOFError, ConnectionError):
            pass  # the client left, which is what most scripts end with
        except Exception as error:
            self.failures.append(error)
        finally:
            peer.close()
            await self._count(-1)

    async def _count(self, opened: int) -> None:
        self.open += opened
        self.most_open = max(self.most_open, self.open)
        async with self.changed:
            self.changed.notify_all()


@asynccontextmanager
async def open_server(script: Script, tls: TlsPair | None = None) -> AsyncIterator[ScriptedServer]:
    """A server that runs `script` on each connection, then closes it.

    What a script raises, other than that the client left, is raised on leaving.
    """
    sessions: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sessions.add(asyncio.ensure_future(server.serve(script, Peer(reader, writer))))

    listener = await asyncio.start_server(accept, LOOPBACK, 0, ssl=tls.server if tls else None)
    port = listener.sockets[0].getsockname()[1]
    server = ScriptedServer(Origin("localhost" if tls else LOOPBACK, port, tls.client if tls else None))
    try:
        yield server
    finally:
        listener.close()
        await _cancel(sessions)
    for failure in server.failures:
        raise failure


@dataclass(frozen=True, slots=True)
class Fault:
    """What befalls one connection's answers once `after_bytes` of them have passed, in pieces of `piece_bytes`."""

    kind: Literal["none", "reset", "close", "stall"] = "none"
    after_bytes: int = 0
    piece_bytes: int = 65_536


@asynccontextmanager
async def open_fault_proxy(upstream: Origin, faults: Sequence[Fault]) -> AsyncIterator[ScriptedServer]:
    """Forward to `upstream`; the first connection suffers the first fault, and so on, the later ones none."""
    remaining = list(faults)

    async def forward(peer: Peer) -> None:
        fault = remaining.pop(0) if remaining else Fault()
        reader, writer = await asyncio.open_connection(upstream.host, upstream.port)
        try:
            requests = asyncio.ensure_future(_pass_on(peer.reader, writer))
            try:
                await _break_answers(reader, peer, fault)
                if fault.kind == "stall":
                    await requests  # until the client gives up
            finally:
                await _cancel({requests})
        finally:
            writer.close()

    async with open_server(forward) as server:
        yield server


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


async def _break_answers(answers: asyncio.StreamReader, peer: Peer, fault: Fault) -> None:
    passed_bytes = 0
    while data := await answers.read(fault.piece_bytes):
        if fault.kind != "none" and passed_bytes + len(data) >= fault.after_bytes:
            await peer.send(data[: fault.after_bytes - passed_bytes])
            if fault.kind == "reset":
                peer.reset()
            return
        await peer.send(data)
        passed_bytes += len(data)


async def _cancel(tasks: set[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
