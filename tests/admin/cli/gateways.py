"""A gateway for the command line's tests: a real HTTP server on loopback that says what a test tells it to, and keeps
what it was asked. What a real gateway says is tested in tests/wire/."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from typer.testing import CliRunner, Result

from gateway.cli import app

ADMIN_KEY = "sk-sluice-admin_test"


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Says:
    """An answer; `cut` bytes of its body are sent and the rest is not, None for all. A body of bytes goes as it is."""

    status: int = 200
    body: object = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None


def error(status: int, message: str = "No.", code: str | None = None, **headers: str) -> Says:
    body = {"error": {"message": message, "type": "t", "param": None, "code": code}}
    return Says(status, body, {name.replace("_", "-"): value for name, value in headers.items()})


HANG_UP = Says(cut=-1)
"""The connection is closed without an answer."""


def page(*objects: Mapping[str, Any], has_more: bool = False) -> Says:
    last = objects[-1]["id"] if objects else None
    return Says(body={"object": "list", "data": list(objects), "last_id": last, "has_more": has_more})


class StubGateway:
    """Below `url`. `on` queues answers to a method and path: each is given once, the last one again and again."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []
        self._answers: dict[tuple[str, str], list[Says]] = {}

    def on(self, method: str, path: str, *says: Says) -> None:
        self._answers[method, f"/v1/organization/{path}"] = list(says)

    def answer(self, asked: Asked) -> Says:
        self.asked.append(asked)
        queued = self._answers.get((asked.method, asked.path))
        if not queued:
            return error(404, f"Unknown request URL: {asked.method} {asked.path}.", "unknown_url")
        return queued.pop(0) if len(queued) > 1 else queued[0]

    @property
    def last(self) -> Asked:
        return self.asked[-1]

    def sluice(self, *arguments: str, input: str | None = None, **variables: str) -> Result:
        """A command against it, in this process, with nobody looking."""
        environ = {"SLUICE_URL": self.url, "SLUICE_ADMIN_KEY": ADMIN_KEY, **variables}
        result = CliRunner().invoke(app, arguments, env=environ, input=input)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result


@contextmanager
def serving(handler: Callable[[StubGateway], type[BaseHTTPRequestHandler]] | None = None) -> Iterator[StubGateway]:
    stub = StubGateway("")
    with ThreadingHTTPServer(("127.0.0.1", 0), (handler or _handler_of)(stub)) as server:
        stub.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield stub
        finally:
            server.shutdown()
            thread.join()


def _handler_of(stub: StubGateway) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            parts = urlsplit(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = self.rfile.read(int(headers.get("content-length", 0)))
            says = stub.answer(Asked(self.command, parts.path, parse_qs(parts.query), headers, body))
            if says.cut == -1:
                return
            sent = says.body if isinstance(says.body, bytes) else json.dumps(says.body).encode()
            self.send_response(says.status)
            for name, value in {"content-length": str(len(sent)), **says.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(sent[: says.cut])

        do_GET = do_POST = do_DELETE = _do

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
