"""The signatures of tokens of sign-in: the only place of PyJWT, which is the extra `oidc`.

Signed by keys of the issuer alone, each with the one algorithm of its kind. The token's own `alg` chooses nothing: it
has to be the one of the key that its `kid` names, so that neither `none` nor an HMAC with a public key for its secret
(RFC 8725, 2.1) comes to a check.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jwt

from admin.oidc import Person, TokenRefused, Trust
from admin.oidc_keys import Jwk, SigningKeys

LARGEST_TOKEN_CHARS = 16 * 1024
_SHORTEST_RSA_BITS = 2048
# By the token's `alg`: the type of the key (`kty`), and its curve.
_ALGORITHMS = {"RS256": ("RSA", None), "ES256": ("EC", "P-256"), "EdDSA": ("OKP", "Ed25519")}
# The claims are checked by `Trust`, against the gateway's own clock.
_SIGNATURE_ALONE: Any = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss", "sub", "jti")}


class OidcProvider:
    """An identity provider by OpenID Connect. `clock_ms` gives Unix milliseconds."""

    def __init__(self, trust: Trust, keys: SigningKeys, clock_ms: Callable[[], int]) -> None:
        self._trust = trust
        self._keys = keys
        self._clock_ms = clock_ms

    async def identify(self, token: str) -> Person:
        """The person whose token this is. Raises TokenRefused, IdentityProviderUnavailable."""
        if len(token) > LARGEST_TOKEN_CHARS:
            raise TokenRefused("too large")
        try:
            header = jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError, RecursionError) as error:
            raise TokenRefused("malformed") from error
        algorithm, key_id = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in _ALGORITHMS or "crit" in header:
            raise TokenRefused("an algorithm or extension that is not accepted")
        if key_id is not None and not isinstance(key_id, str):
            raise TokenRefused("malformed")
        key_type, curve = _ALGORITHMS[algorithm]
        key = await self._keys.find(key_id, key_type)
        if key is None or key.get("alg", algorithm) != algorithm or key.get("crv") != curve:
            raise TokenRefused("signed by no key of the issuer")
        claims = _decode(token, key, algorithm)
        self._trust.check(claims, self._clock_ms() / 1000)
        return self._trust.to_person(claims)


def _decode(token: str, key: Jwk, algorithm: str) -> dict[str, Any]:
    """The claims of a token with a valid signature. Raises TokenRefused."""
    try:
        verifying = jwt.PyJWK(dict(key), algorithm)
        if getattr(verifying.key, "key_size", _SHORTEST_RSA_BITS) < _SHORTEST_RSA_BITS and algorithm == "RS256":
            raise TokenRefused("the issuer's key is too short")
        return jwt.decode(token, verifying, algorithms=[algorithm], options=_SIGNATURE_ALONE)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise TokenRefused("malformed, or the signature is wrong") from error
