"""The floor: a relay that checks the caller's key, signs with SigV4, and passes bytes on, and back as they come.

It translates nothing and keeps no books, so it is about what any gateway in Python has to pay: uvloop, httptools, one
hash, one signature. Everything that Sluice does is measured as a multiple of it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any, cast

import httptools

from awswire.credentials import Credentials
from awswire.http import HttpRequest, Origin
from awswire.sigv4 import SigV4
from bench.wire import HOST, ServerConnection, run_server

_REFUSAL = b"HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n"
_NOT_RELAYED = frozenset({b"authorization", b"connection", b"content-length", b"host"})


class Relay:
    """Whom to let in, how to sign, and the connections to the upstream: as many as are in use at once."""

    def __init__(self, upstream_port: int, keys: list[str], signer: SigV4, credentials: Credentials) -> None:
        self._origin = Origin(HOST, upstream_port)
        self._callers = {sha256(key.encode()).digest(): index for index, key in enumerate(keys)}
        self._signer = signer
        self._credentials = credentials
        self._idle: list[_UpstreamConnection] = []

    def find_caller(self, headers: Mapping[bytes, bytes]) -> int | None:
        scheme, _, key = headers.get(b"authorization", b"").partition(b" ")
        return self._callers.get(sha256(key).digest()) if scheme == b"Bearer" else None

    def to_signed(self, target: bytes, headers: Mapping[bytes, bytes], body: bytes) -> bytes:
        """The request as it goes to the upstream, bytes of head and body."""
        kept = {name.decode(): text.decode() for name, text in headers.items() if name not in _NOT_RELAYED}
        request = HttpRequest("POST", self._origin, target.decode(), kept, body)
        signed = self._signer.sign(request, self._credentials)
        lines = "".join([f"{name}: {text}\r\n" for name, text in signed.items()])
        authority = self._origin.authority
        head = f"POST {request.target} HTTP/1.1\r\nhost: {authority}\r\ncontent-length: {len(body)}\r\n{lines}\r\n"
        return head.encode() + body

    def send(self, request: bytes, client: asyncio.Transport) -> None:
        """Send a signed request; its answer is written to `client`."""
        if self._idle:
            self._idle.pop().exchange(request, client)
        else:
            self._opening = asyncio.ensure_future(self._open(request, client))

    async def _open(self, request: bytes, client: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: _UpstreamConnection(self._idle), self._origin.host, self._origin.port
        )
        connection.exchange(request, client)


class _UpstreamConnection(asyncio.Protocol):
    """Relays every byte at once; the parser only looks on, to see where an answer ends."""

    def __init__(self, idle: list[_UpstreamConnection]) -> None:
        self._idle = idle
        self._client: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop has classes of its own

    def exchange(self, request: bytes, client: asyncio.Transport) -> None:
        self._client = client
        self._transport.write(request)

    def data_received(self, chunk: bytes) -> None:
        if self._client is not None and not self._client.is_closing():
            self._client.write(chunk)
        self._parser.feed_data(chunk)

    def connection_lost(self, error: Exception | None) -> None:
        if self._client is not None:
            self._client.close()
        elif self in self._idle:
            self._idle.remove(self)

    def on_message_complete(self) -> None:  # called by httptools
        self._client = None
        self._idle.append(self)


class FloorConnection(ServerConnection):
    def __init__(self, relay: Relay) -> None:
        super().__init__()
        self._relay = relay

    def answer(self, target: bytes, headers: dict[bytes, bytes], body: bytes) -> None:
        if self._relay.find_caller(headers) is None:
            self.transport.write(_REFUSAL)
        else:
            self._relay.send(self._relay.to_signed(target, headers, body), self.transport)


def _main() -> None:
    def make_factory(fields: dict[str, Any]) -> Any:
        signer = SigV4(fields["region"], "bedrock", time.time)
        credentials = Credentials(fields["access_key"], fields["secret_key"])
        relay = Relay(fields["upstream_port"], fields["keys"], signer, credentials)
        return lambda: FloorConnection(relay)

    run_server(make_factory)


if __name__ == "__main__":
    _main()
