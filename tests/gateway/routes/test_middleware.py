from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable

import pytest
from starlette.requests import ClientDisconnect, Request
from starlette.types import Message, Receive, Scope, Send

from gateway.errors import InvalidRequest
from gateway.request_ids import RequestIds
from gateway.routes.middleware import LOG, RequestEnvelope
from gateway.routes.request_log import FIELDS

LIMIT = 10
App = Callable[[Scope, Receive, Send], Awaitable[None]]
START: Message = {"type": "http.response.start", "status": 200, "headers": [(b"x-own", b"1")]}


class Exchange:
    """One request through the envelope. `chunks` are its body, `declared` its content-length."""

    def __init__(self, app: App, *chunks: bytes, declared: int | None = None) -> None:
        self._app = app
        self._messages: list[Message] = [
            {"type": "http.request", "body": chunk, "more_body": number < len(chunks)}
            for number, chunk in enumerate(chunks, 1)
        ] or [{"type": "http.request", "body": b"", "more_body": False}]
        headers = [] if declared is None else [(b"content-length", str(declared).encode())]
        self.scope: Scope = {"type": "http", "method": "POST", "path": "/v1/x", "headers": headers}
        self.sent: list[Message] = []

    async def run(self) -> None:
        async def receive() -> Message:
            return self._messages.pop(0) if self._messages else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            self.sent.append(message)

        envelope = RequestEnvelope(
            self._app, request_ids=RequestIds(lambda: 0, bytes), max_body_bytes=LIMIT, monotonic=lambda: 0.0
        )
        await envelope(self.scope, receive, send)

    @property
    def status(self) -> int:
        status: int = self.sent[0]["status"]
        return status

    @property
    def headers(self) -> dict[bytes, bytes]:
        return dict(self.sent[0]["headers"])


async def read_all(scope: Scope, receive: Receive, send: Send) -> None:
    """An application that reads its body and says how long it was."""
    body = await Request(scope, receive).body()
    await send(START)
    await send({"type": "http.response.body", "body": str(len(body)).encode()})


def raising(error: Exception, *, begun: bool = False) -> App:
    async def fail(scope: Scope, receive: Receive, send: Send) -> None:
        if begun:
            await send(START)
        raise error

    return fail


async def test_every_answer_has_the_id_that_the_request_carries() -> None:
    exchange = Exchange(read_all)
    await exchange.run()
    assert exchange.headers[b"x-request-id"].decode() == exchange.scope[LOG].request_id
    assert exchange.scope["state"]["request_id"] == exchange.scope[LOG].request_id
    assert exchange.headers[b"x-own"] == b"1"


@pytest.mark.parametrize("chunks", [(b"x" * LIMIT,), (b"x" * 5, b"x" * 5)])
async def test_a_body_at_the_cap_is_read(chunks: tuple[bytes, ...]) -> None:
    exchange = Exchange(read_all, *chunks, declared=LIMIT)
    await exchange.run()
    assert exchange.sent[1]["body"] == b"10"


@pytest.mark.parametrize("declared", [LIMIT + 1, None])
@pytest.mark.parametrize("chunks", [(b"x" * (LIMIT + 1),), (b"x" * LIMIT, b"x")])
async def test_a_body_over_the_cap_is_refused(chunks: tuple[bytes, ...], declared: int | None) -> None:
    exchange = Exchange(read_all, *chunks, declared=declared)
    await exchange.run()
    assert exchange.status == 413
    assert json.loads(exchange.sent[1]["body"])["error"]["code"] == "request_too_large"
    assert b"x-request-id" in exchange.headers


@pytest.mark.parametrize(("error", "status"), [(InvalidRequest("no"), 400), (RuntimeError("secret"), 500)])
async def test_an_error_becomes_the_tables_answer(error: Exception, status: int) -> None:
    exchange = Exchange(raising(error))
    await exchange.run()
    assert exchange.status == status
    assert set(json.loads(exchange.sent[1]["body"])["error"]) == {"message", "type", "param", "code"}
    assert int(exchange.headers[b"content-length"]) == len(exchange.sent[1]["body"])
    assert b"secret" not in exchange.sent[1]["body"]


async def test_an_answer_that_has_begun_is_broken_off() -> None:
    exchange = Exchange(raising(InvalidRequest("no"), begun=True))
    with pytest.raises(InvalidRequest):
        await exchange.run()
    assert len(exchange.sent) == 1


@pytest.mark.parametrize(
    ("error", "tracebacks"), [(InvalidRequest("no"), 0), (ClientDisconnect(), 0), (RuntimeError("bug"), 1)]
)
async def test_only_what_was_not_foreseen_is_logged_with_its_traceback(
    error: Exception, tracebacks: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "sluice.request")
    await Exchange(raising(error)).run()
    assert len([record for record in caplog.records if record.exc_info]) == tracebacks


async def test_each_request_has_one_line_without_its_content(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "sluice.request")
    await Exchange(read_all, b"content").run()
    (record,) = caplog.records
    fields = record.__dict__[FIELDS]
    assert {name: fields[name] for name in ("method", "path", "status")} == {
        "method": "POST",
        "path": "/v1/x",
        "status": 200,
    }
    assert "content" not in str(record.__dict__)


async def test_other_scopes_pass_untouched() -> None:
    seen: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope["type"])

    exchange = Exchange(app)
    exchange.scope = {"type": "lifespan"}
    await exchange.run()
    assert seen == ["lifespan"]


async def test_a_request_that_a_shutdown_cuts_off_is_told_to_try_again() -> None:
    async def hang(scope: Scope, receive: Receive, send: Send) -> None:
        raise asyncio.CancelledError

    exchange = Exchange(hang)
    with pytest.raises(asyncio.CancelledError):
        await exchange.run()
    assert exchange.status == 503
    assert exchange.headers[b"x-should-retry"] == b"true"
    assert json.loads(exchange.sent[1]["body"])["error"]["code"] == "shutting_down"
