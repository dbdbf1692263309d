"""HTTP/1.1 as the rig's own servers speak it: one request after the other on kept-alive connections, nothing more."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any, cast

import httptools
import uvloop

HOST = "127.0.0.1"


class ServerConnection(asyncio.Protocol):
    """One client's connection. A subclass answers whole requests by writing to `transport`."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._parser = httptools.HttpRequestParser(self)

    def answer(self, target: bytes, headers: dict[bytes, bytes], body: bytes) -> None:
        """Called for each request, header names in lower case; the next one comes after this one's answer."""
        raise NotImplementedError

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop has classes of its own

    def data_received(self, chunk: bytes) -> None:
        self._parser.feed_data(chunk)

    # What follows is called by httptools.

    def on_message_begin(self) -> None:
        self._headers: dict[bytes, bytes] = {}
        self._body: list[bytes] = []

    def on_url(self, target: bytes) -> None:
        self._target = target

    def on_header(self, name: bytes, text: bytes) -> None:
        self._headers[name.lower()] = text

    def on_body(self, chunk: bytes) -> None:
        self._body.append(chunk)

    def on_message_complete(self) -> None:
        self.answer(self._target, self._headers, b"".join(self._body))


def run_server(make_factory: Callable[[dict[str, Any]], Callable[[], ServerConnection]]) -> None:
    """The life of a server that the rig started: reads its configuration, one JSON line, from standard input, writes
    `{"port": …}` to standard output, and serves on loopback until standard input ends, as it does with the rig."""
    factory = make_factory(json.loads(sys.stdin.readline()))
    uvloop.run(_serve(factory))


async def _serve(factory: Callable[[], ServerConnection]) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    server = await loop.create_server(factory, HOST, 0, backlog=1024)
    loop.add_reader(sys.stdin.fileno(), ended.set)
    print(json.dumps({"port": server.sockets[0].getsockname()[1]}), flush=True)
    await ended.wait()
    loop.remove_reader(sys.stdin.fileno())
    server.close()
