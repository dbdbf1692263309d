"""HTTP/1.1 as it comes from the network: uvicorn's httptools protocol, with what it leaves open closed.

Three outside facts (uvicorn 0.54, httptools 0.9), each of them a request that anybody can send without a key:

- httptools lets llhttp end a message with its head wherever the head offers an upgrade, and uvicorn goes on with the
  same parser: the body is lost, and then read as the next request. Java's HTTP client offers h2c with its first POST,
  and RFC 9110, 7.8 lets a server ignore the offer: the head is parsed once more, without it.
- Neither limits a request's head: `h11_max_incomplete_event_size` is h11's alone. httptools joins the pieces of one
  field as they come, so an endless one costs memory, and CPU by its square.
- Neither limits the time a head may take: uvicorn's only timer runs between an answer and the next request.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from enum import Enum, auto
from typing import Any, ClassVar

import httptools
from uvicorn import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from gateway.request_ids import RequestIds
from gateway.routes.errors import ErrorAnswer, ErrorRow

logger = logging.getLogger("sluice.request")

MAX_HEAD_BYTES = 64 * 1024
"""Names and values of all fields, trailers included. What uvicorn has for h11, and more than proxies pass on."""
MAX_URL_BYTES = 16 * 1024
"""The longest id that Bedrock knows, an ARN of 2048 characters, takes 6 KB when all of it is percent-encoded."""
HEAD_TIMEOUT_SECONDS = 15.0
"""From the connection, or from the first byte of a later request, to the end of the head."""


def _refusal(status: int, code: str | None, message: str) -> ErrorAnswer:
    return ErrorAnswer(ErrorRow(status, "invalid_request_error", code), message)


_MALFORMED = _refusal(400, None, "The request is not valid HTTP.")
_CONNECT = _refusal(405, "method_not_allowed", "CONNECT is not allowed: this is no proxy.")
_SLOW = _refusal(408, "request_timeout", "The request's headers did not arrive in time.")
_URL_TOO_LONG = _refusal(414, "url_too_long", f"The request's URL is over the limit of {MAX_URL_BYTES} bytes.")
_HEAD_TOO_LARGE = _refusal(
    431, "headers_too_large", f"The request's headers are over the limit of {MAX_HEAD_BYTES} bytes."
)


class _Refused(Exception):
    """Raised in a callback of the parser, which passes it on as the context of its own error."""

    def __init__(self, answer: ErrorAnswer) -> None:
        super().__init__(answer.message)
        self.answer = answer


class _Receiving(Enum):
    NOTHING = auto()
    HEAD = auto()
    BODY = auto()


class BoundedHttpProtocol(HttpToolsProtocol):
    """One connection of a client, for uvicorn's `http=`. A subclass says where `request_ids` come from.

    A request with an offer to upgrade is served as the HTTP/1.1 request that it is. What is refused here gets OpenAI's
    error object and a request id, and the connection is closed; it is closed without a word where an answer could be
    taken for that to an earlier request.
    """

    request_ids: ClassVar[RequestIds]
    head_timeout_seconds: ClassVar[float] = HEAD_TIMEOUT_SECONDS

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._receiving = _Receiving.NOTHING
        self._head_timer: asyncio.TimerHandle | None = None
        self._field_bytes = 0
        # Received since the last head or piece of a body. What the parser keeps of an unfinished field is among it.
        self._pending_bytes = 0

    # What the transport calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._start_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_head_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._pending_bytes += len(data)
        try:
            self._parse(memoryview(data))
        except httptools.HttpParserError as error:
            cause = error.__context__
            self._refuse(cause.answer if isinstance(cause, _Refused) else _MALFORMED)
            return
        if self._pending_bytes > MAX_HEAD_BYTES:
            self._refuse(_HEAD_TOO_LARGE)
        elif self._receiving is _Receiving.HEAD and self._head_timer is None:
            self._start_head_timer()

    def _parse(self, rest: memoryview) -> None:
        while rest:
            try:
                self.parser.feed_data(rest)
                return
            except httptools.HttpParserUpgrade as upgrade:
                rest = rest[upgrade.args[0] :]
                head = b"".join(self._head_without_upgrade())
            self.parser = httptools.HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn sets it
            self.parser.feed_data(head)

    def _head_without_upgrade(self) -> Iterator[bytes]:
        version = self.parser.get_http_version()
        yield b"%s %s HTTP/%s\r\n" % (self.parser.get_method(), self.url, version.encode())
        for name, value in self.headers:
            if name != b"upgrade":  # llhttp sees no offer where either this or its mention in Connection is missing
                yield b"%s: %s\r\n" % (name, value)
        yield b"\r\n"

    # What the parser calls

    def on_message_begin(self) -> None:
        self._receiving = _Receiving.HEAD
        self._field_bytes = 0
        # uvicorn does so with any byte: empty lines, or the rest of a body that was refused, kept a connection open.
        self._unset_keepalive_if_required()
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > MAX_URL_BYTES:
            raise _Refused(_URL_TOO_LONG)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._field_bytes += len(name) + len(value)
        if self._field_bytes > MAX_HEAD_BYTES:
            raise _Refused(_HEAD_TOO_LARGE)
        # RFC 9110, 6.5.1: trailers are not merged into the headers. uvicorn would, while the request is being served.
        if self._receiving is _Receiving.HEAD:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        if self.parser.get_method() == b"CONNECT":
            raise _Refused(_CONNECT)
        if self.parser.should_upgrade():
            return  # HttpParserUpgrade is about to be raised
        self._stop_head_timer()
        self._unset_keepalive_if_required()  # it starts with the answer to an earlier request, in mid-head perhaps
        super().on_headers_complete()
        self._receiving = _Receiving.BODY
        self._pending_bytes = 0

    def on_body(self, body: bytes) -> None:
        self._pending_bytes = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        if self.parser.should_upgrade():
            return
        self._receiving = _Receiving.NOTHING
        super().on_message_complete()

    # Refusing

    def _start_head_timer(self) -> None:
        self._head_timer = self.loop.call_later(self.head_timeout_seconds, self._give_up_head)

    def _stop_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _give_up_head(self) -> None:
        if self._receiving is _Receiving.HEAD:
            self._refuse(_SLOW)
        else:
            self.transport.close()  # a client that has asked for nothing would take a 408 for its next answer

    def _refuse(self, answer: ErrorAnswer) -> None:
        if self.transport.is_closing():
            return
        if self._is_next_to_answer():
            self.transport.write(self._to_wire(answer))
        self.transport.close()

    def _is_next_to_answer(self) -> bool:
        """Whether all earlier requests are answered, and nothing of the answer to the current one was sent."""
        if self._receiving is _Receiving.BODY:
            return not self.pipeline and not self.cycle.response_started
        return self.cycle is None or self.cycle.response_complete

    def _to_wire(self, answer: ErrorAnswer) -> bytes:
        request_id, body = self.request_ids.new(), answer.body()
        fields = {"request_id": request_id, "status": answer.status, "error": answer.message}
        logger.info("refused before it was a request", extra=fields)
        headers = {
            **answer.headers(),
            "content-length": str(len(body)),
            "connection": "close",
            "x-request-id": request_id,
        }
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return STATUS_LINE[answer.status] + lines.encode() + b"\r\n" + body
