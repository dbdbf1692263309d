"""One HTTP request of an invocation: the application's answer goes out piece by piece, as it is made."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Message, Scope

from gateway.aws_lambda.prelude import to_prelude
from gateway.aws_lambda.response_stream import ResponseStream
from gateway.errors import RequestTimedOut, ShuttingDown
from gateway.routes.errors import answer_of

logger = logging.getLogger("sluice.lambda")

_NO_BODY = frozenset({204, 304})

OpenStream = Callable[[], Awaitable[ResponseStream]]


@dataclass(frozen=True, slots=True)
class AskedRequest:
    """An HTTP request as an ASGI scope, and all of its body. `multi_value`: it came through a REST API."""

    scope: Scope
    body: bytes
    multi_value: bool = False


class Exchange:
    """Runs an application for one request. `open_stream` is called when its answer begins."""

    def __init__(self, request: AskedRequest, open_stream: OpenStream) -> None:
        self._request = request
        self._open_stream = open_stream
        self._stream: ResponseStream | None = None
        self._asked = False
        self._done = False
        self._over = asyncio.Event()
        self._watch: asyncio.Task[None] | None = None
        self._bodiless = request.scope["method"] == "HEAD"
        self._event_stream = False

    async def run(self, app: ASGIApp, stop_at: float) -> None:
        """Serve, until `stop_at` (loop time) at most. Whatever happens the invocation was answered on return.

        Raises CancelledError, with the answer ended, and OSError where the Runtime API is away.
        """
        error: BaseException | None = None
        try:
            async with asyncio.timeout_at(stop_at):
                await app(self._request.scope, self._receive, self._send)
        except BaseException as raised:
            error = raised
        # Lambda waits for the answer's end, also where this task is being ended.
        await asyncio.shield(asyncio.ensure_future(self._conclude(error)))
        if error is not None and not isinstance(error, Exception):
            raise error

    async def _receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": self._request.body, "more_body": False}
        await self._over.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._begin(message["status"], message.get("headers", ()))
        elif message["type"] == "http.response.body":
            if self._stream is None:
                raise RuntimeError("an answer's body came before its status")
            if not self._bodiless:
                await self._stream.write(message.get("body", b""))
            if not message.get("more_body", False):
                self._end()
                await self._stream.finish()

    async def _begin(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        if self._stream is not None:
            raise RuntimeError("an answer began twice")
        self._bodiless = self._bodiless or status in _NO_BODY
        self._event_stream = any(
            name.lower() == b"content-type" and value.startswith(b"text/event-stream") for name, value in headers
        )
        self._stream = await self._open_stream()
        self._watch = asyncio.create_task(self._watch_for_leaving(self._stream))
        await self._stream.write(to_prelude(status, headers, multi_value=self._request.multi_value))

    async def _watch_for_leaving(self, stream: ResponseStream) -> None:
        await stream.gone.wait()
        self._over.set()

    def _end(self) -> None:
        self._done = True
        self._over.set()
        if self._watch is not None:
            self._watch.cancel()

    async def _conclude(self, error: BaseException | None) -> None:
        """Bring the answer to its end, whether or not the application did."""
        try:
            if not self._done:
                self._end()
                await self._end_answer(error)
        except OSError:
            if self._stream is None:
                raise
        finally:
            if self._stream is not None:
                await self._stream.close()

    async def _end_answer(self, error: BaseException | None) -> None:
        if self._stream is None:
            await self._answer_error(error or RuntimeError("the application sent no answer"))
        elif error is None:
            await self._stream.finish()
        elif not self._stream.gone.is_set():  # the application may have ended because nobody takes its answer
            await self._break_off(self._stream, error)

    async def _answer_error(self, error: BaseException) -> None:
        unexpected = isinstance(error, Exception) and not isinstance(error, TimeoutError)
        _log(error, self._request.scope, error if unexpected else None)
        answer = answer_of(_told(error))
        headers = [(name.encode(), value.encode()) for name, value in answer.headers().items()]
        await self._begin(answer.status, headers)
        assert self._stream is not None
        if not self._bodiless:
            await self._stream.write(answer.body())
        await self._stream.finish()

    async def _break_off(self, stream: ResponseStream, error: BaseException) -> None:
        """The status is out: an event stream's reader is told in the stream, anybody by the answer's missing end."""
        _log(error, self._request.scope)
        told = _told(error)
        if self._event_stream:
            await stream.write(answer_of(told).frame())
        await stream.fail(type(told).__name__, "The answer broke off.")


def _told(error: BaseException) -> Exception:
    if isinstance(error, TimeoutError):
        return RequestTimedOut()
    return error if isinstance(error, Exception) else ShuttingDown()


def _log(error: BaseException, scope: Scope, traceback_of: BaseException | None = None) -> None:
    told = {"path": scope["path"], "error": type(error).__name__}
    logger.error("an invocation broke off", exc_info=traceback_of, extra=told)
