"""Serving over uvicorn: the sockets, the signals, the workers."""

from __future__ import annotations

import os
import socket
import time
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

from gateway import logs
from gateway.http_protocol import BoundedHttpProtocol
from gateway.predecessor import understand
from gateway.request_ids import RequestIds
from gateway.settings import Settings

BACKLOG = 2048


class AddressTaken(Exception):
    """Somebody else listens there, or nobody may. The message says what to do."""


def bind(host: str, port: int) -> socket.socket:
    """A bound socket, before anything else is started. Port 0 takes a free one. Raises AddressTaken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        choice = "host with --host" if isinstance(error, socket.gaierror) else "port with --port, or 0 for any free one"
        raise AddressTaken(f"Cannot listen on {host}:{port}: {error.strerror}. Choose another {choice}.") from error
    listener.set_inheritable(True)
    return listener


def reachable(host: str) -> str:
    """The host part of a URL that leads to a server bound to `host`."""
    if host in ("0.0.0.0", "", "::"):  # noqa: S104 - read, not bound to
        return "127.0.0.1" if host != "::" else "[::1]"
    return f"[{host}]" if ":" in host else host


def app_from_environment() -> Any:
    """uvicorn's factory, called once in each worker."""
    from gateway.app import create_app

    settings = Settings.from_env(understand(os.environ).environ)
    logs.configure(settings.log_level, settings.log_format)
    return create_app(settings, os.environ)


class ServedProtocol(BoundedHttpProtocol):
    """The protocol with the real clock. A class of this module, because workers are sent its name."""

    request_ids = RequestIds(lambda: time.time_ns() // 1_000_000, os.urandom)


def config_of(settings: Settings) -> uvicorn.Config:
    """uvicorn with uvloop and httptools, without an access log of its own: the gateway writes its request log."""
    return uvicorn.Config(
        "gateway.serving:app_from_environment",
        factory=True,
        http=ServedProtocol,
        ws="none",
        # uvicorn believes 127.0.0.1 by default, and so every client behind a proxy on the same machine.
        proxy_headers=bool(settings.forwarded_allow_ips),
        forwarded_allow_ips=settings.forwarded_allow_ips,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=round(settings.connection_idle_seconds),
        timeout_graceful_shutdown=round(settings.shutdown_grace_seconds),
    )


def serve(settings: Settings, listener: socket.socket, workers: int) -> None:
    """Serve until SIGINT or SIGTERM; requests in flight are drained first."""
    config = config_of(settings)
    if workers > 1:
        config.workers = workers
        Multiprocess(config, sockets=[listener]).run()
    else:
        uvicorn.Server(config).run(sockets=[listener])
