"""What surrounds every request, as one plain ASGI application: its id, the cap on its body, its log line, the last
resort for errors. Plain, because Starlette's BaseHTTPMiddleware costs 200 us a request and 20 us a chunk."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.bedrock.request_ids import BEDROCK_REQUEST_IDS
from gateway.errors import BedrockError, RequestTooLarge, ShuttingDown
from gateway.request_ids import RequestIds
from gateway.routes.errors import ErrorAnswer, answer_of, has_row, is_internal
from gateway.routes.rate_headers import rate_headers, refusal_headers
from gateway.routes.request_log import RequestLog

logger = logging.getLogger("sluice.request")

CLIENT_CLOSED_REQUEST = 499
"""In the log only, as nginx has it: the client left before its request was read."""

_MOST_DIGITS = 18  # of a number that may be a length; Python reads none of thousands of digits
_PATH_CHARS = 512

NO_HEADERS: Mapping[str, str] = {}

LOG = "sluice.log"
"""Where in the ASGI scope a request's RequestLog is."""


class RequestEnvelope:
    """Wraps the whole application. Sets `x-request-id` on every answer, refused and failed ones included.

    `watch` is told of every request when it is over, and how many seconds it took.
    """

    def __init__(
        self,
        app: ASGIApp,
        request_ids: RequestIds,
        max_body_bytes: int,
        monotonic: Callable[[], float],
        watch: Callable[[RequestLog, float], None] = lambda log, seconds: None,
    ) -> None:
        self._app = app
        self._watch = watch
        self._request_ids = request_ids
        self._max_body_bytes = max_body_bytes
        self._monotonic = monotonic

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = self._monotonic()
        log = scope[LOG] = RequestLog(
            self._request_ids.new(),
            scope["method"],
            scope["path"][:_PATH_CHARS],
            monotonic=self._monotonic,
            began_at=started,
        )
        BEDROCK_REQUEST_IDS.set(log.bedrock_request_ids)
        scope.setdefault("state", {})["request_id"] = log.request_id
        id_header = (b"x-request-id", log.request_id.encode())

        def send_with_id(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                log.status = message["status"]
                limits = rate_headers(log.standing, self._request_ids.now_ms())
                message["headers"] = [*message.get("headers", ()), id_header, *limits]
            return send(message)

        try:
            await self._app(scope, self._capped(scope, receive), send_with_id)
        except ClientDisconnect:
            log.status, log.error = CLIENT_CLOSED_REQUEST, "ClientDisconnect"  # nobody is left to be answered
        except asyncio.CancelledError:
            log.error = "CancelledError"
            if not log.status:
                stopped = ShuttingDown()
                stopped.charged = log.charged
                await send_error(answer_of(stopped), send_with_id)
            raise
        except Exception as error:
            await self._answer_error(error, log, send_with_id)
        finally:
            seconds = self._monotonic() - started
            self._watch(log, seconds)
            log.write(seconds * 1000)

    async def _answer_error(self, error: Exception, log: RequestLog, send: Send) -> None:
        log.error, log.reason = type(error).__name__, getattr(error, "reason", None)
        if isinstance(error, BedrockError):
            log.reason = error.name
        if not has_row(error):
            logger.exception("a request failed", extra={"request_id": log.request_id})
        elif is_internal(error):
            logger.error("Bedrock failed", extra={"request_id": log.request_id, "error": str(error)})
        if log.status:
            raise error  # the answer has begun: closing the connection is all that can still tell the client
        answer = answer_of(error)
        more = {} if answer.refusal is None else refusal_headers(answer.refusal, self._request_ids.now_ms())
        await send_error(answer, send, more)

    def _capped(self, scope: Scope, receive: Receive) -> Receive:
        """Refuses a body over the cap: at once where its length is declared, else as soon as it has come so far."""
        limit = self._max_body_bytes
        too_large = RequestTooLarge(f"The request's body is over the limit of {limit} bytes.")
        declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if declared.isdigit() and (len(declared) > _MOST_DIGITS or int(declared) > limit):

            async def refuse() -> Message:
                raise too_large

            return refuse
        received = 0

        async def count() -> Message:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > limit:
                    raise too_large
            return message

        return count


async def send_error(answer: ErrorAnswer, send: Send, more: Mapping[str, str] = NO_HEADERS) -> None:
    """Send a whole error answer, with `more` headers."""
    body = answer.body()
    headers = [(name.encode(), value.encode()) for name, value in {**answer.headers(), **more}.items()]
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
