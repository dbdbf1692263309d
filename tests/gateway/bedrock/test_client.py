from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.session import get_session

from awswire.http import ConnectionBroken, NotSent, ReadTimedOut, Timeouts
from awswire.retries import RetryPolicy
from gateway.bedrock.client import AwsBedrock
from gateway.bedrock.request_ids import BEDROCK_REQUEST_IDS
from gateway.errors import BedrockError, BedrockUnreachable
from tests.awswire.fakes import FakeResponse, FakeTime, FakeTransport, to_json_response, to_service
from tests.awswire.recordings import read_recordings

MODEL = "us.amazon.nova-lite-v1:0"
ANSWER = to_json_response(200, {"stopReason": "end_turn"}, x_amzn_requestid="request-1")


def refusal(status: int, name: str, message: str = "no") -> FakeResponse:
    return to_json_response(status, {"message": message}, x_amzn_errortype=f"{name}:http://internal/")


THROTTLE = refusal(429, "ThrottlingException", "Too many requests, please wait before trying again.")
DAILY_THROTTLE = refusal(429, "ThrottlingException", "Too many tokens per day, please wait before trying again.")
NOT_READY = refusal(429, "ModelNotReadyException")
NO_CAPACITY = refusal(503, "ServiceUnavailableException")


class Caller:
    def __init__(self, *script: FakeResponse | Exception) -> None:
        self.transport = FakeTransport(*script)
        self.time = FakeTime()
        self.bedrock = AwsBedrock(to_service(self.transport), self.time.timing, RetryPolicy(3, 60.0), Timeouts())

    async def ask(self, operation: str = "converse", body: Any = b"{}", model_id: str = MODEL) -> Any:
        more: list[dict[str, str]] = [{}] if operation == "invoke" else []
        return await getattr(self.bedrock, operation)(model_id, body, *more)

    @property
    def sent(self) -> int:
        return len(self.transport.requests)


operations = pytest.mark.parametrize("operation", ["converse", "open_stream", "invoke"])


@pytest.mark.parametrize(
    ("operation", "suffix"), [("converse", "converse"), ("open_stream", "converse-stream"), ("invoke", "invoke")]
)
async def test_the_model_id_is_one_segment_of_the_path(operation: str, suffix: str) -> None:
    arn = "arn:aws:bedrock:us-east-1:000000000000:application-inference-profile/a b"
    caller = Caller(ANSWER)
    await caller.ask(operation, model_id=arn)
    escaped = "arn%3Aaws%3Abedrock%3Aus-east-1%3A000000000000%3Aapplication-inference-profile%2Fa%20b"
    assert caller.transport.requests[0].target == f"/model/{escaped}/{suffix}"
    assert caller.transport.requests[0].method == "POST"


@operations
async def test_a_body_is_sent_as_it_is(operation: str) -> None:
    caller = Caller(ANSWER)
    await caller.ask(operation, b'{"as": "it is"}')
    assert caller.transport.requests[0].body == b'{"as": "it is"}'


async def test_an_answer_is_bedrocks_json() -> None:
    assert await Caller(ANSWER).ask() == {"stopReason": "end_turn"}


@operations
@pytest.mark.parametrize("status", [502, 504])
async def test_a_proxy_that_gave_up_waiting_says_nothing_of_whether_the_model_ran(operation: str, status: int) -> None:
    caller = Caller(to_json_response(status, {"message": "Endpoint request timed out"}))
    with pytest.raises(BedrockUnreachable) as raised:
        await caller.ask(operation)
    assert raised.value.may_have_run
    assert caller.sent == 1


@pytest.mark.parametrize(("header", "count"), [("17", 17), ("", None), ("x", None)])
async def test_invoke_gives_bedrocks_count_of_input_tokens(header: str, count: int | None) -> None:
    answer = await Caller(to_json_response(200, {"embedding": [0.5]}, x_amzn_bedrock_input_token_count=header)).ask(
        "invoke"
    )
    assert (answer.body, answer.input_tokens) == ({"embedding": [0.5]}, count)


async def test_invoke_sends_metadata_as_the_signed_header_of_botocores_model() -> None:
    caller = Caller(ANSWER)
    await caller.bedrock.invoke(MODEL, b"{}", {"sluice_key_id": "key_1", "sluice_user": "a\n é"})
    sent = caller.transport.requests[0].headers
    modelled = get_session().get_service_model("bedrock-runtime").operation_model("InvokeModel").input_shape
    assert modelled is not None
    name = modelled.members["requestMetadata"].serialization["name"].lower()
    assert json.loads(sent[name]) == {"sluice_key_id": "key_1", "sluice_user": "a\n é"}
    assert sent[name].isascii()
    assert sent[name].isprintable()
    assert name in sent["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")


