"""One keep-alive connection of the lean transport: bytes out, one response in at a time, and its read deadline."""

from __future__ import annotations

import asyncio
import select
import socket
from typing import Protocol, cast

from awswire.http import ConnectionBroken, HttpRequest, ReadTimedOut, TransportError
from awswire.lean_http1 import MalformedResponse, ResponseParser
from awswire.lean_response import LeanResponse

JOIN_BYTES = 65_536
"""Up to this size a body is joined to its head and costs one write; above it the copy would cost more than a write."""


class ConnectionOwner(Protocol):
    """The pool, as a connection sees it."""

    def adopt(self, connection: LeanConnection) -> None:
        """The socket is open."""
        ...

    def release(self, connection: LeanConnection) -> None:
        """The exchange is over, well or not. Called exactly once for each call of `exchange`."""
        ...

    def forget(self, connection: LeanConnection) -> None:
        """The socket is closed."""
        ...


class LeanConnection(asyncio.Protocol):
    """Speaks HTTP/1.1 to one peer: an exchange is one request and its response, and one is in flight at a time.

    What arrives outside of an exchange, bytes or the end of the stream, ends the connection: an unsolicited response
    would be read as the next one's. (HTTP/1.1 has no ids: a peer that speaks unasked in the very moment of the next
    write cannot be told from one that answers.)
    """

    __slots__ = (
        "_deadline_seconds",
        "_ended",
        "_loop",
        "_owner",
        "_parser",
        "_peer",
        "_poll",
        "_read_seconds",
        "_response",
        "_timer",
        "_timer_at_seconds",
        "_transport",
        "_unsent_bytes",
        "idle_since_seconds",
    )

    _transport: asyncio.Transport
    _poll: select.poll

    def __init__(self, owner: ConnectionOwner, loop: asyncio.AbstractEventLoop, peer: str) -> None:
        self._owner = owner
        self._loop = loop
        self._peer = peer
        self._parser = ResponseParser()
        self._response: LeanResponse | None = None
        self._ended = False
        self._read_seconds = 0.0
        self._deadline_seconds = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at_seconds = 0.0
        self._unsent_bytes = 0
        self.idle_since_seconds = 0.0

    # The pool's side.

    def is_quiet(self) -> bool:
        """Whether an idle connection may be used: neither the loop nor the kernel has anything from the peer.

        The kernel is asked because the loop may not have got round to it: after a busy turn, or in a frozen and
        thawed Lambda sandbox, the peer's FIN waits in the socket. One poll(2) costs 0.4 us; a request written to a
        closed connection costs the caller a ConnectionBroken.
        """
        return not self._ended and not self._transport.is_closing() and not self._poll.poll(0)

    @property
    def is_open(self) -> bool:
        return not self._ended

    async def exchange(self, request: HttpRequest, head: bytes, read_seconds: float) -> LeanResponse:
        """Write `head` and the request's body, and return the response once its head is here.

        Raises ConnectionBroken or ReadTimedOut. Nothing else may be in flight. From the first write on, the peer may
        have the request: neither asyncio nor uvloop tells how much of it the kernel took.
        """
        response = self._response = LeanResponse(self, self._loop)
        self._read_seconds = read_seconds
        self._parser.expect(request.method)
        if len(request.body) > JOIN_BYTES:
            self._transport.write(head)
            self._transport.write(request.body)
        else:
            self._transport.write(head + request.body)
        await response.head_arrived()
        return response

    def abort(self) -> None:
        """Close the socket now. A response in flight is broken."""
        self._fail(ConnectionBroken(f"the connection to {self._peer} was closed"))

    # The response's side.

    def expect_bytes(self) -> None:
        """Start the read deadline. One timer serves all of a connection's waits: it is moved when it fires too early,
        not whenever bytes arrive.
        """
        if self._ended:
            return
        self._unsent_bytes = self._transport.get_write_buffer_size()
        self._deadline_seconds = deadline_seconds = self._loop.time() + self._read_seconds
        if self._timer is not None:
            if self._timer_at_seconds <= deadline_seconds:
                return
            self._timer.cancel()
        self._set_timer(deadline_seconds)

    def pause(self) -> None:
        if not self._ended:
            self._transport.pause_reading()

    def resume(self) -> None:
        if not self._ended:
            self._transport.resume_reading()

    def abandon(self, reason: TransportError) -> None:
        self._fail(reason)

    # The loop's side.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's does not inherit from asyncio's
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _probe_silent_peers(sock)
        self._poll = select.poll()
        self._poll.register(sock.fileno(), select.POLLIN | select.POLLERR | select.POLLHUP)
        self._owner.adopt(self)

    def data_received(self, data: bytes) -> None:
        response = self._response
        if response is None:
            self.abort()
            return
        parser = self._parser
        try:
            piece = parser.feed(data)
        except MalformedResponse as error:
            self._fail(ConnectionBroken(f"malformed response from {self._peer}: {error}"))
            return
        if not response.status and parser.head_complete:
            response.on_head(parser.status, parser.headers)
        if parser.complete:
            self._complete(response, piece)
            return
        if piece:
            response.on_body(piece)
        self._deadline_seconds = self._loop.time() + self._read_seconds

    def eof_received(self) -> None:
        response = self._response
        if response is not None and self._parser.feed_eof():
            self._complete(response, b"")
        else:
            self._fail(ConnectionBroken(f"{self._peer} closed the connection before its response was complete"))

    def connection_lost(self, error: Exception | None) -> None:
        reason = ConnectionBroken(
            f"the connection to {self._peer} broke: {type(error).__name__ if error else 'closed'}"
        )
        reason.__cause__ = error
        self._fail(reason)
        self._owner.forget(self)

    def _complete(self, response: LeanResponse, last_piece: bytes) -> None:
        self._response = None
        response.on_last(last_piece)
        # An early answer leaves a part of the request unsent, which would run into the next one.
        if not self._parser.can_continue or self._transport.get_write_buffer_size():
            self._end()
        self._owner.release(self)

    def _fail(self, reason: TransportError) -> None:
        self._end()
        response, self._response = self._response, None
        if response is not None:
            response.on_failure(reason)
            self._owner.release(self)

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        self._transport.abort()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _set_timer(self, at_seconds: float) -> None:
        self._timer_at_seconds = at_seconds
        self._timer = self._loop.call_at(at_seconds, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        response = self._response
        if response is None or not response.is_awaited:
            return
        now_seconds = self._loop.time()
        unsent_bytes = self._transport.get_write_buffer_size()
        if unsent_bytes < self._unsent_bytes:
            # A slow peer is still taking the body: it answers afterwards, so that its time begins again.
            self._unsent_bytes = unsent_bytes
            self._deadline_seconds = now_seconds + self._read_seconds
        if now_seconds < self._deadline_seconds:
            self._set_timer(self._deadline_seconds)
        else:
            self._fail(ReadTimedOut(f"no byte from {self._peer} within {self._read_seconds:g} s"))


def _probe_silent_peers(sock: socket.socket) -> None:
    """By the kernel, before NAT gateways and VPC endpoints drop the flow: they do after 350 s of silence.

    The kernel's own default is two hours. macOS names the option otherwise, and keeps its default here.
    """
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if hasattr(socket, "TCP_KEEPIDLE"):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 60)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 30)
