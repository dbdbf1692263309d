from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from admin.cli.transport import Call, HttpTransport, NotReached
from tests.admin.cli.gateways import HANG_UP, Says, StubGateway
from tests.awswire.loopback_tls import make_contexts


def get(url: str, timeout_seconds: float = 5.0) -> tuple[int, bytes]:
    answer = HttpTransport(timeout_seconds).send(Call("GET", url, {"authorization": "Bearer secret"}))
    return answer.status, answer.body


@pytest.fixture
def tls_port(tmp_path: Path) -> Iterator[int]:
    """A server on loopback whose certificate signs itself; it answers every connection with 200."""
    server_context, _ = make_contexts(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    plain, _ = listener.accept()
                except OSError:
                    return
                try:
                    with server_context.wrap_socket(plain, server_side=True) as connection:
                        connection.recv(65_536)
                        connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
                except (ssl.SSLError, OSError):
                    plain.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join()


def test_a_certificate_that_nobody_vouches_for_is_refused_before_the_key_is_sent(tls_port: int) -> None:
    with pytest.raises(NotReached, match="SSL_CERT_FILE") as failed:
        get(f"https://localhost:{tls_port}/")
    assert not failed.value.sent


def test_ssl_cert_file_names_an_authority(tls_port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    assert get(f"https://localhost:{tls_port}/") == (200, b"{}")


def test_nobody_there_is_known_to_have_received_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(NotReached, match="connection refused") as failed:
        get(f"http://127.0.0.1:{port}/")
    assert not failed.value.sent


def test_an_answer_that_does_not_come_ends_in_time_and_may_have_been_received() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with pytest.raises(NotReached, match="no answer in time") as failed:
            get(f"http://127.0.0.1:{listener.getsockname()[1]}/", timeout_seconds=0.2)
        assert failed.value.sent


def test_a_connection_that_is_closed_without_an_answer_may_have_been_received(gateway: StubGateway) -> None:
    gateway.on("GET", "projects", HANG_UP)
    with pytest.raises(NotReached, match="broke off") as failed:
        get(f"{gateway.url}/v1/organization/projects")
    assert failed.value.sent


def test_a_proxy_is_used_and_never_for_loopback(gateway: StubGateway, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("http_proxy", gateway.url)
    status, _ = get("http://gateway.invalid.example/v1/organization/projects")
    assert (status, gateway.last.headers["host"]) == (404, "gateway.invalid.example")
    gateway.on("GET", "projects", Says(200))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert get(f"{gateway.url}/v1/organization/projects")[0] == 200


def test_a_streamed_body_that_ends_early_is_not_taken_for_whole(gateway: StubGateway) -> None:
    gateway.on("GET", "usage/export", Says(200, b"a" * 1000, cut=400))
    call = Call("GET", f"{gateway.url}/v1/organization/usage/export", {})
    pieces: list[bytes] = []
    with HttpTransport(5.0).open(call) as answer, pytest.raises(NotReached, match="broke off"):
        pieces.extend(answer.pieces())
    assert b"".join(pieces) == b"a" * 400


def test_the_key_is_in_no_repr() -> None:
    assert "secret" not in repr(Call("GET", "http://x", {"authorization": "Bearer secret"}))
