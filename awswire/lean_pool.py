"""The lean transport's connections to one origin: who may send, on which connection, and how long one lies idle."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from awswire.http import NotSent, Origin
from awswire.lean_connection import LeanConnection


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """For each origin: connections open at once, of these idle at once, and how long one may lie idle."""

    max_connections: int
    max_idle: int
    idle_seconds: float

    def __post_init__(self) -> None:
        if self.max_connections < 1 or self.max_idle < 0 or self.idle_seconds <= 0:
            raise ValueError("a pool needs at least one connection, no negative max_idle, and a positive idle_seconds")


class LeanPool:
    """Permits to send, given first come first served, and idle connections, the last used first.

    A permit is held from `take` or `open_connection` until the connection is released. A holder opens a connection
    only where none is idle, so that there are never more connections than `max_connections`.
    """

    def __init__(self, origin: Origin, limits: PoolLimits, loop: asyncio.AbstractEventLoop) -> None:
        self.authority = origin.authority
        self._origin = origin
        self._limits = limits
        self._loop = loop
        self._permits_held = 0
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._idle: deque[LeanConnection] = deque()
        self._connections: set[LeanConnection] = set()
        self._sweep_timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._emptied = asyncio.Event()

    def find_idle(self) -> LeanConnection | None:
        """A connection ready to be written to, with a permit; None where the caller has to wait or to connect."""
        if not self._idle or self._permits_held >= self._limits.max_connections:
            return None
        connection = self._pop_idle()
        if connection is not None:
            self._permits_held += 1
        return connection

    async def open_connection(self, connect_seconds: float) -> LeanConnection:
        """Wait for a permit, then take an idle connection or make one.

        Raises NotSent where that takes more than `connect_seconds` in all, fails, or the pool is closed.
        """
        peer = self.authority
        try:
            async with asyncio.timeout(connect_seconds):
                await self._acquire()
                try:
                    return self._pop_idle() or await self._connect()
                except BaseException:
                    self._return_permit()
                    raise
        except TimeoutError as error:
            raise NotSent(f"no connection to {peer} within {connect_seconds:g} s") from error
        except (OSError, UnicodeError) as error:  # UnicodeError: a host name that IDNA does not allow
            raise NotSent(f"no connection to {peer}: {type(error).__name__}: {error}") from error

    async def aclose(self) -> None:
        self._closed = True
        if self._sweep_timer is not None:
            self._sweep_timer.cancel()
        self._idle.clear()
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(NotSent(f"the transport to {self.authority} was closed"))
        self._waiters.clear()
        for connection in list(self._connections):
            connection.abort()
        if self._connections:
            await self._emptied.wait()

    def drop_idle(self) -> None:
        """Close what lies idle now."""
        while self._idle:
            self._idle.popleft().abort()

    # The connection's side.

    def adopt(self, connection: LeanConnection) -> None:
        self._connections.add(connection)
        if self._closed:
            connection.abort()

    def release(self, connection: LeanConnection) -> None:
        if connection.is_open:
            if self._closed or len(self._idle) >= self._limits.max_idle:
                connection.abort()
            else:
                self._put_idle(connection)
        self._return_permit()

    def forget(self, connection: LeanConnection) -> None:
        self._connections.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if self._closed and not self._connections:
            self._emptied.set()

    async def _acquire(self) -> None:
        if self._closed:
            raise NotSent(f"the transport to {self.authority} is closed")
        if self._permits_held < self._limits.max_connections:
            self._permits_held += 1
            return
        waiter = self._loop.create_future()
        self._waiters.append(waiter)
        try:
            await waiter
        except asyncio.CancelledError:
            if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
                self._return_permit()
            elif waiter in self._waiters:
                self._waiters.remove(waiter)
            raise

    def _return_permit(self) -> None:
        """Hand the permit to the task that has waited longest, or take it back."""
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._permits_held -= 1

    async def _connect(self) -> LeanConnection:
        origin = self._origin
        connection = LeanConnection(self, self._loop, self.authority)
        try:
            await self._loop.create_connection(
                lambda: connection,
                origin.host,
                origin.port,
                ssl=origin.tls,
                server_hostname=origin.host if origin.tls is not None else None,
            )
        except BaseException:
            # Cancelled at its last step, uvloop's create_connection closes the socket without a connection_lost.
            self.forget(connection)
            raise
        if not connection.is_open:
            raise NotSent(f"the connection to {self.authority} was closed as soon as it was open")
        return connection

    def _pop_idle(self) -> LeanConnection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_quiet():
                return connection
            connection.abort()
        return None

    def _put_idle(self, connection: LeanConnection) -> None:
        connection.idle_since_seconds = self._loop.time()
        self._idle.append(connection)
        if self._sweep_timer is None:
            self._sweep_timer = self._loop.call_later(self._limits.idle_seconds, self._sweep)

    def _sweep(self) -> None:
        """Close what has lain idle too long. The left end has lain longest: connections come and go at the right."""
        self._sweep_timer = None
        oldest_seconds = self._loop.time() - self._limits.idle_seconds
        while self._idle and self._idle[0].idle_since_seconds <= oldest_seconds:
            self._idle.popleft().abort()
        if self._idle:
            due_seconds = self._idle[0].idle_since_seconds + self._limits.idle_seconds
            self._sweep_timer = self._loop.call_at(due_seconds, self._sweep)
