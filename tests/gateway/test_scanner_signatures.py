from __future__ import annotations

import base64
import json

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.scanner_signatures import (
    FRESH_SECONDS,
    KEPT_SECONDS,
    PAUSE_SECONDS,
    ScannerSignatures,
    public_keys_of,
)
from tenants.errors import IncorrectSignature, SignatureUnverifiable

BODY = b'[{"source":"commit","token":"some_token","type":"some_type","url":"https://example.com/base-repo-url/"}]'
KEY, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())


def pem_of(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def sign(key: ec.EllipticCurvePrivateKey, body: bytes = BODY) -> str:
    return base64.b64encode(key.sign(body, ec.ECDSA(SHA256()))).decode()


def document(**keys: str) -> bytes:
    listed = [{"key_identifier": name, "key": pem, "is_current": True} for name, pem in keys.items()]
    return json.dumps({"public_keys": listed}).encode()


class Scanner:
    """What a secret scanner publishes, and a clock."""

    def __init__(self) -> None:
        self.document: bytes | Exception = document(k1=pem_of(KEY))
        self.fetches = 0
        self.now = 0.0
        self.signatures = ScannerSignatures(self.fetch, lambda: self.now)

    async def fetch(self) -> bytes:
        self.fetches += 1
        if isinstance(self.document, Exception):
            raise self.document
        return self.document

    async def takes(self, key_id: str = "k1", signature: str | None = None, body: bytes = BODY) -> bool:
        try:
            await self.signatures.verify(key_id, sign(KEY) if signature is None else signature, body)
        except IncorrectSignature:
            return False
        return True


async def test_what_was_signed_by_a_published_key_is_taken() -> None:
    assert await Scanner().takes()


@pytest.mark.parametrize(
    "signature",
    ["", "!", "é", "AAAA", sign(OTHER), sign(KEY, BODY + b" "), sign(KEY)[:-4], sign(KEY) + "AAAA", "A" * 100_000],
    ids=["empty", "no base64", "no ascii", "short", "another key", "another body", "cut", "longer", "huge"],
)
async def test_anything_else_is_refused(signature: str) -> None:
    assert not await Scanner().takes(signature=signature)


async def test_one_byte_more_in_the_body_is_refused() -> None:
    assert not await Scanner().takes(body=BODY + b" ")


async def test_another_hash_is_refused() -> None:
    signature = base64.b64encode(KEY.sign(BODY, ec.ECDSA(SHA384()))).decode()
    assert not await Scanner().takes(signature=signature)


async def test_the_keys_are_read_once_an_hour() -> None:
    scanner = Scanner()
    for scanner.now in (0.0, 1.0, FRESH_SECONDS - 1):
        assert await scanner.takes()
    assert scanner.fetches == 1
    scanner.now = FRESH_SECONDS
    assert await scanner.takes()
    assert scanner.fetches == 2


async def test_a_key_that_is_new_is_found_and_one_that_is_gone_is_refused() -> None:
    scanner = Scanner()
    assert await scanner.takes()
    scanner.document = document(k2=pem_of(OTHER))
    scanner.now = PAUSE_SECONDS
    assert await scanner.takes("k2", sign(OTHER))
    assert not await scanner.takes()


async def test_strangers_with_made_up_keys_cause_one_read_a_minute() -> None:
    scanner = Scanner()
    for number in range(50):
        assert not await scanner.takes(f"made up {number}")
    assert scanner.fetches == 1
    assert await scanner.takes()


@pytest.mark.parametrize("failure", [aiohttp.ClientConnectionError(), TimeoutError(), b"<html>", b"[]", document()])
async def test_keys_that_cannot_be_read_again_are_used_for_a_day(failure: Exception | bytes) -> None:
    scanner = Scanner()
    assert await scanner.takes()
    scanner.document = failure
    scanner.now = KEPT_SECONDS - 1
    assert await scanner.takes()
    scanner.now = KEPT_SECONDS
    with pytest.raises(SignatureUnverifiable):
        await scanner.takes()


async def test_without_any_key_nothing_is_taken_and_nothing_called_wrong() -> None:
    scanner = Scanner()
    scanner.document = TimeoutError()
    with pytest.raises(SignatureUnverifiable):
        await scanner.takes()


def test_keys_of_other_kinds_are_left_out() -> None:
    others = {
        "p384": pem_of(ec.generate_private_key(ec.SECP384R1())),
        "ed25519": pem_of(ed25519.Ed25519PrivateKey.generate()),
        "broken": "-----BEGIN PUBLIC KEY-----",
    }
    assert set(public_keys_of(document(k1=pem_of(KEY), **others))) == {"k1"}


@pytest.mark.parametrize("text", [b"", b"7", b"null", b'{"public_keys": 7}', b'{"public_keys": [7, {"key": 7}]}'])
def test_another_document_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own text, or ours
        public_keys_of(text)
