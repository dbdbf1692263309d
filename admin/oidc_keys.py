"""The keys that an identity provider signs with, from its discovery document (OpenID Connect Discovery 1.0, 4).

Fetched when a token needs them, remembered, fetched again when they are old or a token names an unknown one: at most
once in REFETCH_SECONDS, so that made-up tokens make no traffic. While the provider is away, the known ones go on.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from tenants.errors import IdentityProviderUnavailable

Jwk = Mapping[str, Any]
Fetch = Callable[[str], Awaitable[bytes]]

FRESH_SECONDS = 600.0
USABLE_SECONDS = 24 * 3600.0
REFETCH_SECONDS = 30.0
FETCH_TIMEOUT_SECONDS = 5.0
LARGEST_DOCUMENT_BYTES = 512 * 1024


class SigningKeys:
    """Of one issuer. `monotonic` gives seconds; `fetch` a document by its URL, or raises OSError or ValueError."""

    def __init__(self, issuer: str, monotonic: Callable[[], float], fetch: Fetch) -> None:
        self._issuer = issuer
        self._monotonic = monotonic
        self._fetch = fetch
        self._keys: tuple[Jwk, ...] | None = None
        self._fetched_at = 0.0
        self._tried_at: float | None = None
        self._fetching = asyncio.Lock()

    async def find(self, key_id: str | None, key_type: str) -> Jwk | None:
        """The key with that id, or, without one, the only key of that type (`kty`). Raises IdentityProviderUnavailable.

        A key that the provider has withdrawn is no longer found after FRESH_SECONDS.
        """
        stale = self._age() > FRESH_SECONDS and not self._fetching.locked()  # who fetches is waited for by nobody else
        if self._keys is None or stale:
            await self._refetch()
        found = self._choose(key_id, key_type)
        if found is None:
            await self._refetch()
            found = self._choose(key_id, key_type)
        if self._keys is None or self._age() > USABLE_SECONDS:
            raise IdentityProviderUnavailable
        return found

    def _age(self) -> float:
        return self._monotonic() - self._fetched_at

    def _choose(self, key_id: str | None, key_type: str) -> Jwk | None:
        signing = [key for key in self._keys or () if key.get("use", "sig") == "sig" and key.get("kty") == key_type]
        chosen = signing if key_id is None else [key for key in signing if key.get("kid") == key_id]
        return chosen[0] if len(chosen) == 1 else None

    async def _refetch(self) -> None:
        """Fetch the keys, unless that was tried a moment ago. Failing leaves those that are known."""
        async with self._fetching:
            now = self._monotonic()
            if self._tried_at is not None and now - self._tried_at < REFETCH_SECONDS:
                return
            self._tried_at = now
            try:
                self._keys = await self._fetch_keys()
            except (OSError, ValueError):
                return
            self._fetched_at = now

    async def _fetch_keys(self) -> tuple[Jwk, ...]:
        described = json.loads(await self._fetch(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration"))
        if not isinstance(described, dict) or described.get("issuer") != self._issuer:
            raise ValueError("the discovery document is of another issuer")
        jwks_uri = described.get("jwks_uri")
        if not isinstance(jwks_uri, str) or not is_trustworthy(jwks_uri):
            raise ValueError("the discovery document names no https address of keys")
        document = json.loads(await self._fetch(jwks_uri))
        keys = document.get("keys") if isinstance(document, dict) else None
        if not isinstance(keys, Sequence) or isinstance(keys, str):
            raise ValueError("the document has no keys")
        return tuple(key for key in keys if isinstance(key, dict))


def is_trustworthy(url: str) -> bool:
    """Whether what is read there is what its host wrote: https, or http on this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        local = ipaddress.ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and local))


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect could lead from https to http, or into the gateway's own network."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


async def fetch_document(url: str) -> bytes:
    """Raises OSError where there is no answer of 200, ValueError for one that is too large. The standard library's
    client, in a thread: it honours HTTPS_PROXY and the machine's certificates, and this is no hot path."""

    def read() -> bytes:
        opener = urllib.request.build_opener(_NoRedirects)
        with opener.open(url, timeout=FETCH_TIMEOUT_SECONDS) as answer:
            body: bytes = answer.read(LARGEST_DOCUMENT_BYTES + 1)
        if len(body) > LARGEST_DOCUMENT_BYTES:
            raise ValueError("the document is too large")
        return body

    if not is_trustworthy(url):
        raise ValueError("not https")
    return await asyncio.to_thread(read)
