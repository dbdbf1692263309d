"""AWS Signature Version 4 for request bodies that are already in memory.

The rules are AWS's "Create a signed AWS API request"; botocore's `SigV4Auth` is the oracle of the tests, byte for byte.
The signer exists because botocore's costs ten times as much, on every one of a chat's three requests to AWS.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from hashlib import sha256
from urllib.parse import quote

from awswire.credentials import Credentials
from awswire.http import HttpRequest

_EMPTY_BODY_SHA256 = sha256(b"").hexdigest()

# Proxies and tracing agents rewrite these on the way, so a signature over them would break. `host` is signed as the
# origin has it, whatever a caller gave.
_UNSIGNED_HEADERS = frozenset(
    {
        "baggage",
        "connection",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "traceparent",
        "tracestate",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "user-agent",
        "x-amzn-trace-id",
    }
)


class SigV4:
    """Signs requests to one service in one region.

    `service` is the signing name, which is not always the endpoint's: `bedrock` for `bedrock-runtime`.
    `clock` gives the seconds since the epoch. Safe to share between threads: each cache is one tuple, swapped whole.
    """

    def __init__(self, region: str, service: str, clock: Callable[[], float]) -> None:
        self._region = region
        self._service = service
        self._clock = clock
        self._stamp: tuple[int, str] = (-1, "")
        self._signing_key: tuple[str, str, str, hmac.HMAC | None] = ("", "", "", None)

    def sign(self, request: HttpRequest, credentials: Credentials) -> dict[str, str]:
        """`request.headers` plus `x-amz-date`, `authorization` and, for temporary credentials, `x-amz-security-token`.

        Signs every header that proxies leave alone, `host` included. The header names come back in lower case.
        """
        timestamp = self._timestamp()
        headers = {name.lower(): value for name, value in request.headers.items()}
        headers.pop("authorization", None)
        headers["x-amz-date"] = timestamp
        if credentials.session_token:
            headers["x-amz-security-token"] = credentials.session_token
        else:
            headers.pop("x-amz-security-token", None)

        canonical_request, signed_headers = to_canonical_request(request, headers)
        scope, keyed_hash = self._scope_and_key(timestamp[:8], credentials.secret_access_key)
        hashed_request = sha256(canonical_request.encode()).hexdigest()
        # A copy of a keyed HMAC costs half of one made from the key.
        signature = keyed_hash.copy()
        signature.update(f"AWS4-HMAC-SHA256\n{timestamp}\n{scope}\n{hashed_request}".encode())
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={credentials.access_key_id}/{scope}, "
            f"SignedHeaders={signed_headers}, Signature={signature.hexdigest()}"
        )
        return headers

    def _timestamp(self) -> str:
        second = int(self._clock())
        cached_second, timestamp = self._stamp
        if second != cached_second:
            timestamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(second))
            self._stamp = (second, timestamp)
        return timestamp

    def _scope_and_key(self, date: str, secret: str) -> tuple[str, hmac.HMAC]:
        """The credential scope, and an HMAC over nothing yet with the signing key of that scope."""
        cached_date, cached_secret, scope, keyed_hash = self._signing_key
        if keyed_hash is None or date != cached_date or secret != cached_secret:
            scope = f"{date}/{self._region}/{self._service}/aws4_request"
            key = f"AWS4{secret}".encode()
            for part in (date, self._region, self._service, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            keyed_hash = hmac.new(key, b"", "sha256")
            self._signing_key = (date, secret, scope, keyed_hash)
        return scope, keyed_hash


def to_canonical_request(request: HttpRequest, headers: Mapping[str, str]) -> tuple[str, str]:
    """SigV4's canonical request, and the names of the signed headers, joined by `;`.

    `headers` are the ones to sign, by lower-case name, `x-amz-date` and `x-amz-security-token` among them;
    `host` is taken from the request's origin.
    """
    path, _, query = request.target.partition("?")
    signed = [(name, " ".join(value.split())) for name, value in headers.items() if name not in _UNSIGNED_HEADERS]
    signed.append(("host", request.origin.authority))
    signed.sort()
    signed_names = ";".join([name for name, _ in signed])
    lines = "\n".join([f"{name}:{value}" for name, value in signed])
    body_sha256 = sha256(request.body).hexdigest() if request.body else _EMPTY_BODY_SHA256
    target = f"{_canonical_path(path)}\n{_canonical_query(query) if query else ''}"
    return f"{request.method.upper()}\n{target}\n{lines}\n\n{signed_names}\n{body_sha256}", signed_names


@lru_cache(maxsize=1024)
def _canonical_path(path: str) -> str:
    """The path encoded once more, as every service but S3 wants it: the `%3A` of a model id is signed as `%253A`."""
    segments: list[str] = []
    for segment in path.split("/"):
        if segment == "..":
            del segments[-1:]
        elif segment not in ("", "."):
            segments.append(segment)
    trailing_slash = "/" if segments and path.endswith("/") else ""
    return quote("/" + "/".join(segments) + trailing_slash, safe="/~")


def _canonical_query(query: str) -> str:
    """The pairs sorted by name, then by value; they are already encoded, as they are sent."""
    pairs = sorted(pair.partition("=")[::2] for pair in query.split("&"))
    return "&".join([f"{name}={value}" for name, value in pairs])
