"""Fetches the media that a request names by URL, before it is translated."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol
from weakref import WeakValueDictionary

from gateway.errors import InvalidRequest, UnsupportedParameter
from gateway.media.addresses import Destinations

if TYPE_CHECKING:  # a fifth of the time that the whole gateway takes to import, and most processes fetch nothing
    import aiohttp
    from aiohttp.abc import AbstractResolver
    from yarl import URL

_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
_MAX_URL_LENGTH: Final = 8192
_CHUNK_BYTES: Final = 65_536
# Some hosts answer nobody without a name.
_HEADERS: Final[Mapping[str, str]] = {"accept": "*/*", "accept-encoding": "identity", "user-agent": "sluice"}

# One text for names that do not resolve, addresses that may not be connected to and hosts that do not answer: which of
# them it was would tell what there is in the gateway's network.
_UNREACHABLE: Final = "could not be fetched. Use a public https URL that needs no sign-in, or send a data URL"


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """Of one request. `total_seconds` is for all of its URLs together, redirects and bodies included. `concurrency` is
    for all requests of one caller together."""

    total_bytes: int
    total_seconds: float = 10.0
    urls: int = 20
    redirects: int = 3
    concurrency: int = 4


class NamedUrl(Protocol):
    """A URL and its path in the request."""

    @property
    def param(self) -> str: ...

    @property
    def url(self) -> str: ...


class _NotFetched(Exception):
    """Its message is public and reads on: "The URL '…' could not be fetched"."""


class _Allowance:
    """What one request may still use, over all of its URLs. `deadline` is in the loop's time."""

    def __init__(self, limits: FetchLimits, now: float, turns: asyncio.Semaphore) -> None:
        self.deadline = now + limits.total_seconds
        self.turns = turns
        self._total_bytes = limits.total_bytes
        self._left_bytes = limits.total_bytes

    def spend(self, count_bytes: int) -> None:
        """Raises _NotFetched once there is too much."""
        self._left_bytes -= count_bytes
        if self._left_bytes < 0:
            raise _NotFetched(f"leads to more than the {self._total_bytes} bytes that a request's media may have")


class MediaFetcher:
    """Gets the contents of https URLs. Sends no cookies and no credentials, and uses no proxy.

    `enabled` False refuses every URL. `destinations` are the addresses that URLs may lead to. `resolver` and `tls`
    are the system's where None. Nothing is opened before the first URL comes.
    """

    def __init__(
        self,
        limits: FetchLimits,
        destinations: Destinations,
        *,
        enabled: bool = True,
        resolver: AbstractResolver | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._limits = limits
        self._destinations = destinations
        self._enabled = enabled
        self._resolver = resolver
        self._tls = tls
        self._session: aiohttp.ClientSession | None = None
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def fetch_all(self, urls: Sequence[NamedUrl], caller: str) -> Mapping[str, bytes]:
        """The contents by URL; a URL that comes twice is fetched once. All requests of one `caller` share its turns:
        whoever names hosts that never answer waits for them alone.

        Raises InvalidRequest with the path of the first URL that gives nothing, UnsupportedParameter where fetching is
        switched off.
        """
        if not urls:
            return {}
        if not self._enabled:
            raise UnsupportedParameter("Media by URL are not fetched here. Send a data URL.", urls[0].param)
        if len(urls) > self._limits.urls:
            raise InvalidRequest(
                f"A request may name at most {self._limits.urls} URLs. Send data URLs.", urls[self._limits.urls].param
            )
        params: dict[str, str] = {}
        for named in urls:
            params.setdefault(named.url, named.param)
        turns = self._turns.setdefault(caller, asyncio.Semaphore(self._limits.concurrency))
        allowance = _Allowance(self._limits, asyncio.get_running_loop().time(), turns)
        tasks = {url: asyncio.create_task(self._try_fetch(url, allowance)) for url in params}
        contents: dict[str, bytes] = {}
        try:
            for url, task in tasks.items():
                content = await task
                if isinstance(content, _NotFetched):
                    raise InvalidRequest(f"The URL '{params[url]}' {content}.", params[url])
                contents[url] = content
            # Once more for each place that names it: so often it goes to Bedrock.
            if sum(len(contents[named.url]) for named in urls) > self._limits.total_bytes:
                raise InvalidRequest(
                    f"The URLs of a request's media may lead to {self._limits.total_bytes} bytes, each counted as "
                    "often as it is named.",
                    urls[-1].param,
                )
        finally:
            for task in tasks.values():
                task.cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)
        return contents

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def _try_fetch(self, url: str, allowance: _Allowance) -> bytes | _NotFetched:
        import aiohttp

        try:
            async with asyncio.timeout_at(allowance.deadline), allowance.turns:
                return await self._fetch(url, allowance)
        except _NotFetched as failure:
            return failure
        except (aiohttp.ClientError, OSError, ValueError):
            return _NotFetched(_UNREACHABLE)

    async def _fetch(self, text: str, allowance: _Allowance) -> bytes:
        url = _to_url(text)
        for _ in range(self._limits.redirects + 1):
            async with self._open_session().get(url, headers=_HEADERS, allow_redirects=False) as response:
                if response.status not in _REDIRECTS or "location" not in response.headers:
                    return await _read(response, allowance)
                url = _to_url(response.headers["location"], url)
        raise _NotFetched("redirects too often")

    def _open_session(self) -> aiohttp.ClientSession:
        import aiohttp

        from gateway.media.connector import open_connector

        # aiohttp binds a session to the running loop, so it cannot be opened any earlier.
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=open_connector(self._destinations, self._resolver, self._tls),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                timeout=aiohttp.ClientTimeout(total=self._limits.total_seconds),
            )
        return self._session


def _to_url(text: str, base: URL | None = None) -> URL:
    """Parsed by the library that connects: two parsers that differ on what the host is are a way around a check."""
    from yarl import URL

    if len(text) > _MAX_URL_LENGTH:
        raise _NotFetched(f"is longer than {_MAX_URL_LENGTH} characters")
    try:
        url = URL(text) if base is None else base.join(URL(text))
    except ValueError:
        raise _NotFetched("is no valid URL") from None
    if url.scheme != "https" or not url.host:
        raise _NotFetched("is no https URL, or redirects to one that is none")
    if url.user is not None or url.password is not None:
        raise _NotFetched("has a user name or a password in it, which are not sent")
    return url


async def _read(response: aiohttp.ClientResponse, allowance: _Allowance) -> bytes:
    if response.status != 200:
        raise _NotFetched(f"answered with status {response.status}")
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        # Unpacking could make gigabytes of it.
        raise _NotFetched("answered with a compressed body, which was not asked for")
    content = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK_BYTES):
        allowance.spend(len(chunk))
        content += chunk
    if not content:
        raise _NotFetched("is empty")
    return bytes(content)
