from __future__ import annotations

import socket

import pytest

from gateway.serving import AddressTaken, bind, config_of, reachable
from gateway.settings import Settings

PEPPER = "p1:" + "00" * 16


@pytest.mark.parametrize(
    ("host", "in_a_url"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("gateway.example", "gateway.example"),
        ("0.0.0.0", "127.0.0.1"),
        ("", "127.0.0.1"),
        ("::", "[::1]"),
        ("::1", "[::1]"),
        ("fe80::1", "[fe80::1]"),
    ],
)
def test_an_address_to_listen_on_becomes_one_that_clients_reach(host: str, in_a_url: str) -> None:
    assert reachable(host) == in_a_url


def test_a_taken_port_is_refused_with_what_to_do() -> None:
    with bind("127.0.0.1", 0) as first:
        first.listen()
        port = first.getsockname()[1]
        with pytest.raises(AddressTaken, match=rf"127\.0\.0\.1:{port}.*--port"):
            bind("127.0.0.1", port)


def test_port_0_takes_a_free_one() -> None:
    with bind("127.0.0.1", 0) as first, bind("127.0.0.1", 0) as second:
        ports = {first.getsockname()[1], second.getsockname()[1]}
    assert len(ports) == 2
    assert 0 not in ports


def test_workers_inherit_the_socket() -> None:
    with bind("127.0.0.1", 0) as listener:
        assert listener.get_inheritable()


def test_a_port_that_a_closed_server_used_is_free_at_once() -> None:
    with bind("127.0.0.1", 0) as listener:
        listener.listen()
        address = listener.getsockname()
        with socket.create_connection(address) as client:
            accepted, _ = listener.accept()
            accepted.close()  # the server closes first: its end stays in TIME_WAIT
            assert client.recv(1) == b""
    bind(*address).close()


def test_uvicorn_is_told_the_grace_of_the_settings_and_writes_no_log_of_its_own() -> None:
    settings = Settings.from_env(
        {"SLUICE_PEPPER": PEPPER, "SLUICE_SURFACES": "gateway", "SLUICE_SHUTDOWN_GRACE_SECONDS": "7"}
    )
    config = config_of(settings)
    assert config.timeout_graceful_shutdown == 7
    assert (config.access_log, config.log_config) == (False, None)
