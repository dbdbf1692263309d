"""Who signed a report of leaked keys: ECDSA on P-256 over the raw body, by keys that the scanner publishes.

As GitHub does it, whose keys are at https://api.github.com/meta/public_keys/secret_scanning:
https://docs.github.com/en/code-security/secret-scanning/secret-scanning-partner-program
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aiohttp
import orjson
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tenants.errors import IncorrectSignature, SignatureUnverifiable

logger = logging.getLogger("sluice.leaks")

FRESH_SECONDS = 3600.0
"""How long keys are used without being read again."""
KEPT_SECONDS = 24 * 3600.0
"""How long they are used while they cannot be read again."""
PAUSE_SECONDS = 60.0
"""Between two reads: anybody can send a report that names a key which nobody has."""

_FETCH_SECONDS = 10.0
_MOST_BYTES = 256 * 1024
_SIGNATURE_CHARS = 512  # of P-256: 96 at most
_NEVER = float("-inf")

PublicKeys = Mapping[str, EllipticCurvePublicKey]


class ScannerSignatures:
    """Verifies reports. `fetch` reads the scanner's document; `monotonic` gives seconds that never go back."""

    def __init__(self, fetch: Callable[[], Awaitable[bytes]], monotonic: Callable[[], float]) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._keys: PublicKeys = {}
        self._read_at = _NEVER
        self._asked_at = _NEVER
        self._reading = asyncio.Lock()

    async def verify(self, key_id: str, signature: str, body: bytes) -> None:
        """Raises IncorrectSignature; SignatureUnverifiable where the keys cannot be read."""
        try:
            raw = base64.b64decode(signature[:_SIGNATURE_CHARS], validate=True)
        except (binascii.Error, ValueError) as error:
            raise IncorrectSignature("no base64") from error
        key = await self._find(key_id)
        if key is None:
            raise IncorrectSignature("unknown key identifier")
        try:
            key.verify(raw, body, ECDSA(SHA256()))
        except InvalidSignature as error:
            raise IncorrectSignature("wrong signature") from error

    async def _find(self, key_id: str) -> EllipticCurvePublicKey | None:
        async with self._reading:
            now = self._monotonic()
            wanted = key_id not in self._keys or now >= self._read_at + FRESH_SECONDS
            if wanted and now >= self._asked_at + PAUSE_SECONDS:
                self._asked_at = now
                await self._read(now)
            if now >= self._read_at + KEPT_SECONDS:
                raise SignatureUnverifiable()
            return self._keys.get(key_id)

    async def _read(self, now: float) -> None:
        try:
            self._keys = public_keys_of(await self._fetch())
        except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
            logger.error("the secret scanner's public keys cannot be read", extra={"error": type(error).__name__})
        else:
            self._read_at = now


def public_keys_of(document: bytes) -> PublicKeys:
    """The keys on P-256 of `{"public_keys": [{"key_identifier", "key"}]}`, by identifier; others are left out.

    Raises ValueError for another document. Pure.
    """
    fields: Any = orjson.loads(document)
    if not isinstance(fields, dict) or not isinstance(fields.get("public_keys"), list):
        raise ValueError("no list of public keys")
    keys = {}
    for each in fields["public_keys"]:
        if isinstance(each, dict) and isinstance(each.get("key_identifier"), str) and isinstance(each.get("key"), str):
            key = _find_key(each["key"])
            if key is not None:
                keys[each["key_identifier"]] = key
    if not keys:
        raise ValueError("no usable public key")
    return keys


def _find_key(pem: str) -> EllipticCurvePublicKey | None:
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        return None
    return key if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1) else None


async def fetch_public_keys(url: str) -> bytes:
    """The document at `url`, of 256 KiB at most. No redirect is followed. Raises aiohttp.ClientError, OSError,
    ValueError."""
    timeout = aiohttp.ClientTimeout(total=_FETCH_SECONDS)
    headers = {"accept": "application/json", "user-agent": "sluice"}
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), timeout=timeout, headers=headers) as session,
        session.get(url, allow_redirects=False) as response,
    ):
        if response.status != 200:
            raise ValueError(f"status {response.status}")
        document = bytearray()
        async for piece in response.content.iter_chunked(_MOST_BYTES):
            document += piece
            if len(document) > _MOST_BYTES:
                raise ValueError("too large")
        return bytes(document)
