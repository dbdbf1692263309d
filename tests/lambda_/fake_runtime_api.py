"""Lambda's Runtime API and Extensions API, as far as a runtime needs them, on loopback: a Lambda service for tests.

It notes each chunk of a streamed answer by itself, so that a test sees what came together and what came apart.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

DELIMITER = b"\0" * 8
_ERROR_BODY = "lambda-runtime-function-error-body"
_ERROR_TYPE = "lambda-runtime-function-error-type"

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A request to this API. Names of headers in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass
class Answer:
    """What the runtime answered to one invocation: `chunks` if it streamed, `error` if it refused the event.

    `whole` says whether its last chunk came; `abort_after` so many chunks the API closes the connection.
    """

    event: Json
    remaining_ms: int
    abort_after: int | None = None
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    asked: Asked | None = None
    chunks: list[bytes] = field(default_factory=list)
    arrived: list[float] = field(default_factory=list)
    trailers: dict[str, str] = field(default_factory=dict)
    error: Json | None = None
    whole: bool = False
    over: asyncio.Event = field(default_factory=asyncio.Event)
    coming: asyncio.Queue[bytes | None] = field(default_factory=asyncio.Queue)

    @property
    def prelude(self) -> Json:
        told: Json = json.loads(b"".join(self.chunks).split(DELIMITER, 1)[0])
        return told

    @property
    def body(self) -> bytes:
        return b"".join(self.chunks).split(DELIMITER, 1)[1]

    @property
    def failure(self) -> Json:
        """What the trailers say; empty where there are none."""
        if not self.trailers:
            return {}
        told: Json = json.loads(base64.b64decode(self.trailers[_ERROR_BODY]))
        assert told["errorType"] == self.trailers[_ERROR_TYPE]
        return told

    def add(self, chunk: bytes) -> None:
        self.chunks.append(chunk)
        self.arrived.append(time.monotonic())
        self.coming.put_nowait(chunk)

    def end(self) -> None:
        self.over.set()
        self.coming.put_nowait(None)


class FakeRuntimeApi:
    """One environment's. Made by `running_api`; `address` is what AWS_LAMBDA_RUNTIME_API has to be."""

    def __init__(self) -> None:
        self.address = ""
        self.asked: list[Asked] = []
        self.init_error: Json | None = None
        self.restore_error: Json | None = None
        self.extensions: list[str] = []
        self.extension_waits = asyncio.Event()
        self.waiting = 0
        self.thaw = asyncio.Event()
        """`/restore/next` is answered once it is set."""
        self.answers: dict[str, Answer] = {}
        self._invocations: asyncio.Queue[Answer] = asyncio.Queue()
        self._connections: set[asyncio.Task[None]] = set()

    def submit(self, event: Json, remaining_ms: int = 30_000, abort_after: int | None = None) -> Answer:
        """Queue an invocation. `over` of its answer is set once it has ended."""
        answer = Answer(event, remaining_ms, abort_after)
        self.answers[answer.request_id] = answer
        self._invocations.put_nowait(answer)
        return answer

    async def invoke(self, event: Json, remaining_ms: int = 30_000, abort_after: int | None = None) -> Answer:
        """The whole answer to an invocation."""
        answer = self.submit(event, remaining_ms, abort_after)
        await asyncio.wait_for(answer.over.wait(), 30)
        return answer

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
        self.asked.append(asked)
        match asked.path.strip("/").split("/")[1:]:
            case ["runtime", "invocation", "next"]:
                return await self._hand_out(reader, writer)
            case ["runtime", "invocation", request_id, "response"]:
                await self._take_response(self.answers[request_id], asked, reader, writer)
                return False
            case ["runtime", "invocation", request_id, "error"]:
                answer = self.answers[request_id]
                answer.asked, answer.error = asked, json.loads(await _read_body(reader, asked))
                await _answer(writer, 202)
                answer.end()
            case ["runtime", "init", "error"]:
                self.init_error = json.loads(await _read_body(reader, asked))
                await _answer(writer, 202)
            case ["runtime", "restore", "next"]:
                await self.thaw.wait()
                await _answer(writer, 200)
            case ["runtime", "restore", "error"]:
                self.restore_error = json.loads(await _read_body(reader, asked))
                await _answer(writer, 202)
            case ["extension", "register"]:
                assert json.loads(await _read_body(reader, asked)) == {"events": []}
                self.extensions.append(asked.headers["lambda-extension-name"])
                await _answer(writer, 200, {"Lambda-Extension-Identifier": "an-extension"})
            case ["extension", "event", "next"]:
                assert asked.headers["lambda-extension-identifier"] == "an-extension"
                self.extension_waits.set()
                await reader.read(1)  # nothing ever comes, until the process ends
                return False
            case _:
                await _answer(writer, 404)
        return True

    async def _hand_out(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        self.waiting += 1
        getting, leaving = asyncio.create_task(self._invocations.get()), asyncio.create_task(reader.read(1))
        try:
            await asyncio.wait({getting, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self.waiting -= 1
            leaving.cancel()
            await asyncio.gather(leaving, return_exceptions=True)
        if not getting.done():
            getting.cancel()
            return False
        answer = getting.result()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": answer.request_id,
            "Lambda-Runtime-Deadline-Ms": str(time.time_ns() // 1_000_000 + answer.remaining_ms),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:gateway",
            "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0",
            "Lambda-Runtime-Invocation-Id": f"invocation-of-{answer.request_id}",
        }
        await _answer(writer, 200, headers, json.dumps(answer.event).encode())
        return True

    async def _take_response(
        self, answer: Answer, asked: Asked, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        answer.asked = asked
        try:
            while chunk := await _read_chunk(reader):
                answer.add(chunk)
                if answer.abort_after is not None and len(answer.chunks) >= answer.abort_after:
                    writer.transport.abort()
                    return
            answer.whole = True
            answer.trailers = await _read_fields(reader)
            await _answer(writer, 202)
        finally:
            answer.end()


async def read_head(reader: asyncio.StreamReader) -> Asked:
    """Raises IncompleteReadError where the connection ends before."""
    method, path, _ = (await reader.readuntil(b"\r\n")).decode().split()
    return Asked(method, path, await _read_fields(reader))


async def _read_fields(reader: asyncio.StreamReader) -> dict[str, str]:
    fields = {}
    while line := (await reader.readuntil(b"\r\n")).decode().strip():
        name, _, value = line.partition(":")
        fields[name.lower()] = value.strip()
    return fields


async def _read_body(reader: asyncio.StreamReader, asked: Asked) -> bytes:
    return await reader.readexactly(int(asked.headers["content-length"]))


async def _read_chunk(reader: asyncio.StreamReader) -> bytes:
    """A chunk, empty for the last one, whose trailers are still to be read."""
    size = int(await reader.readuntil(b"\r\n"), 16)
    if not size:
        return b""
    chunk = await reader.readexactly(size)
    assert await reader.readexactly(2) == b"\r\n"
    return chunk


async def _answer(
    writer: asyncio.StreamWriter, status: int, headers: Mapping[str, str] | None = None, body: bytes = b"{}"
) -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    head = f"HTTP/1.1 {status} Whatever\r\n{lines}Content-Length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)
    await writer.drain()


@asynccontextmanager
async def running_api() -> AsyncIterator[FakeRuntimeApi]:
    api = FakeRuntimeApi()
    server = await asyncio.start_server(api.serve, "127.0.0.1", 0, limit=1 << 20)
    api.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield api
    finally:
        server.close()
        await api.close()
        await server.wait_closed()
