from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from admin.oidc_keys import (
    FRESH_SECONDS,
    LARGEST_DOCUMENT_BYTES,
    REFETCH_SECONDS,
    USABLE_SECONDS,
    SigningKeys,
    fetch_document,
    is_trustworthy,
)
from tenants.errors import IdentityProviderUnavailable
from tests.admin.local_issuer import running_issuer

ISSUER = "https://login.example.com/realm"


class Provider:
    """What is fetched, and when it is said to be."""

    def __init__(self) -> None:
        self.now = 1_000.0
        self.keys: list[Any] = [{"kid": "one", "kty": "RSA"}]
        self.described: Any = {"issuer": ISSUER, "jwks_uri": "https://login.example.com/keys"}
        self.away = False
        self.fetched: list[str] = []

    async def fetch(self, url: str) -> bytes:
        self.fetched.append(url)
        await asyncio.sleep(0)
        if self.away:
            raise TimeoutError
        return json.dumps(self.described if url.endswith("configuration") else {"keys": self.keys}).encode()


@pytest.fixture
def provider() -> Provider:
    return Provider()


@pytest.fixture
def keys(provider: Provider) -> SigningKeys:
    return SigningKeys(ISSUER, lambda: provider.now, provider.fetch)


async def test_keys_are_fetched_once_for_many_tokens_at_once(provider: Provider, keys: SigningKeys) -> None:
    found = await asyncio.gather(*(keys.find("one", "RSA") for _ in range(50)))
    assert found == [provider.keys[0]] * 50
    assert provider.fetched == [f"{ISSUER}/.well-known/openid-configuration", "https://login.example.com/keys"]


async def test_a_new_key_is_found_by_the_first_token_that_names_it(provider: Provider, keys: SigningKeys) -> None:
    await keys.find("one", "RSA")
    provider.keys.append({"kid": "two", "kty": "RSA"})
    provider.now += REFETCH_SECONDS
    assert await keys.find("two", "RSA") == {"kid": "two", "kty": "RSA"}


async def test_made_up_ids_make_no_traffic(provider: Provider, keys: SigningKeys) -> None:
    for number in range(200):
        assert await keys.find(f"made up {number}", "RSA") is None
    assert len(provider.fetched) == 2
    provider.now += REFETCH_SECONDS
    await asyncio.gather(*(keys.find(f"made up {number}", "RSA") for number in range(50)))
    assert len(provider.fetched) == 4


async def test_a_withdrawn_key_is_found_no_more_when_the_keys_are_old(provider: Provider, keys: SigningKeys) -> None:
    await keys.find("one", "RSA")
    provider.keys = [{"kid": "two", "kty": "RSA"}]
    provider.now += FRESH_SECONDS
    assert await keys.find("one", "RSA") is not None
    provider.now += 1
    assert await keys.find("one", "RSA") is None


async def test_known_keys_go_on_while_the_provider_is_away_and_not_for_ever(
    provider: Provider, keys: SigningKeys
) -> None:
    await keys.find("one", "RSA")
    provider.away = True
    provider.now += USABLE_SECONDS
    assert await keys.find("one", "RSA") is not None
    provider.now += 1
    with pytest.raises(IdentityProviderUnavailable):
        await keys.find("one", "RSA")
    provider.away = False
    provider.now += REFETCH_SECONDS
    assert await keys.find("one", "RSA") is not None


async def test_one_request_waits_for_a_provider_that_hangs_and_the_others_go_on(provider: Provider) -> None:
    answer = asyncio.Event()
    fetch = provider.fetch

    async def hang(url: str) -> bytes:
        await answer.wait()
        return await fetch(url)

    hanging = SigningKeys(ISSUER, lambda: provider.now, hang)
    answer.set()
    await hanging.find("one", "RSA")
    answer.clear()
    provider.now += FRESH_SECONDS + 1
    waiting = asyncio.create_task(hanging.find("one", "RSA"))
    await asyncio.sleep(0)
    assert await asyncio.wait_for(hanging.find("one", "RSA"), timeout=5) is not None
    assert not waiting.done()
    answer.set()
    assert await waiting is not None


