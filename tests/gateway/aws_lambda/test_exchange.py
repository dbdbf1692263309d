from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable

import pytest
from starlette.types import Receive, Scope, Send

from tests.gateway.aws_lambda.environments import JSON, SSE, pieces_of, runtime_of
from tests.lambda_.events import Json, function_url_event, rest_event

GET = function_url_event("GET", "/")


async def test_every_piece_is_a_chunk_of_its_own_and_goes_out_when_it_is_made() -> None:
    may_go_on = asyncio.Event()

    async def http(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": SSE})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await may_go_on.wait()
        await send({"type": "http.response.body", "body": b"two", "more_body": True})
        await send({"type": "http.response.body", "body": b"three", "more_body": False})

    async with runtime_of(http) as api:
        answer = api.submit(GET)
        assert answer.prelude if (prelude := await answer.coming.get()) else prelude
        assert await answer.coming.get() == b"one"  # while the application still waits
        assert not answer.over.is_set()
        may_go_on.set()
        await answer.over.wait()
    assert answer.chunks[1:] == [b"one", b"two", b"three"]
    assert answer.whole
    assert answer.failure == {}


async def test_the_answer_is_posted_as_the_runtime_api_wants_a_stream() -> None:
    async with runtime_of(pieces_of(b"body", headers=SSE)) as api:
        answer = await api.invoke(GET)
    assert answer.asked is not None
    wanted = {
        "content-type": "application/vnd.awslambda.http-integration-response",
        "connection": "close",
        "lambda-runtime-function-response-mode": "streaming",
        "lambda-runtime-invocation-id": f"invocation-of-{answer.request_id}",
        "trailer": "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
        "transfer-encoding": "chunked",
    }
    assert wanted.items() <= answer.asked.headers.items()
    assert answer.prelude == {
        "statusCode": 200,
        "headers": {"content-type": "text/event-stream; charset=utf-8"},
        "cookies": [],
    }


async def test_an_empty_piece_does_not_end_the_answer() -> None:
    async with runtime_of(pieces_of(b"one", b"", b"two")) as api:
        answer = await api.invoke(GET)
    assert answer.body == b"onetwo"


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_without_a_body_has_its_prelude_and_its_end(status: int) -> None:
    async with runtime_of(pieces_of(b"none of this", status=status)) as api:
        answer = await api.invoke(GET)
    assert (answer.prelude["statusCode"], answer.body, answer.whole) == (status, b"", True)


async def test_head_has_the_headers_of_get_and_no_body() -> None:
    async with runtime_of(pieces_of(b"a body", headers=JSON)) as api:
        answer = await api.invoke(function_url_event("HEAD", "/"))
    assert (answer.prelude["headers"], answer.body) == ({"content-type": "application/json"}, b"")


async def test_cookies_go_apart_and_the_length_is_left_to_the_door() -> None:
    headers = [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2"), (b"content-length", b"4"), (b"x-a", b"1")]
    async with runtime_of(pieces_of(b"body", headers=headers)) as api:
        by_url = await api.invoke(GET)
        by_rest = await api.invoke(rest_event("GET", "/"))
    assert by_url.prelude == {"statusCode": 200, "headers": {"x-a": "1"}, "cookies": ["a=1", "b=2"]}
    assert by_rest.prelude["multiValueHeaders"] == {"set-cookie": ["a=1", "b=2"]}


@pytest.mark.parametrize("make", [function_url_event, rest_event])
async def test_the_request_arrives_whole_through_either_door(make: Callable[..., Json]) -> None:
    async def http(scope: Scope, receive: Receive, send: Send) -> None:
        message = await receive()
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        told = {
            "method": scope["method"],
            "path": scope["path"],
            "query": scope["query_string"].decode(),
            "client": scope["client"][0],
            "authorization": headers["authorization"],
            "body": base64.b64encode(message["body"]).decode(),
            "more": message["more_body"],
            "begun": scope["state"]["begun"],
        }
        await pieces_of(json.dumps(told).encode(), headers=JSON)(scope, receive, send)

    body = bytes(range(256))
    headers = {"authorization": "Bearer sk", "content-type": "application/octet-stream"}
    async with runtime_of(http) as api:
        answer = await api.invoke(make("POST", "/v1/a%20b", headers, body, "limit=2"))
    assert json.loads(answer.body) == {
        "method": "POST",
        "path": "/v1/a b",
        "query": "limit=2",
        "client": "203.0.113.9",
        "authorization": "Bearer sk",
        "body": base64.b64encode(body).decode(),
        "more": False,
        "begun": True,
    }


async def test_a_body_as_large_as_lambda_takes_arrives_whole() -> None:
    sizes = []

    async def http(scope: Scope, receive: Receive, send: Send) -> None:
        sizes.append(len((await receive())["body"]))
        await pieces_of(b"x" * (8 << 20))(scope, receive, send)

    body = b'"' + b"a" * (5 << 20) + b'"'
    async with runtime_of(http) as api:
        answer = await api.invoke(function_url_event("POST", "/", {"content-type": "application/json"}, body))
    assert sizes == [len(body)]
    assert len(answer.body) == 8 << 20


async def test_an_error_before_the_answer_is_a_500_in_openais_form_without_its_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def http(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError("internal: 10.0.0.1")

    async with runtime_of(http) as api:
        answer = await api.invoke(GET)
    error = json.loads(answer.body)["error"]
    assert answer.prelude["statusCode"] == 500
    assert set(error) == {"message", "type", "param", "code"}
    assert "10.0.0.1" not in answer.body.decode()
    assert (answer.whole, answer.failure) == (True, {})
    assert caplog.records[-1].exc_info is not None  # it is for the operator to see


@pytest.mark.parametrize(("headers", "told"), [(SSE, True), (JSON, False)])
async def test_an_error_within_the_answer_ends_it_as_failed_and_a_stream_says_so(headers: object, told: bool) -> None:
    async def http(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
        raise ValueError("internal: 10.0.0.1")

    async with runtime_of(http) as api:
        answer = await api.invoke(GET)
        again = await api.invoke(GET)
    assert answer.body.startswith(b"data: 1\n\n")
    assert (b'data: {"error":' in answer.body) is told
    assert answer.failure == {"errorType": "ValueError", "errorMessage": "The answer broke off."}
    assert b"10.0.0.1" not in answer.body
    assert again.failure  # the loop goes on


async def test_an_application_that_says_nothing_is_a_500() -> None:
    async def http(scope: Scope, receive: Receive, send: Send) -> None:
        pass

    async with runtime_of(http) as api:
        answer = await api.invoke(GET)
    assert answer.prelude["statusCode"] == 500


async def test_an_answer_that_the_application_does_not_end_is_ended() -> None:
    async def http(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})

    async with runtime_of(http) as api:
        answer = await api.invoke(GET)
    assert (answer.body, answer.whole, answer.failure) == (b"half", True, {})


async def test_a_broken_connection_is_a_client_that_left_and_the_loop_goes_on() -> None:
    seen: asyncio.Queue[str] = asyncio.Queue()

    async def http(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": SSE})
        try:
            while True:
                await send({"type": "http.response.body", "body": b"data: 1\n\n", "more_body": True})
                await asyncio.sleep(0)
        except OSError:
            seen.put_nowait((await receive())["type"])
            raise

    async with runtime_of(http) as api:
        for _ in range(2):
            await api.invoke(GET, abort_after=3)
            assert await asyncio.wait_for(seen.get(), 10) == "http.disconnect"


async def test_a_client_that_leaves_is_noticed_by_who_waits_for_it() -> None:
    left = asyncio.Event()

    async def http(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": SSE})
        assert (await receive())["type"] == "http.disconnect"
        left.set()

    async with runtime_of(http) as api:
        await api.invoke(GET, abort_after=1)
        await asyncio.wait_for(left.wait(), 10)


async def test_after_its_answer_an_application_hears_that_the_client_is_gone() -> None:
    heard = []

    async def http(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await pieces_of(b"all")(scope, receive, send)
        heard.append((await receive())["type"])

    async with runtime_of(http) as api:
        await api.invoke(GET)
        await api.invoke(GET)
    assert heard == ["http.disconnect"] * 2
