"""Tokens that an attacker would send, against an issuer with real keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from admin.oidc import TokenRefused, Trust
from admin.oidc_keys import REFETCH_SECONDS, SigningKeys, fetch_document
from admin.oidc_tokens import LARGEST_TOKEN_CHARS, OidcProvider
from tests.admin.local_issuer import AUDIENCE, LocalIssuer, new_private_key, running_issuer


@pytest.fixture
def issuer() -> Iterator[LocalIssuer]:
    with running_issuer() as running:
        yield running


@pytest.fixture
def later() -> list[float]:
    """What has been added to the monotonic clock."""
    return []


@pytest.fixture
def provider(issuer: LocalIssuer, later: list[float]) -> OidcProvider:
    keys = SigningKeys(issuer.url, lambda: 1_000.0 + sum(later), fetch_document)
    return OidcProvider(Trust(issuer.url, AUDIENCE, {}), keys, lambda: int(time.time() * 1000))


def part(content: Any) -> str:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


async def refused(provider: OidcProvider, token: str) -> str:
    with pytest.raises(TokenRefused) as error:
        await provider.identify(token)
    assert token[-20:] not in error.value.message
    return error.value.reason


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
async def test_each_accepted_algorithm_signs_a_person_in(
    issuer: LocalIssuer, provider: OidcProvider, algorithm: str
) -> None:
    issuer.add_key("two", algorithm)
    assert (await provider.identify(issuer.token("two", sub="bob"))).id == "bob"


async def test_a_token_without_a_key_id_is_checked_with_the_only_key_of_its_kind(
    issuer: LocalIssuer, provider: OidcProvider
) -> None:
    algorithm, private = issuer.private["one"]
    assert (await provider.identify(jwt.encode(issuer.claims(), private, algorithm))).id == "anna"


async def test_a_rotated_key_works_at_once_and_the_former_one_while_it_is_published(
    issuer: LocalIssuer, provider: OidcProvider, later: list[float]
) -> None:
    former = issuer.token("one")
    await provider.identify(former)
    issuer.add_key("two")
    later.append(REFETCH_SECONDS)
    assert (await provider.identify(issuer.token("two"))).id == "anna"
    assert (await provider.identify(former)).id == "anna"
    issuer.withdraw("one")
    later.append(3600)
    await refused(provider, former)


async def test_no_algorithm_is_no_signature(issuer: LocalIssuer, provider: OidcProvider) -> None:
    for name in ("none", "None", "NONE", ""):
        for signature in ("", "x", issuer.token().rpartition(".")[2]):
            token = f"{part({'alg': name, 'kid': 'one'})}.{part(issuer.claims())}.{signature}"
            await refused(provider, token)


async def test_the_public_key_is_no_hmac_secret(issuer: LocalIssuer, provider: OidcProvider) -> None:
    public = issuer.private["one"][1].public_key()
    secrets = [
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(issuer.published[0]).encode(),
        issuer.published[0]["n"].encode(),
    ]
    for secret in secrets:
        for algorithm in ("HS256", "RS256"):
            signed = f"{part({'alg': algorithm, 'kid': 'one'})}.{part(issuer.claims())}"
            digest = hmac.digest(secret, signed.encode(), hashlib.sha256)
            await refused(provider, f"{signed}.{part(digest)}")


async def test_a_symmetric_key_that_the_issuer_publishes_by_mistake_is_not_used(
    issuer: LocalIssuer, provider: OidcProvider
) -> None:
    secret = b"s" * 32
    issuer.published.append({"kid": "oct", "kty": "oct", "k": part(secret), "alg": "HS256"})
    await refused(provider, jwt.encode(issuer.claims(), secret, "HS256", {"kid": "oct"}))


async def test_the_tokens_own_key_is_not_believed(issuer: LocalIssuer, provider: OidcProvider) -> None:
    mine = new_private_key("RS256")
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(mine.public_key()))
    for headers in ({"kid": "one"}, {"kid": "one", "jwk": public}, {"kid": "one", "jku": f"{issuer.url}/mine"}, {}):
        await refused(provider, jwt.encode(issuer.claims(), mine, "RS256", headers))
    assert f"{issuer.url}/mine" not in issuer.fetched


async def test_an_algorithm_other_than_the_keys_own_is_refused(issuer: LocalIssuer, provider: OidcProvider) -> None:
    issuer.add_key("ec", "ES256")
    issuer.add_key("pss", "RS256", alg="PS256")
    private = issuer.private
    await refused(provider, jwt.encode(issuer.claims(), private["one"][1], "RS512", {"kid": "one"}))
    await refused(provider, jwt.encode(issuer.claims(), private["one"][1], "PS256", {"kid": "one"}))
    await refused(provider, jwt.encode(issuer.claims(), private["one"][1], "RS256", {"kid": "ec"}))
    await refused(provider, jwt.encode(issuer.claims(), private["ec"][1], "ES256", {"kid": "one"}))
    await refused(provider, issuer.token("pss"))


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")  # of the issuer that signs
async def test_a_short_rsa_key_is_refused(issuer: LocalIssuer, provider: OidcProvider) -> None:
    issuer.add_key("short", rsa_bits=1024)
    await refused(provider, issuer.token("short"))


async def test_every_changed_character_is_noticed(issuer: LocalIssuer, provider: OidcProvider) -> None:
    token = issuer.token()
    await provider.identify(token)
    for place in range(0, len(token) - 3, 7):  # the last characters of a part hold bits that mean nothing
        changed = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        with pytest.raises(TokenRefused):
            await provider.identify(changed)


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "another"}, {"iss": "https://evil.example.com"}, {"exp": 1}, {"exp": None}, {"sub": None},
        {"nbf": 9_999_999_999}, {"iat": 9_999_999_999},
    ],
)  # fmt: skip
async def test_a_signed_token_for_somebody_else_or_of_another_time_is_refused(
    issuer: LocalIssuer, provider: OidcProvider, claims: dict[str, Any]
) -> None:
    algorithm, private = issuer.private["one"]
    merged = {name: value for name, value in {**issuer.claims(), **claims}.items() if value is not None}
    await refused(provider, jwt.encode(merged, private, algorithm, {"kid": "one"}))


async def test_what_is_no_token_is_refused_without_asking_anybody(issuer: LocalIssuer, provider: OidcProvider) -> None:
    deep = part(b'{"alg":' + b"[" * 20_000 + b"]" * 20_000 + b"}")[: LARGEST_TOKEN_CHARS - 10]
    for text in (
        "..", "a.b.c", "....", "ключ.ключ.ключ", f"{part(b'[]')}.{part({})}.x", f"{part(b'{')}.{part({})}.x",
        f"{part({'alg': 5})}.{part({})}.x", f"{part({'alg': 'RS256', 'kid': 5})}.{part({})}.x",
        f"{part({'alg': 'RS256', 'crit': ['exp']})}.{part({})}.x", f"{deep}.{part({})}.x",
        "x" * LARGEST_TOKEN_CHARS + ".y.z", "a" * 5 * LARGEST_TOKEN_CHARS,
    ):  # fmt: skip
        await refused(provider, text)
    assert issuer.fetched == []


async def test_a_huge_token_with_a_good_signature_is_refused(issuer: LocalIssuer, provider: OidcProvider) -> None:
    token = issuer.token(padding="x" * LARGEST_TOKEN_CHARS)
    assert await refused(provider, token) == "too large"


async def test_a_payload_that_is_no_object_is_refused(issuer: LocalIssuer, provider: OidcProvider) -> None:
    algorithm, private = issuer.private["one"]
    for payload in (b"[]", b"5", b"null", b"{", b"", b'{"exp": 1e999}'):
        signed = jwt.api_jws.encode(payload, private, algorithm, {"kid": "one"})
        await refused(provider, signed)
