"""A connection to the HTTP protocol whose segments and whose time are the test's choice, without a socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, cast

import uvicorn
from uvicorn.server import ServerState

from gateway.http_protocol import BoundedHttpProtocol
from gateway.request_ids import RequestIds
from tests.gateway.fakes import NOW_MS

_STEPS = 20  # of the loop: more than the application takes for all that one segment brings it


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Answers with what it was asked, once it has all of it; `/early` without waiting for the body."""
    body, more = b"", scope["path"] != "/early"
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        body, more = body + message["body"], message["more_body"]
    headers = {name.decode(): value.decode() for name, value in scope["headers"]}
    asked = {"method": scope["method"], "path": scope["path"], "body": body.decode(), "headers": headers}
    content = json.dumps(asked).encode()
    length = (b"content-length", str(len(content)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": content})


class Protocol(BoundedHttpProtocol):
    request_ids = RequestIds(lambda: NOW_MS, bytes)


@dataclass(slots=True)
class Timer:
    due_seconds: float
    callback: Callable[[], object]
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


class Clock:
    """What the protocol asks of its loop, with a time of its own: nothing is due before `advance`."""

    def __init__(self) -> None:
        self._now_seconds = 0.0
        self._timers: list[Timer] = []

    def advance(self, seconds: float) -> None:
        self._now_seconds += seconds
        due = [timer for timer in self._timers if timer.due_seconds <= self._now_seconds]
        self._timers = [timer for timer in self._timers if timer not in due]
        for timer in due:
            if not timer.cancelled:
                timer.callback()

    def call_later(self, seconds: float, callback: Callable[[], object]) -> Timer:
        self._timers.append(Timer(self._now_seconds + seconds, callback))
        return self._timers[-1]

    def create_task(self, step: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.create_task(step)


class Wire(asyncio.Transport):
    """A connection whose segments are the test's choice."""

    def __init__(self) -> None:
        super().__init__()
        config = uvicorn.Config(echo, log_config=None, lifespan="off", proxy_headers=False)
        self.clock = Clock()
        self.written = b""
        self.closed = False
        self.protocol = Protocol(config, ServerState(), {}, cast(asyncio.AbstractEventLoop, self.clock))
        self.protocol.connection_made(self)

    async def feed(self, *segments: bytes) -> bytes:
        """Segments one after the other. All that was written until then."""
        for segment in segments:
            if not self.closed:
                self.protocol.data_received(segment)
            for _ in range(_STEPS):
                await asyncio.sleep(0)
        return self.written

    def write(self, data: bytes | bytearray | memoryview[Any]) -> None:
        if not self.closed:
            self.written += data

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            asyncio.get_running_loop().call_soon(self.protocol.connection_lost, None)

    def is_closing(self) -> bool:
        return self.closed

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


def answers(written: bytes) -> list[tuple[int, Mapping[str, str], Any]]:
    """Each answer's status, headers and decoded body. Fails where something is left over."""
    found: list[tuple[int, Mapping[str, str], Any]] = []
    while written:
        head, _, rest = written.partition(b"\r\n\r\n")
        status, *lines = head.decode().split("\r\n")
        headers = dict(line.split(": ", 1) for line in lines)
        length = int(headers["content-length"])
        found.append((int(status.split()[1]), headers, json.loads(rest[:length])))
        written = rest[length:]
    return found
