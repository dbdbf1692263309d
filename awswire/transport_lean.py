"""The fast transport: HTTP/1.1 over asyncio protocols and llhttp, for many small calls on kept-alive connections.

It costs a fraction of aiohttp's CPU per call, which counts because every chat makes two calls to the ledger. It
knows no proxies, redirects, cookies or content codings: AWS's service endpoints need none of them.
"""

from __future__ import annotations

import asyncio

from awswire.http import HttpRequest, NotSent, Origin, Timeouts
from awswire.lean_http1 import to_request_head
from awswire.lean_pool import LeanPool, PoolLimits
from awswire.lean_response import LeanResponse


class LeanTransport:
    """A pool of keep-alive connections for each origin: an awswire.http.HttpTransport, on asyncio or uvloop.

    A request is never sent twice. Before a kept-alive connection is used, the kernel is asked whether the peer has
    closed it (or sent anything); if so it is discarded, nothing having been written to it, and another is taken or
    made. Once the request has been given to the connection, no event loop tells how much of it went out: a
    connection that then ends without a response is a ConnectionBroken, even where the peer had closed it a moment
    before, and whether to send again is the caller's decision.

    For each origin at most `max_connections` are open, of which at most `max_idle` (all of them, unless told) lie
    idle, for `idle_seconds` at most: sooner than AWS's side would close them, so that a request seldom meets a closing
    one. Requests beyond that wait in order of arrival, within their `connect_seconds`. A cancelled `send`, `read` or
    `chunks` closes its connection and leaks nothing.
    """

    def __init__(self, max_connections: int = 100, *, idle_seconds: float = 20.0, max_idle: int | None = None) -> None:
        max_idle = max_connections if max_idle is None else max_idle
        self._limits = PoolLimits(max_connections, max_idle, idle_seconds)
        self._pools: dict[Origin, LeanPool] = {}
        self._closed = False

    async def send(self, request: HttpRequest, timeouts: Timeouts) -> LeanResponse:
        """See awswire.http.HttpTransport. Raises ValueError, too, for a target or header that holds a line break."""
        pool = self._pools.get(request.origin) or self._open_pool(request.origin)
        head = to_request_head(request, pool.authority)
        connection = pool.find_idle() or await pool.open_connection(timeouts.connect_seconds)
        return await connection.exchange(request, head, timeouts.read_seconds)

    def drop_idle(self) -> None:
        """Close what lies idle now: for a process that was frozen, whose clock stood still while its peers closed."""
        for pool in self._pools.values():
            pool.drop_idle()

    async def aclose(self) -> None:
        self._closed = True
        for pool in list(self._pools.values()):
            await pool.aclose()

    def _open_pool(self, origin: Origin) -> LeanPool:
        if self._closed:
            raise NotSent(f"the transport to {origin.authority} is closed")
        pool = self._pools[origin] = LeanPool(origin, self._limits, asyncio.get_running_loop())
        return pool
