from __future__ import annotations

import json

import pytest

from awswire.http import NotSent
from gateway.aws_lambda.secrets import SecretUnavailable, with_secrets
from tests.awswire.fakes import FakeResponse, FakeTime, FakeTransport, to_json_response, to_service

ARN = "arn:aws:secretsmanager:us-east-1:123456789012:secret:pepper-AbCdEf"
NAMED = {"SLUICE_PEPPER_SECRET_ARN": ARN, "SLUICE_TABLE_PREFIX": "a"}


async def pepper_of(*script: FakeResponse | Exception) -> str:
    environ = await with_secrets(NAMED, to_service(FakeTransport(*script)), FakeTime().timing)
    assert environ.keys() == {"SLUICE_PEPPER", "SLUICE_TABLE_PREFIX"}
    return environ["SLUICE_PEPPER"]


async def test_a_secret_takes_the_place_of_its_arn() -> None:
    transport = FakeTransport(to_json_response(200, {"SecretString": "p1:00ff\n"}))
    environ = await with_secrets(NAMED, to_service(transport), FakeTime().timing)
    assert environ == {"SLUICE_PEPPER": "p1:00ff", "SLUICE_TABLE_PREFIX": "a"}
    asked = transport.requests[0]
    assert json.loads(asked.body) == {"SecretId": ARN}
    assert asked.headers["x-amz-target"] == "secretsmanager.GetSecretValue"


async def test_without_an_arn_nothing_is_asked() -> None:
    environ = {"SLUICE_PEPPER": "p1:00ff", "SLUICE_ADMIN_KEY_SECRET_ARN": ""}
    assert await with_secrets(environ, None, FakeTime().timing) == environ


async def test_a_generated_pepper_is_put_together() -> None:
    assert await pepper_of(to_json_response(200, {"SecretString": '{"id": "p1", "hex": "00ff"}'})) == "p1:00ff"


@pytest.mark.parametrize(
    "fault",
    [NotSent("nobody there"), to_json_response(500, {}), to_json_response(400, {"__type": "ThrottlingException"})],
)
async def test_what_passes_by_itself_is_tried_again(fault: FakeResponse | Exception) -> None:
    assert await pepper_of(fault, to_json_response(200, {"SecretString": "p1:00ff"})) == "p1:00ff"
    with pytest.raises(SecretUnavailable, match="secret:pepper"):
        await pepper_of(fault)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (to_json_response(400, {"__type": "AccessDeniedException", "Message": "not authorized"}), "not authorized"),
        (to_json_response(400, {"__type": "ResourceNotFoundException", "message": "can't find"}), "can't find"),
        (to_json_response(200, {"SecretBinary": "AA=="}), "no SecretString"),
        (to_json_response(200, {"SecretString": '{"hex": "hidden"}'}), "neither plain text nor an object"),
        (FakeResponse(200, [b"<html>"]), "no SecretString"),
    ],
)
async def test_a_refusal_says_why_and_never_the_secret(answer: FakeResponse, told: str) -> None:
    with pytest.raises(SecretUnavailable, match=told) as raised:
        await pepper_of(answer)
    assert "hidden" not in str(raised.value)
