"""The seam between AWS's protocols and the socket: one request out, one response in.

Two transports stand behind it, and the same contract tests run on both. The errors say the one thing that a caller
who must not do a thing twice has to know: whether the request can have reached the peer.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a service listens. `tls` is None for plain HTTP (loopback engines, the simulator)."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None

    @property
    def authority(self) -> str:
        """The `Host` header: the port only where it is not the scheme's own."""
        default_port = 80 if self.tls is None else 443
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == default_port else f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP/1.1 request. `target` is the path and query as they go on the wire, already percent-encoded.

    `headers` holds everything but `host`, `content-length` and `connection`, which the transport writes.
    """

    method: str
    origin: Origin
    target: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """`connect_seconds` bounds name look-up, TCP and TLS together; `read_seconds` each wait for further bytes."""

    connect_seconds: float = 3.0
    read_seconds: float = 300.0


class HttpResponse(Protocol):
    """An answer whose head has arrived. Exactly one of `read`, `chunks` is used, and `aclose` is always called.

    `aclose` after a fully read body gives the connection back to the pool; before that it closes the connection.
    It may be called more than once.
    """

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Header names in lower case; the last of a repeated header wins."""
        ...

    async def read(self) -> bytes:
        """The whole body. Raises ConnectionBroken or ReadTimedOut."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives: what one read of the socket gave comes as one item where the transport can.

        Raises ConnectionBroken when the peer closes before the body is complete, and ReadTimedOut.
        """
        ...

    async def aclose(self) -> None: ...


class HttpTransport(Protocol):
    """A pool of keep-alive connections. Safe for concurrent use within one event loop."""

    async def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        """Send `request` and return once the response's head is here.

        Raises NotSent when the request cannot have reached the peer (safe to send again), ConnectionBroken or
        ReadTimedOut when it may have. A kept-alive connection that the peer had closed before any byte of the
        response arrived is retried once on a new connection only if nothing of the request was written to it.
        """
        ...

    async def aclose(self) -> None:
        """Close every connection. Responses in flight are broken."""
        ...


class TransportError(Exception):
    """A request did not complete. The message names the origin, never the request's content."""


class NotSent(TransportError):
    """No connection could be made: the peer has seen nothing of the request."""


class ConnectionBroken(TransportError):
    """The connection ended after the request went out: the peer may have acted on it."""


class ReadTimedOut(TransportError):
    """No byte arrived within `read_seconds`: the peer may have acted on the request."""
