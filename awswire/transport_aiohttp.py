"""The HTTP transport over aiohttp."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Mapping

import aiohttp
from yarl import URL

from awswire.http import (
    ConnectionBroken,
    HttpRequest,
    HttpResponse,
    NotSent,
    Origin,
    ReadTimedOut,
    Timeouts,
    TransportError,
)

# aiohttp adds these on its own; unsigned and unasked for, they would only cost bytes.
_HEADERS_NOT_TO_ADD = frozenset({"Accept", "Accept-Encoding", "Content-Type", "User-Agent"})

# aiohttp warns of larger bodies given as bytes, which it writes in one go; a file object it writes piece by piece.
_LARGEST_BODY_IN_ONE_WRITE_BYTES = 2**20


class AiohttpTransport:
    """One aiohttp session: keep-alive connections, at most `max_connections` at once.

    A request beyond that waits for a connection, within its `connect_seconds`. Connections idle for `idle_seconds`
    are closed: sooner than AWS's side would close them (60 s and more), so that a request seldom meets a closing one.
    aiohttp itself sends a GET, never a POST, a second time when a kept-alive connection turns out to be closed.
    """

    def __init__(
        self, max_connections: int = 100, *, idle_seconds: float = 20.0, proxies_from_environment: bool = False
    ) -> None:
        self._max_connections = max_connections
        self._idle_seconds = idle_seconds
        self._proxies_from_environment = proxies_from_environment
        self._session: aiohttp.ClientSession | None = None

    async def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        # aiohttp binds a session to the running loop, so it cannot be opened any earlier.
        session = self._session or self._open_session()
        if session.closed:
            raise NotSent(f"the transport to {request.origin.authority} is closed")
        body = request.body
        try:
            response = await session.request(
                request.method,
                _to_url(request),
                headers=request.headers,
                data=io.BytesIO(body) if len(body) > _LARGEST_BODY_IN_ONE_WRITE_BYTES else body,
                ssl=request.origin.tls or True,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(
                    total=None, connect=timeouts.connect_seconds, sock_read=timeouts.read_seconds
                ),
            )
        except (aiohttp.ClientError, OSError) as error:
            raise _to_transport_error(error, request.origin) from error
        return _AiohttpResponse(response, session, request.origin)

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._max_connections, keepalive_timeout=self._idle_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            skip_auto_headers=_HEADERS_NOT_TO_ADD,
            trust_env=self._proxies_from_environment,
        )
        return self._session


class _AiohttpResponse:
    def __init__(self, response: aiohttp.ClientResponse, session: aiohttp.ClientSession, origin: Origin) -> None:
        self._response = response
        self._session = session
        self._origin = origin
        self._headers: dict[str, str] | None = None

    @property
    def status(self) -> int:
        return self._response.status

    @property
    def headers(self) -> Mapping[str, str]:
        if self._headers is None:
            self._headers = {name.lower(): value for name, value in self._response.headers.items()}
        return self._headers

    async def read(self) -> bytes:
        try:
            return await self._response.read()
        except (aiohttp.ClientError, OSError, RuntimeError) as error:
            raise self._to_body_error(error) from error

    async def chunks(self) -> AsyncIterator[bytes]:
        content = self._response.content
        while True:
            try:
                chunk = await content.readany()
            except (aiohttp.ClientError, OSError, RuntimeError) as error:
                raise self._to_body_error(error) from error
            if not chunk:
                return
            yield chunk

    async def aclose(self) -> None:
        # aiohttp gives a connection back to the pool when the body's end arrives; what is still held here is closed.
        self._response.close()

    def _to_body_error(self, error: Exception) -> Exception:
        # Reading on after the session was closed is a bare RuntimeError; any other is a mistake in this program.
        if isinstance(error, RuntimeError) and not self._session.closed:
            return error
        return _to_transport_error(error, self._origin)


def _to_url(request: HttpRequest) -> URL:
    """`encoded` keeps the target as it was signed: yarl would otherwise turn `%3A` into `:`."""
    scheme = "http" if request.origin.tls is None else "https"
    return URL(f"{scheme}://{request.origin.authority}{request.target}", encoded=True)


def _to_transport_error(error: Exception, origin: Origin) -> TransportError:
    """The most specific first: aiohttp's connector errors are connection errors as well."""
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.ClientHttpProxyError):
        return NotSent(f"no connection to {origin.authority}: {type(error).__name__}")
    if isinstance(error, aiohttp.SocketTimeoutError):
        return ReadTimedOut(f"nothing more from {origin.authority} in time")
    return ConnectionBroken(f"the connection to {origin.authority} ended: {type(error).__name__}")