async def test_a_provider_that_was_never_there_is_unavailable_and_not_asked_all_the_time(
    provider: Provider, keys: SigningKeys
) -> None:
    provider.away = True
    for _ in range(20):
        with pytest.raises(IdentityProviderUnavailable):
            await keys.find("one", "RSA")
    assert len(provider.fetched) == 1


async def test_without_an_id_the_only_key_of_the_kind_is_meant(provider: Provider, keys: SigningKeys) -> None:
    provider.keys = [{"kid": "one", "kty": "RSA"}, {"kid": "e", "kty": "EC"}, {"kid": "x", "kty": "EC", "use": "enc"}]
    assert await keys.find(None, "EC") == {"kid": "e", "kty": "EC"}
    provider.keys.append({"kid": "f", "kty": "EC"})
    provider.now += FRESH_SECONDS + 1
    assert await keys.find(None, "EC") is None


async def test_a_key_of_another_kind_or_use_is_not_found(provider: Provider, keys: SigningKeys) -> None:
    provider.keys = [{"kid": "one", "kty": "oct", "k": "c2VjcmV0"}, {"kid": "two", "kty": "RSA", "use": "enc"}, "x"]
    assert await keys.find("one", "RSA") is None
    assert await keys.find("two", "RSA") is None


@pytest.mark.parametrize(
    "described",
    [
        {"issuer": "https://evil.example.com", "jwks_uri": "https://evil.example.com/keys"},
        {"issuer": ISSUER + "/", "jwks_uri": "https://login.example.com/keys"},
        {"issuer": ISSUER, "jwks_uri": "http://login.example.com/keys"},
        {"issuer": ISSUER, "jwks_uri": "file:///etc/passwd"},
        {"issuer": ISSUER, "jwks_uri": 5},
        {"issuer": ISSUER},
        [],
        None,
    ],
)
async def test_a_discovery_document_of_somebody_else_or_without_https_is_not_believed(
    provider: Provider, keys: SigningKeys, described: Any
) -> None:
    provider.described = described
    with pytest.raises(IdentityProviderUnavailable):
        await keys.find("one", "RSA")
    assert len(provider.fetched) == 1


@pytest.mark.parametrize("document", ["x", None, {"one": {}}])
async def test_a_document_without_keys_is_no_document(provider: Provider, keys: SigningKeys, document: Any) -> None:
    provider.keys = document
    with pytest.raises(IdentityProviderUnavailable):
        await keys.find("one", "RSA")


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://login.example.com/x", True),
        ("http://127.0.0.1:1/x", True),
        ("http://[::1]:1/x", True),
        ("http://localhost/x", True),
        ("http://login.example.com/x", False),
        ("http://localhost.example.com/x", False),
        ("ftp://127.0.0.1/x", False),
        ("file:///etc/passwd", False),
        ("https:///x", False),
    ],
)
def test_only_https_and_this_machine_are_trusted(url: str, trusted: bool) -> None:
    assert is_trustworthy(url) == trusted


async def test_documents_are_fetched_without_following_redirects_or_reading_without_end() -> None:
    with running_issuer() as issuer:
        issuer.documents["/moved"] = (302, b"", {"location": f"{issuer.url}/keys"})
        issuer.documents["/large"] = (200, b"x" * (LARGEST_DOCUMENT_BYTES + 1), {})
        assert json.loads(await fetch_document(f"{issuer.url}/keys"))["keys"] == issuer.published
        for path, error in (("/moved", OSError), ("/large", ValueError), ("/nothing", OSError)):
            with pytest.raises(error):
                await fetch_document(issuer.url + path)
        assert issuer.fetched == ["/keys", "/moved", "/large", "/nothing"]
    with pytest.raises(OSError, match="refused"):
        await fetch_document(f"{issuer.url}/keys")
    with pytest.raises(ValueError, match="https"):
        await fetch_document("http://login.example.com/keys")
