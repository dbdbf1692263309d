"""Somebody who is told of alerts: an HTTP server that keeps what it is sent."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from gateway.webhooks import SIGNATURE_HEADER, to_signature

SECRET = "a secret that the receiver knows, too"


@dataclass(slots=True)
class Receiver:
    """`events` are those that came, and were signed with SECRET a moment ago."""

    url: str
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def settings(self) -> dict[str, str]:
        """Of a gateway that tells it."""
        return {"SLUICE_ALERT_WEBHOOK_URL": self.url, "SLUICE_ALERT_WEBHOOK_SECRET": SECRET}


@contextmanager
def open_receiver() -> Iterator[Receiver]:
    """On a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            signature = self.headers[SIGNATURE_HEADER]
            at = int(signature.partition(",")[0].removeprefix("t="))
            genuine = signature == to_signature(SECRET.encode(), at, body) and abs(time.time() - at) < 60
            if genuine:
                receiver.events.append(json.loads(body))
            self.send_response(204 if genuine else 401)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the test's own output is enough."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = Receiver(f"http://127.0.0.1:{server.server_port}/hook")
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
