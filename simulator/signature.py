"""Checks AWS Signature Version 4 and Bedrock API keys: an implementation of its own, apart from every client's signer.

Source: "Signature Version 4 signing process" in the AWS general reference. Bodies of recorded refusals are used where
there are any (`Signature expired`, the invalid security token); the others are AWS's documented texts.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from urllib.parse import parse_qsl, quote

from simulator.http import Request
from simulator.refusals import CORAL_SERVICE, Refusal, Refused

SCHEME = "AWS4-HMAC-SHA256"
SERVICE = "bedrock"
CLOCK_SKEW = timedelta(minutes=5)
TIMESTAMP_FORMAT = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a caller must hold: one key pair of one region, or the API key sent as a bearer token."""

    access_key: str
    secret_key: str
    bearer_token: str
    region: str


@dataclass(frozen=True, slots=True)
class Authorization:
    """The parsed `Authorization` header of a signed request."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    signature: str


def verify(request: Request, credentials: Credentials, now: datetime) -> str:
    """Names the caller: the access key id, or "bearer".

    Raises Refused (403) with the exception AWS gives; the request body is part of what is signed.
    """
    header = request.headers.get("authorization", "")
    if header.startswith("Bearer "):
        _verify_bearer(header[len("Bearer ") :], credentials)
        return "bearer"
    if not header:
        raise _refused("MissingAuthenticationTokenException", "Missing Authentication Token")
    authorization = parse_authorization(header)
    timestamp = request.headers.get("x-amz-date", "")
    _verify_scope(authorization, credentials, timestamp)
    _verify_clock(timestamp, now)
    key = signing_key(credentials.secret_key, authorization.date, authorization.region, authorization.service)
    text = string_to_sign(request, authorization, timestamp)
    expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), authorization.signature.encode()):
        raise _refused(
            "InvalidSignatureException",
            "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
            "Access Key and signing method. Consult the service documentation for details.",
        )
    return authorization.access_key


def parse_authorization(header: str) -> Authorization:
    """Reads `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`; raises Refused when a part is missing."""
    scheme, _, rest = header.partition(" ")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    scope = parts.get("Credential", "").split("/")
    if scheme != SCHEME or len(scope) != 5 or not parts.get("SignedHeaders") or not parts.get("Signature"):
        raise _refused(
            "IncompleteSignatureException", "Authorization header requires Credential, SignedHeaders and Signature."
        )
    return Authorization(
        access_key=scope[0],
        date=scope[1],
        region=scope[2],
        service=scope[3],
        signed_headers=tuple(parts["SignedHeaders"].split(";")),
        signature=parts["Signature"],
    )


@lru_cache(maxsize=64)
def signing_key(secret_key: str, date: str, region: str, service: str) -> bytes:
    """The derived key of one day, region and service (cached: four HMACs otherwise go into every request)."""
    key = ("AWS4" + secret_key).encode()
    for part in (date, region, service, "aws4_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key


def string_to_sign(request: Request, authorization: Authorization, timestamp: str) -> str:
    """The text whose HMAC is the signature."""
    headers = request.headers
    lines = [f"{name}:{' '.join(headers.get(name, '').split())}" for name in authorization.signed_headers]
    payload_hash = headers.get("x-amz-content-sha256", "")
    if payload_hash != "UNSIGNED-PAYLOAD":
        payload_hash = hashlib.sha256(request.body).hexdigest()
    canonical = "\n".join(
        (
            request.method,
            _canonical_path(request.raw_path),
            _canonical_query(request.query) if request.query else "",
            *lines,
            "",
            ";".join(authorization.signed_headers),
            payload_hash,
        )
    )
    scope = f"{authorization.date}/{authorization.region}/{authorization.service}/aws4_request"
    return f"{SCHEME}\n{timestamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"


@lru_cache(maxsize=1024)
def _canonical_path(raw_path: str) -> str:
    # The path as sent is encoded once more for every service but S3: `%3A` on the wire is signed as `%253A`.
    return quote(raw_path, safe="/-_.~") or "/"


def _canonical_query(query: str) -> str:
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(text, safe="-_.~")) for name, text in parse_qsl(query, keep_blank_values=True)
    )
    return "&".join(f"{name}={text}" for name, text in pairs)


def _verify_bearer(token: str, credentials: Credentials) -> None:
    if not hmac.compare_digest(token.encode(), credentials.bearer_token.encode()):
        raise _refused("AccessDeniedException", "Authentication failed: Please make sure your API Key is valid.")


def _verify_scope(authorization: Authorization, credentials: Credentials, timestamp: str) -> None:
    if authorization.access_key != credentials.access_key:
        raise _refused("UnrecognizedClientException", "The security token included in the request is invalid.")
    if authorization.region != credentials.region:
        raise _refused("InvalidSignatureException", "Credential should be scoped to a valid region. ")
    if authorization.service != SERVICE:
        raise _refused("InvalidSignatureException", f"Credential should be scoped to correct service: '{SERVICE}'. ")
    if authorization.date != timestamp[:8]:
        raise _refused(
            "InvalidSignatureException",
            f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: "
            f"'{authorization.date}' != '{timestamp[:8]}', from '{timestamp}'.",
        )


def _verify_clock(timestamp: str, now: datetime) -> None:
    try:
        signed_at = datetime.strptime(timestamp, TIMESTAMP_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        raise _refused(
            "IncompleteSignatureException", "Date must be in ISO-8601 'basic format'. Got '" + timestamp + "'."
        ) from None
    stated_now = now.strftime(TIMESTAMP_FORMAT)
    if signed_at < now - CLOCK_SKEW:
        edge = (now - CLOCK_SKEW).strftime(TIMESTAMP_FORMAT)
        raise _refused(
            "InvalidSignatureException",
            f"Signature expired: {timestamp} is now earlier than {edge} ({stated_now} - 5 min.)",
        )
    if signed_at > now + CLOCK_SKEW:
        edge = (now + CLOCK_SKEW).strftime(TIMESTAMP_FORMAT)
        raise _refused(
            "InvalidSignatureException",
            f"Signature not yet current: {timestamp} is still later than {edge} ({stated_now} + 5 min.)",
        )


def _refused(exception: str, message: str) -> Refused:
    return Refused(Refusal(exception, message, CORAL_SERVICE))
