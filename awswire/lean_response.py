"""A response of the lean transport: what has arrived of it, and the one task that waits for more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from awswire.http import ConnectionBroken, TransportError

HIGH_WATER_BYTES = 262_144


class ByteSource(Protocol):
    """The connection, as its response sees it."""

    def expect_bytes(self) -> None:
        """A task starts to wait: from now on the peer has `read_seconds` for each further piece."""
        ...

    def pause(self) -> None: ...

    def resume(self) -> None: ...

    def abandon(self, reason: TransportError) -> None:
        """Close the connection and fail its response with `reason`; no effect once the response is complete."""
        ...


class LeanResponse:
    """One answer, filled by its connection and read by its caller. See awswire.http.HttpResponse for the promises.

    The connection goes back to the pool as soon as the last byte has arrived, whether or not it was read: the bytes
    are held here, and never more than HIGH_WATER_BYTES and one read of the socket unless `read` asked for all.
    A task that is cancelled while it waits closes the connection.
    """

    __slots__ = (
        "_body_bytes",
        "_complete",
        "_failure",
        "_loop",
        "_paused",
        "_pieces",
        "_source",
        "_waiter",
        "_wants_all",
        "headers",
        "status",
    )

    def __init__(self, source: ByteSource, loop: asyncio.AbstractEventLoop) -> None:
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self._source = source
        self._loop = loop
        self._pieces: list[bytes] = []
        self._body_bytes = 0
        self._waiter: asyncio.Future[None] | None = None
        self._wants_all = False
        self._paused = False
        self._complete = False
        self._failure: TransportError | None = None

    # The caller's side.

    async def head_arrived(self) -> None:
        """Wait for the head. Raises ConnectionBroken or ReadTimedOut."""
        while not self.status:
            if self._failure is not None:
                raise self._failure
            await self._wait()

    async def read(self) -> bytes:
        self._wants_all = True
        while not self._complete:
            if self._failure is not None:
                raise self._failure
            self._resume()
            await self._wait()
        return self._take()

    async def chunks(self) -> AsyncIterator[bytes]:
        while True:
            if self._pieces:
                piece = self._take()
                self._resume()
                yield piece
            elif self._complete:
                return
            elif self._failure is not None:
                raise self._failure
            else:
                await self._wait()

    async def aclose(self) -> None:
        self._source_abandon("the response was closed before it was complete")

    # The connection's side. Nothing here runs the caller's code: a waiting task is only scheduled.

    def on_head(self, status: int, headers: Mapping[str, str]) -> None:
        self.status = status
        self.headers = headers
        self._wake()

    def on_body(self, piece: bytes) -> None:
        self._pieces.append(piece)
        self._body_bytes += len(piece)
        if self._wants_all:
            return
        self._wake()
        if self._body_bytes > HIGH_WATER_BYTES and not self._paused:
            self._paused = True
            self._source.pause()

    def on_last(self, piece: bytes) -> None:
        """The response is complete with `piece`, which may be empty."""
        if piece:
            self._pieces.append(piece)
        self._resume()
        self._complete = True
        self._wake()

    def on_failure(self, failure: TransportError) -> None:
        self._failure = failure
        self._wake()

    @property
    def is_awaited(self) -> bool:
        return self._waiter is not None

    def _take(self) -> bytes:
        pieces = self._pieces
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        self._body_bytes = 0
        return body

    def _resume(self) -> None:
        if self._paused:
            self._paused = False
            self._source.resume()

    def _source_abandon(self, reason: str) -> None:
        if not self._complete and self._failure is None:
            self._source.abandon(ConnectionBroken(reason))

    async def _wait(self) -> None:
        waiter = self._waiter = self._loop.create_future()
        self._source.expect_bytes()
        try:
            await waiter
        except asyncio.CancelledError:
            self._source_abandon("the task that waited for the response was cancelled")
            raise
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
