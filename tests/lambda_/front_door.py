"""A Function URL with RESPONSE_STREAM, and the Lambda service behind it, in a thread: HTTP in, events out, and back.

As with the real one, the function is not told when a client leaves: docs/lambda.md.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from typing import TypeVar

from tests.lambda_.events import Json, function_url_event
from tests.lambda_.fake_runtime_api import DELIMITER, Answer, FakeRuntimeApi, read_head, running_api

T = TypeVar("T")
_PATIENCE_SECONDS = 40.0


class FrontDoor:
    """`url` is the Function URL; `api` the Runtime API of the environment behind it. `remaining_ms` is what is left of
    each invocation's time when it begins."""

    def __init__(self, api: FakeRuntimeApi, loop: asyncio.AbstractEventLoop) -> None:
        self.url = ""
        self.api = api
        self.remaining_ms = 30_000
        self._loop = loop
        self._connections: set[asyncio.Task[None]] = set()

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    def call(self, make: Callable[[], Awaitable[T]]) -> T:
        """Run something on the door's own loop, from the test's thread."""

        async def run() -> T:
            return await make()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(_PATIENCE_SECONDS)

    def invoke(self, event: Json, remaining_ms: int = 30_000, abort_after: int | None = None) -> Answer:
        """Past the URL: an event as it is."""
        return self.call(lambda: self.api.invoke(event, remaining_ms, abort_after))

    def thaw(self) -> None:
        """Let a snapshot go on, as one of its copies."""
        self._loop.call_soon_threadsafe(self.api.thaw.set)

    @property
    def answers(self) -> list[Answer]:
        return list(self.api.answers.values())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
                while await self._serve_one(reader, writer):
                    pass
        finally:
            self._connections.discard(task)
            writer.close()

    async def close(self) -> None:
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _serve_one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        asked = await read_head(reader)
        body = await reader.readexactly(int(asked.headers.get("content-length", 0)))
        path, _, query = asked.path.partition("?")
        event = function_url_event(asked.method, path, asked.headers, body, query)
        answer = self.api.submit(event, self.remaining_ms)
        head = b""
        while DELIMITER not in head:
            chunk = await answer.coming.get()
            if chunk is None:
                _write_head(writer, 502, {"content-length": "21"})
                writer.write(b"\r\nInternal Server Error")
                return True
            head += chunk
        told, _, first = head.partition(DELIMITER)
        prelude = json.loads(told)
        bodiless = prelude["statusCode"] in (204, 304) or asked.method == "HEAD"
        _write_head(writer, prelude["statusCode"], prelude["headers"] | ({} if bodiless else _CHUNKED))
        for cookie in prelude["cookies"]:
            writer.write(f"set-cookie: {cookie}\r\n".encode())
        writer.write(b"\r\n")
        return await _relay(answer, first, writer, bodiless)


_CHUNKED = {"transfer-encoding": "chunked"}


def _write_head(writer: asyncio.StreamWriter, status: int, headers: dict[str, str]) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"HTTP/1.1 {status} Whatever\r\n{lines}".encode())


async def _relay(answer: Answer, first: bytes, writer: asyncio.StreamWriter, bodiless: bool) -> bool:
    chunk: bytes | None = first
    while chunk is not None:
        if chunk and not bodiless:
            writer.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
            await writer.drain()
        chunk = await answer.coming.get()
    if answer.trailers or not answer.whole:
        return False  # the connection is closed without the last chunk
    if not bodiless:
        writer.write(b"0\r\n\r\n")
    await writer.drain()
    return True


@contextmanager
def open_front_door() -> Iterator[FrontDoor]:
    """A door with nothing behind it yet: start a runtime with `api.address`."""
    opened: list[FrontDoor] = []
    ready, closing = threading.Event(), asyncio.Event()

    async def run() -> None:
        async with AsyncExitStack() as stack:
            api = await stack.enter_async_context(running_api())
            door = FrontDoor(api, asyncio.get_running_loop())
            server = await asyncio.start_server(door.serve, "127.0.0.1", 0, limit=1 << 20)
            door.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            opened.append(door)
            ready.set()
            await closing.wait()
            server.close()
            await door.close()
            await server.wait_closed()

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="front-door")
    thread.start()
    ready.wait(_PATIENCE_SECONDS)
    door = opened[0]
    try:
        yield door
    finally:
        door._loop.call_soon_threadsafe(closing.set)
        thread.join(_PATIENCE_SECONDS)
