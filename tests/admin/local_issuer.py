"""An identity provider on loopback: real keys, real signatures, a discovery document that can be made to lie."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as new_ec_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as new_rsa_key
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

AUDIENCE = "sluice"
_TO_JWK: dict[str, Any] = {"RS256": RSAAlgorithm.to_jwk, "ES256": ECAlgorithm.to_jwk, "EdDSA": OKPAlgorithm.to_jwk}


def new_private_key(algorithm: str, rsa_bits: int = 2048) -> Any:
    if algorithm == "RS256":
        return new_rsa_key(65537, rsa_bits)
    return new_ec_key(SECP256R1()) if algorithm == "ES256" else Ed25519PrivateKey.generate()


class LocalIssuer:
    """`published` are the keys of the JWKS, `documents` replaces what is served at a path, `fetched` has the paths."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.private: dict[str, tuple[str, Any]] = {}
        self.published: list[dict[str, Any]] = []
        self.documents: dict[str, tuple[int, bytes, dict[str, str]]] = {}
        self.fetched: list[str] = []

    def add_key(self, key_id: str, algorithm: str = "RS256", rsa_bits: int = 2048, **fields: Any) -> None:
        """A new key, published at once."""
        private = new_private_key(algorithm, rsa_bits)
        public = json.loads(_TO_JWK[algorithm](private.public_key()))
        public.pop("key_ops", None)
        self.private[key_id] = (algorithm, private)
        self.published.append({**public, "kid": key_id, "use": "sig", **fields})

    def withdraw(self, key_id: str) -> None:
        self.published = [key for key in self.published if key["kid"] != key_id]

    def claims(self, **claims: Any) -> dict[str, Any]:
        now = int(time.time())
        usual = {"iss": self.url, "aud": AUDIENCE, "sub": "anna", "iat": now, "exp": now + 300}
        return {name: value for name, value in {**usual, **claims}.items() if value is not None}

    def token(self, key_id: str = "one", headers: dict[str, Any] | None = None, **claims: Any) -> str:
        """Signed by the key with that id. A claim that is None is left out."""
        algorithm, private = self.private[key_id]
        return jwt.encode(self.claims(**claims), private, algorithm, {"kid": key_id, **(headers or {})})

    def answer(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        self.fetched.append(path)
        if path in self.documents:
            return self.documents[path]
        described = {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        if path == "/.well-known/openid-configuration":
            return 200, json.dumps(described).encode(), {}
        return (200, json.dumps({"keys": self.published}).encode(), {}) if path == "/keys" else (404, b"", {})


@contextmanager
def running_issuer() -> Iterator[LocalIssuer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body, headers = issuer.answer(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    issuer = LocalIssuer(f"http://127.0.0.1:{server.server_address[1]}")
    issuer.add_key("one")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield issuer
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
