from __future__ import annotations

import asyncio
import json
import time

import pytest
from starlette.types import Receive, Scope, Send

from awswire.http import NotSent
from awswire.transport_lean import LeanTransport
from gateway.aws_lambda.lifespan import RunningApplication
from gateway.aws_lambda.runtime import Runtime, Serving
from gateway.aws_lambda.runtime_api import RuntimeApi, RuntimeApiRefused
from gateway.lambda_runtime import to_request
from gateway.routes.edge import DUE
from tests.gateway.aws_lambda.environments import JSON, SSE, nothing, pieces_of, runtime_of
from tests.lambda_.events import function_url_event
from tests.lambda_.fake_runtime_api import running_api

GET = function_url_event("GET", "/")


async def test_the_lifespan_is_run_once_for_all_requests() -> None:
    seen: list[str] = []
    async with runtime_of(pieces_of(b"ok"), seen=seen) as api:
        for _ in range(5):
            assert (await api.invoke(GET)).body == b"ok"
        assert seen == ["startup"]
    assert seen == ["startup", "shutdown"]


@pytest.mark.parametrize("event", [{}, {"sluice": "sweep"}, {"Records": []}, {"version": "2.0", "requestContext": {}}])
async def test_an_event_that_is_no_request_is_refused_and_the_loop_goes_on(event: dict[str, object]) -> None:
    async with runtime_of(pieces_of(b"ok")) as api:
        refused = await api.invoke(event)
        assert (await api.invoke(GET)).body == b"ok"
    assert refused.chunks == []
    assert refused.error is not None
    assert refused.error["errorType"] == "Sluice.NoHttpRequest"


async def test_a_request_is_stopped_before_lambda_ends_it_and_told_as_a_504() -> None:
    async def http(scope: Scope, receive: Receive, send: Send) -> None:
        await asyncio.sleep(60)

    async with runtime_of(http) as api:
        answer = await api.invoke(GET, remaining_ms=300)
    assert answer.prelude["statusCode"] == 504
    assert json.loads(answer.body)["error"]["code"] == "request_timed_out"


async def test_a_stream_that_is_stopped_ends_with_an_error_its_reader_sees() -> None:
    async def http(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": SSE})
        await asyncio.sleep(60)

    async with runtime_of(http) as api:
        answer = await api.invoke(GET, remaining_ms=300)
    assert b"request_timed_out" in answer.body
    assert answer.failure["errorType"] == "RequestTimedOut"


async def test_the_application_is_told_a_time_before_it_is_stopped() -> None:
    told = []

    async def http(scope: Scope, receive: Receive, send: Send) -> None:
        told.append(scope[DUE] - asyncio.get_running_loop().time())
        await pieces_of(b"ok")(scope, receive, send)

    async with runtime_of(http) as api:
        await api.invoke(GET, remaining_ms=100_000)
        await api.invoke(GET, remaining_ms=3_000)
        await api.invoke(GET, remaining_ms=-5)
    # What is left, less three seconds, or a third where that is less; and the time that the test itself takes.
    assert 0 < told[0] <= 97
    assert 0 < told[1] <= 2
    assert told[2] <= 0


async def test_an_environment_serves_as_many_requests_at_once_as_it_is_told() -> None:
    together = asyncio.Barrier(3)

    async def http(scope: Scope, receive: Receive, send: Send) -> None:
        await together.wait()
        await pieces_of(b"ok", headers=JSON)(scope, receive, send)

    async with runtime_of(http, concurrency=3) as api:
        answers = await asyncio.gather(*(api.invoke(GET) for _ in range(3)))
    assert [answer.body for answer in answers] == [b"ok"] * 3


async def test_what_has_to_be_done_before_the_freeze_is_done_before_the_next_invocation_is_asked_for() -> None:
    order: list[str] = []

    async def before_freeze() -> None:
        order.append(f"flushed, {nexts()} asked for")

    async with runtime_of(pieces_of(b"ok"), before_freeze=before_freeze) as api:

        def nexts() -> int:
            return sum(asked.path.endswith("/next") for asked in api.asked)

        await api.invoke(GET)
        await api.invoke(GET)
    assert order[0] == "flushed, 1 asked for"


async def test_after_a_long_freeze_connections_are_dropped_before_the_next_request_and_not_after_a_short_one() -> None:
    now_ms = time.time_ns() // 1_000_000
    seen: list[str] = []

    async def http(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append("request")
        await pieces_of(b"ok")(scope, receive, send)

    async with runtime_of(http, after_freeze=lambda: seen.append("dropped"), clock_ms=lambda: now_ms) as api:
        for frozen_ms in (0, 9_000, 60_000):
            while not api.waiting:  # noqa: ASYNC110 - the loop has to have asked
                await asyncio.sleep(0.001)
            now_ms += frozen_ms
            await api.invoke(GET, remaining_ms=1_000_000)
    assert seen == ["request", "request", "dropped", "request"]


async def test_a_stop_lets_the_application_end_and_the_client_know() -> None:
    ended = []

    async def http(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": SSE})
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)  # a settle takes its time, too
            ended.append(True)

    async with runtime_of(http, concurrency=2) as api:
        answer = api.submit(GET)
        await answer.coming.get()
        stopped = asyncio.create_task(answer.over.wait())
    assert ended == [True]
    assert await stopped
    assert b"shutting_down" in answer.body
    assert answer.failure["errorType"] == "ShuttingDown"


async def test_a_runtime_api_that_is_away_ends_the_runtime() -> None:
    async with running_api() as api:
        address = api.address
    transport = LeanTransport()
    try:
        with pytest.raises(NotSent):
            await Runtime(RuntimeApi(transport, address), serving_nothing(), concurrency=2).run()
    finally:
        await transport.aclose()


async def test_a_runtime_api_that_refuses_ends_the_runtime() -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 4\r\n\r\nover")
        writer.close()

    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    transport = LeanTransport()
    async with server:
        address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        with pytest.raises(RuntimeApiRefused, match="403 over"):
            await Runtime(RuntimeApi(transport, address), serving_nothing()).run()
    await transport.aclose()


def serving_nothing() -> Serving:
    application = RunningApplication(pieces_of(b"nothing"))
    return Serving(application, to_request(application), nothing, lambda: None, lambda: 0)
