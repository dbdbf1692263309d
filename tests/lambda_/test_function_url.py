"""The OpenAI SDK through a Function URL: HTTP, event, runtime, application, simulator, and back, piece by piece."""

from __future__ import annotations

import json

import httpx2
import openai
import pytest
from openai import OpenAI

from tests.lambda_.environment import Environment
from tests.lambda_.events import function_url_event, rest_event
from tests.wire.ledger import Ledger
from tests.wire.messages import ask
from tests.wire.polling import eventually
from tests.wire.stack import CHAT_MODEL
from tests.wire.tenancy import IssuedKey


def test_a_stream_arrives_while_the_model_still_answers(client: OpenAI, environment: Environment) -> None:
    messages = ask("[[sim:tokens=8 gap_ms=150]]")
    stream = client.chat.completions.create(model=CHAT_MODEL, messages=messages, stream=True)
    pieces_sent = []  # to Lambda, at the moments when the client had read another text
    for chunk in stream:
        if any(choice.delta.content for choice in chunk.choices):
            pieces_sent.append(len(environment.door.answers[-1].chunks))
    assert len(pieces_sent) == 8
    assert pieces_sent[0] < pieces_sent[3] < pieces_sent[-1]


def test_each_piece_is_sent_to_lambda_by_itself(client: OpenAI, environment: Environment) -> None:
    stream = client.chat.completions.create(model=CHAT_MODEL, messages=ask("[[sim:tokens=4 gap_ms=30]]"), stream=True)
    assert [chunk for chunk in stream]
    answer = environment.door.answers[-1]
    assert len(answer.chunks) >= 5
    assert answer.chunks[-1].endswith(b"data: [DONE]\n\n")
    assert answer.prelude["headers"]["content-type"] == "text/event-stream; charset=utf-8"


def test_a_whole_answer_is_settled_exactly_once(client: OpenAI, key: IssuedKey, ledger: Ledger) -> None:
    completion = client.chat.completions.create(model=CHAT_MODEL, messages=ask("Hello"))
    assert completion.choices[0].message.content == "echo: Hello"
    totals = ledger.totals(key)
    assert (totals.requests, totals.holds, totals.in_flight) == (1, (), 0)


def test_usage_is_an_event_before_the_environment_can_be_frozen(
    client: OpenAI, environment: Environment, key: IssuedKey, ledger: Ledger
) -> None:
    client.chat.completions.create(model=CHAT_MODEL, messages=ask("Hello"))
    eventually(lambda: environment.door.api.waiting, lambda waiting: waiting == 1)
    assert [event.key_id for event in ledger.events(key)] == [key.id]


def test_embeddings_and_models_come_through(client: OpenAI) -> None:
    vector = client.embeddings.create(model="amazon.titan-embed-text-v2:0", input="text", dimensions=256)
    assert len(vector.data[0].embedding) == 256
    assert CHAT_MODEL in {model.id for model in client.models.list().data}


@pytest.mark.parametrize("stream", [False, True])
def test_a_refusal_has_its_status_and_openais_error(client: OpenAI, stream: bool) -> None:
    with pytest.raises(openai.NotFoundError) as raised:
        client.chat.completions.create(model="no.such-model", messages=ask("Hello"), stream=stream)
    assert raised.value.code == "model_not_found"
    assert raised.value.response.headers["x-request-id"].startswith("req_")


def test_a_failure_within_the_stream_is_raised_and_not_a_stop(
    client: OpenAI, environment: Environment, key: IssuedKey
) -> None:
    messages = ask("[[sim:tokens=20 stream_error=modelStreamErrorException after=5]]")
    with pytest.raises(openai.APIError):
        list(client.chat.completions.create(model=CHAT_MODEL, messages=messages, stream=True))

    def lines() -> list[dict[str, object]]:
        told = [json.loads(line) for line in environment.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in told if line.get("key_id") == key.id and line["logger"] == "sluice.request"]

    # What the template's alarm on failed streams looks for: its metric filter is held to this by test_template.py.
    (line,) = eventually(lines, bool)
    assert (line["status"], line["error"]) == (200, "ModelStreamErrorException")


