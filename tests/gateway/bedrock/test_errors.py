from __future__ import annotations

import json

import pytest

from gateway.bedrock.errors import from_answer, from_exception_frame
from tests.awswire.recordings import read_recordings

CORAL = "http://internal.amazon.com/coral/com.amazon.bedrock/"


@pytest.mark.parametrize(
    ("headers", "body", "name"),
    [
        ({"x-amzn-errortype": f"ValidationException:{CORAL}"}, {}, "ValidationException"),
        ({"x-amzn-errortype": "com.amazon#ModelErrorException"}, {}, "ModelErrorException"),
        ({"x-amzn-errortype": "ModelTimeoutException"}, {"__type": "a#Other"}, "ModelTimeoutException"),
        ({}, {"__type": "com.amazon.coral.service#ExpiredTokenException"}, "ExpiredTokenException"),
        ({}, {"Output": {"__type": "com.amazon.coral.service#UnknownOperationException"}}, "UnknownOperationException"),
    ],
)
def test_the_name_is_found_wherever_bedrock_puts_it(
    headers: dict[str, str], body: dict[str, object], name: str
) -> None:
    error = from_answer(400, headers, json.dumps(body).encode())
    assert (error.name, error.status) == (name, 400)


@pytest.mark.parametrize(
    ("status", "name"),
    [
        (400, "ValidationException"),
        (403, "AccessDeniedException"),
        (404, "ResourceNotFoundException"),
        (408, "ModelTimeoutException"),
        (413, "ValidationException"),
        (424, "ModelErrorException"),
        (429, "ThrottlingException"),
        (500, "InternalServerException"),
        (502, "InternalServerException"),
        (503, "ServiceUnavailableException"),
    ],
)
@pytest.mark.parametrize("body", [b"", b"<html>bad gateway</html>", b"[1]", b'{"__type": 1, "Output": 2}'])
def test_an_answer_that_names_no_error_is_named_by_its_status(status: int, name: str, body: bytes) -> None:
    error = from_answer(status, {}, body)
    assert (error.name, error.status, error.message) == (name, status, f"Bedrock answered {name}.")


@pytest.mark.parametrize("key", ["message", "Message"])
def test_the_message_is_bedrocks_in_either_spelling(key: str) -> None:
    assert from_answer(403, {}, json.dumps({key: "not authorized"}).encode()).message == "not authorized"


def test_recorded_refusals_keep_their_status_and_message() -> None:
    refused = [r for r in read_recordings("Converse", "ConverseStream", "InvokeModel") if r.status != 200]
    assert refused
    for recording in refused:
        error = from_answer(recording.status, recording.headers, json.dumps(recording.body).encode())
        message = (recording.body or {}).get("message") or (recording.body or {}).get("Message")
        assert error.status == recording.status
        assert error.name.endswith(("Exception", "Error")), recording.name
        assert not message or error.message == message, recording.name


def test_an_exception_in_a_stream_has_its_shapes_name_and_no_status() -> None:
    headers = {":message-type": "exception", ":exception-type": "throttlingException"}
    error = from_exception_frame(headers, b'{"message":"Too many requests"}')
    assert (error.name, error.status, error.message) == ("ThrottlingException", 0, "Too many requests")


def test_an_unmodelled_error_in_a_stream_has_its_code_and_text() -> None:
    headers = {":message-type": "error", ":error-code": "InternalFailure", ":error-message": "it broke"}
    error = from_exception_frame(headers, b"")
    assert (error.name, error.status, error.message) == ("InternalFailure", 0, "it broke")