async def test_invoke_without_metadata_sends_no_header_for_it() -> None:
    caller = Caller(ANSWER)
    await caller.ask("invoke")
    assert not [name for name in caller.transport.requests[0].headers if "metadata" in name]


@operations
async def test_refusals_have_bedrocks_name_status_and_message(operation: str) -> None:
    refused = refusal(400, "ValidationException", "The model returned the following errors: no")
    with pytest.raises(BedrockError) as raised:
        await Caller(refused).ask(operation)
    error = raised.value
    assert (error.name, error.status) == ("ValidationException", 400)
    assert error.message == "The model returned the following errors: no"
    assert refused.closed


async def test_a_refusal_whose_body_is_lost_is_still_that_refusal() -> None:
    lost = FakeResponse(400, [ConnectionBroken("cut")], {"x-amzn-errortype": "AccessDeniedException"})
    with pytest.raises(BedrockError) as raised:
        await Caller(lost).ask()
    assert (raised.value.name, raised.value.status) == ("AccessDeniedException", 400)
    assert lost.closed


@operations
@pytest.mark.parametrize("failure", [THROTTLE, NOT_READY, NO_CAPACITY, NotSent("refused")])
async def test_what_bedrock_did_not_run_is_tried_again(operation: str, failure: FakeResponse | Exception) -> None:
    caller = Caller(failure, failure, ANSWER)
    await caller.ask(operation)
    assert caller.sent == 3
    assert caller.time.pauses == [0.05, 0.1]


@operations
@pytest.mark.parametrize("failure", [ConnectionBroken("cut"), ReadTimedOut("silent")])
async def test_what_may_have_run_is_never_sent_twice(operation: str, failure: Exception) -> None:
    caller = Caller(failure, ANSWER)
    with pytest.raises(BedrockUnreachable) as raised:
        await caller.ask(operation)
    assert raised.value.may_have_run
    assert caller.sent == 1


@pytest.mark.parametrize(
    "refused",
    [
        refusal(400, "ValidationException"),
        refusal(403, "AccessDeniedException"),
        refusal(408, "ModelTimeoutException"),
        refusal(424, "ModelErrorException"),
        refusal(500, "InternalServerException"),
        DAILY_THROTTLE,
    ],
)
async def test_other_refusals_are_raised_at_once(refused: FakeResponse) -> None:
    caller = Caller(refused, ANSWER)
    with pytest.raises(BedrockError):
        await caller.ask()
    assert caller.sent == 1


async def test_a_throttle_that_lasts_is_raised_when_attempts_are_used_up() -> None:
    caller = Caller(THROTTLE)
    with pytest.raises(BedrockError, match="Too many requests"):
        await caller.ask()
    assert caller.sent == 3


async def test_an_unreachable_bedrock_has_not_run_anything() -> None:
    caller = Caller(NotSent("refused"))
    with pytest.raises(BedrockUnreachable) as raised:
        await caller.ask()
    assert not raised.value.may_have_run
    assert caller.sent == 3


@pytest.mark.parametrize("operation", ["converse", "invoke"])
@pytest.mark.parametrize("part", [ConnectionBroken("cut"), ReadTimedOut("silent"), b"<html>"])
async def test_an_answer_that_is_lost_on_the_way_may_have_run(operation: str, part: bytes | Exception) -> None:
    lost = FakeResponse(200, [part])
    with pytest.raises(BedrockUnreachable) as raised:
        await Caller(lost).ask(operation)
    assert raised.value.may_have_run
    assert lost.closed


async def test_an_open_stream_is_left_open_for_its_reader() -> None:
    response = FakeResponse(200, [])
    stream = await Caller(response).ask("open_stream")
    assert not response.closed
    await stream.aclose()
    assert response.closed


async def test_recorded_answers_come_back_as_recorded() -> None:
    for recording in read_recordings("Converse"):
        caller = Caller(to_json_response(recording.status, recording.body))
        if recording.status == 200:
            assert await caller.ask(model_id=recording.model_id or MODEL) == recording.body
        else:
            with pytest.raises(BedrockError):
                await caller.ask(model_id=recording.model_id or MODEL)


async def test_the_ids_of_answers_and_of_refusals_are_noted_for_the_request() -> None:
    ids: list[str] = []
    token = BEDROCK_REQUEST_IDS.set(ids)
    message = {"message": "Slow down."}
    throttled = to_json_response(429, message, x_amzn_errortype="ThrottlingException", x_amzn_requestid="request-0")
    caller = Caller(throttled, ANSWER)
    await caller.ask()
    BEDROCK_REQUEST_IDS.reset(token)
    assert ids == ["request-0", "request-1"]