def test_the_admin_api_is_served_as_well(environment: Environment, key: IssuedKey, stack: object) -> None:
    with httpx2.Client(base_url=environment.door.url) as http:
        refused = http.get("/v1/organization/projects", headers={"authorization": f"Bearer {key.value}"})
        head = http.head("/healthz")
    assert refused.status_code == 401
    assert (head.status_code, head.content) == (200, b"")


def test_all_requests_of_an_environment_share_one_lifespan(environment: Environment, key: IssuedKey) -> None:
    with httpx2.Client(base_url=environment.door.url) as http:
        for _ in range(5):
            assert http.get("/healthz").status_code == 200
    assert environment.process.poll() is None
    assert environment.door.api.extensions == ["sluice"]
    assert environment.door.api.extension_waits.is_set()


def test_an_image_in_a_large_body_comes_through(client: OpenAI) -> None:
    completion = client.chat.completions.create(model=CHAT_MODEL, messages=ask("word " * 200_000))
    assert completion.usage is not None
    assert completion.usage.prompt_tokens > 100_000


def test_a_body_in_base64_is_read_like_any_other(environment: Environment, key: IssuedKey) -> None:
    headers = {"authorization": f"Bearer {key.value}", "content-type": "application/octet-stream"}
    body = b'{"model": "%b", "messages": [{"role": "user", "content": "Hello"}]}' % CHAT_MODEL.encode()
    for event in (function_url_event, rest_event):
        made = event("POST", "/v1/chat/completions", headers, body)
        assert made["isBase64Encoded"]
        answer = environment.door.invoke(made)
        assert (answer.prelude["statusCode"], b"echo: Hello" in answer.body) == (200, True)


def test_an_event_that_is_no_request_is_refused_without_harm(environment: Environment) -> None:
    answer = environment.door.invoke({"source": "aws.events"})
    assert answer.error is not None
    assert answer.error["errorType"] == "Sluice.NoHttpRequest"


def test_at_its_deadline_a_stream_is_settled_and_its_client_told(
    environment: Environment, key: IssuedKey, ledger: Ledger
) -> None:
    headers = {"authorization": f"Bearer {key.value}", "content-type": "application/json"}
    text = b"[[sim:tokens=500 gap_ms=50]]"
    body = b'{"model": "%b", "stream": true, "messages": [{"role": "user", "content": "%b"}]}'
    event = function_url_event("POST", "/v1/chat/completions", headers, body % (CHAT_MODEL.encode(), text))
    answer = environment.door.invoke(event, remaining_ms=3_000)
    assert answer.prelude["statusCode"] == 200
    assert b'"code":"request_timed_out"' in answer.body
    assert answer.body.endswith(b"data: [DONE]\n\n")
    assert answer.whole
    totals = ledger.totals(key)
    assert (totals.requests, totals.holds) == (1, ())
    assert totals.tokens.output_tokens > 0


def test_at_its_deadline_a_request_that_is_not_streamed_is_a_504(environment: Environment, key: IssuedKey) -> None:
    headers = {"authorization": f"Bearer {key.value}", "content-type": "application/json"}
    body = b'{"model": "%b", "messages": [{"role": "user", "content": "[[sim:first_ms=20000]]"}]}'
    event = function_url_event("POST", "/v1/chat/completions", headers, body % CHAT_MODEL.encode())
    answer = environment.door.invoke(event, remaining_ms=6_000)
    assert answer.prelude["statusCode"] == 504


def test_a_client_that_lambda_tells_of_is_drained_and_settled(
    environment: Environment, key: IssuedKey, ledger: Ledger
) -> None:
    headers = {"authorization": f"Bearer {key.value}", "content-type": "application/json"}
    body = b'{"model": "%b", "stream": true, "messages": [{"role": "user", "content": "[[sim:tokens=20 gap_ms=20]]"}]}'
    event = function_url_event("POST", "/v1/chat/completions", headers, body % CHAT_MODEL.encode())
    answer = environment.door.invoke(event, abort_after=4)
    assert not answer.whole
    totals = eventually(lambda: ledger.totals(key), lambda totals: totals.requests == 1)
    assert totals.tokens.output_tokens == 20  # Bedrock's own count: the stream was read to its end
    assert environment.door.invoke(function_url_event("GET", "/healthz")).prelude["statusCode"] == 200
