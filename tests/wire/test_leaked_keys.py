"""A key is found in public: from the scanner's signed report to the refusal of its next request."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx2
import openai
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.wire.messages import ask
from tests.wire.stack import CHAT_MODEL, Gateway, Stack, running_serve
from tests.wire.tenancy import IssuedKey, Tenancy
from tests.wire.test_shown_commands import blocks

SIGNING = ec.generate_private_key(ec.SECP256R1())
PEM = SIGNING.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
PUBLISHED = json.dumps({"public_keys": [{"key_identifier": "k1", "key": PEM, "is_current": True}]}).encode()


class Publisher(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-length", str(len(PUBLISHED)))
        self.end_headers()
        self.wfile.write(PUBLISHED)

    def log_message(self, format: str, *args: object) -> None:
        return None


@pytest.fixture(scope="module")
def scanned(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway that believes a scanner on this machine."""
    publisher = ThreadingHTTPServer(("127.0.0.1", 0), Publisher)
    thread = threading.Thread(target=publisher.serve_forever)
    thread.start()
    url = f"http://127.0.0.1:{publisher.server_port}/meta/public_keys/secret_scanning"
    settings = {"SLUICE_SECRET_SCANNING_KEYS_URL": url}
    try:
        with running_serve(stack, tmp_path_factory.mktemp("scanned") / "log", settings) as gateway:
            yield gateway
    finally:
        publisher.shutdown()
        thread.join()
        publisher.server_close()


def report(gateway: Gateway, body: bytes, signed: bytes) -> httpx2.Response:
    signature = base64.b64encode(SIGNING.sign(signed, ec.ECDSA(SHA256()))).decode()
    headers = {
        "content-type": "application/json",
        "github-public-key-identifier": "k1",
        "github-public-key-signature": signature,
    }
    return httpx2.post(f"{gateway.base_url}/organization/leaked_keys", content=body, headers=headers)


def outcome(gateway: Gateway, key: IssuedKey) -> str:
    with gateway.openai(key.value) as client:
        try:
            client.chat.completions.create(model=CHAT_MODEL, messages=ask("Hello!"))
        except openai.APIStatusError as error:
            return str(error.code)
    return "ok"


def test_a_signed_report_ends_a_key_everywhere_on_its_next_request(
    stack: Stack, scanned: Gateway, key: IssuedKey
) -> None:
    assert [outcome(each, key) for each in (stack, scanned)] == ["ok", "ok"]
    body = json.dumps([{"token": key.value, "type": "sluice_api_key", "url": "https://x.example", "source": "commit"}])
    answer = report(scanned, body.encode(), body.encode())
    assert [each["label"] for each in answer.json()] == ["true_positive"]
    assert [outcome(each, key) for each in (stack, scanned)] == ["invalid_api_key"] * 2


def test_a_report_that_was_changed_on_its_way_ends_nothing(stack: Stack, scanned: Gateway, key: IssuedKey) -> None:
    body = json.dumps([{"token": key.value, "type": "sluice_api_key"}]).encode()
    answer = report(scanned, body, body + b" ")
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_signature")
    assert outcome(stack, key) == "ok"


def test_a_gateway_without_a_scanner_believes_no_signature(stack: Stack, key: IssuedKey) -> None:
    body = json.dumps([{"token": key.value, "type": "sluice_api_key"}]).encode()
    assert report(stack, body, body).status_code == 401


def test_the_command_of_the_page_works(stack: Stack, tenancy: Tenancy) -> None:
    (block,) = blocks("docs/leaked-keys.md", "sh")
    key = tenancy.issue_alone()
    environment = {
        "OPENAI_BASE_URL": stack.base_url,
        "OPENAI_ADMIN_KEY": stack.admin_key,
        "OPENAI_API_KEY": key.value,
    }
    command = ["bash", "-euo", "pipefail", "-c", block]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60)
    assert [each["label"] for each in json.loads(done.stdout)] == ["true_positive"], done.stderr
    assert outcome(stack, key) == "invalid_api_key"
