"""HTTP by the standard library: the one place of the command line that opens connections.

Proxies are those of HTTP_PROXY, HTTPS_PROXY and NO_PROXY, but none for this machine's own loopback, as Go's programs
have it; certificates the system's, or those in SSL_CERT_FILE. Redirects are not followed: the admin key would go along.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_READ_BYTES = 64 * 1024


class NotReached(Exception):
    """No answer came. `sent`: the request may have arrived all the same. The message says why."""

    def __init__(self, message: str, *, sent: bool) -> None:
        super().__init__(message)
        self.message = message
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request. `repr` shows no headers: they hold the admin key."""

    method: str
    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class OpenAnswer:
    """An answer whose body is still to be read."""

    status: int
    headers: Mapping[str, str]
    _response: http.client.HTTPResponse

    def pieces(self) -> Iterator[bytes]:
        """The body as it comes. Raises NotReached where it breaks off."""
        with _explaining():
            while piece := self._response.read1(_READ_BYTES):
                yield piece
            if self._response.length:  # read1 takes an early end for the end
                raise NotReached("the connection broke off", sent=True)

    def read(self) -> bytes:
        """All of the body. Raises NotReached."""
        with _explaining():
            return self._response.read()


@dataclass(frozen=True, slots=True)
class HttpTransport:
    timeout_seconds: float

    def send(self, call: Call) -> Answer:
        """Raises NotReached."""
        with self.open(call) as answer:
            return Answer(answer.status, answer.headers, answer.read())

    @contextmanager
    def open(self, call: Call) -> Iterator[OpenAnswer]:
        """Raises NotReached."""
        request = urllib.request.Request(call.url, call.body, dict(call.headers), method=call.method)  # noqa: S310 - the scheme is checked where the address is read
        with _explaining():
            response = _opener_for(call.url).open(request, timeout=self.timeout_seconds)
        with response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            yield OpenAnswer(response.status, headers, response)


def _opener_for(url: str) -> urllib.request.OpenerDirector:
    """Without the handlers that follow redirects and raise for statuses."""
    opener = urllib.request.OpenerDirector()
    opener.add_handler(urllib.request.ProxyHandler({} if _is_loopback(urlsplit(url).hostname or "") else None))
    opener.add_handler(urllib.request.HTTPHandler())
    if url.startswith("https:"):
        opener.add_handler(urllib.request.HTTPSHandler(context=ssl.create_default_context()))
    return opener


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def _explaining() -> Iterator[None]:
    try:
        yield
    except urllib.error.URLError as error:
        reason = error.reason if isinstance(error.reason, Exception) else error
        never_sent = isinstance(reason, ConnectionRefusedError | socket.gaierror | ssl.SSLCertVerificationError)
        raise NotReached(_explain(reason), sent=not never_sent) from error
    except (http.client.HTTPException, OSError) as error:
        raise NotReached(_explain(error), sent=True) from error


def _explain(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}. SSL_CERT_FILE names another authority's"
    if isinstance(error, http.client.HTTPException | ConnectionError):
        return "the connection broke off"
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
