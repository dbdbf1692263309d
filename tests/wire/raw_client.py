"""A client on a bare socket, which can leave whenever and however a test wants."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 20.0
_RESET = struct.pack("ii", 1, 0)  # struct linger: on, 0 seconds: close(2) sends RST


class RawRequest:
    """One POST under way. `leave` closes the socket in order, `reset` without a word."""

    def __init__(self, url: str, api_key: str, body: Mapping[str, object]) -> None:
        parts = urlsplit(url)
        self._socket = socket.create_connection((parts.hostname, parts.port), TIMEOUT_SECONDS)
        self._received = b""
        content = json.dumps(body).encode()
        head = (
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nAuthorization: Bearer {api_key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
        )
        self._socket.sendall(head.encode() + content)

    def __enter__(self) -> RawRequest:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.leave()

    def read_until(self, marker: bytes, times: int = 1) -> bytes:
        """All that came until `marker` was there so often. Fails at the end of the stream."""
        while self._received.count(marker) < times:
            received = self._socket.recv(65_536)
            assert received, f"the answer ended before {marker!r}: {self._received[-300:]!r}"
            self._received += received
        return self._received

    def leave(self) -> None:
        self._socket.close()

    def reset(self) -> None:
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._socket.close()


@contextmanager
def open_chat(url: str, api_key: str, model: str, text: str) -> Iterator[RawRequest]:
    """A streamed chat."""
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": text}]}
    with RawRequest(f"{url}/chat/completions", api_key, body) as request:
        yield request
