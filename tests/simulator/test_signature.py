from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from simulator.http import Request
from simulator.refusals import Refused
from simulator.signature import Credentials, verify

HELD = Credentials("AKID", "secret", "token", "us-east-1")
BODY = b'{"messages":[]}'


def _signed(path: str, region: str = "us-east-1", service: str = "bedrock", secret: str = "secret") -> Request:
    signed = AWSRequest("POST", f"http://127.0.0.1:1{path}", data=BODY, headers={"Content-Type": "application/json"})
    SigV4Auth(BotocoreCredentials("AKID", secret), service, region).add_auth(signed)
    headers = {name.lower(): str(text) for name, text in signed.headers.items()}
    raw_path, _, query = path.partition("?")
    return Request("POST", raw_path, query, {**headers, "host": "127.0.0.1:1"}, BODY)


def _now() -> datetime:
    return datetime.now(UTC)


def _refusal(request: Request, now: datetime) -> tuple[str, int, str]:
    with pytest.raises(Refused) as caught:
        verify(request, HELD, now)
    refusal = caught.value.refusal
    return refusal.exception, refusal.status, refusal.message


@pytest.mark.parametrize(
    "path",
    [
        "/model/amazon.nova-micro-v1%3A0/converse",
        "/model/amazon.nova-micro-v1:0/converse",
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.amazon.nova-lite-v1%3A0/converse",
        "/inference-profiles?maxResults=2&nextToken=a%3D%3D&type=SYSTEM_DEFINED",
    ],
)
def test_what_botocore_signs_is_accepted(path: str) -> None:
    assert verify(_signed(path), HELD, _now()) == "AKID"


def test_another_secret_is_refused() -> None:
    name, status, _ = _refusal(_signed("/model/m/converse", secret="other"), _now())
    assert (name, status) == ("InvalidSignatureException", 403)


def test_a_changed_body_is_refused() -> None:
    request = _signed("/model/m/converse")
    changed = Request(request.method, request.raw_path, request.query, request.headers, b"{}")
    assert _refusal(changed, _now())[0] == "InvalidSignatureException"


def test_an_unknown_access_key_is_refused_with_the_recorded_text() -> None:
    request = _signed("/model/m/converse")
    headers = {**request.headers, "authorization": request.headers["authorization"].replace("AKID", "AKIX")}
    unknown = Request(request.method, request.raw_path, request.query, headers, request.body)
    assert _refusal(unknown, _now()) == (
        "UnrecognizedClientException",
        403,
        "The security token included in the request is invalid.",
    )


def test_an_old_signature_is_refused_in_the_recorded_form() -> None:
    request = _signed("/model/m/converse")
    signed_at = datetime.strptime(request.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    now = signed_at + timedelta(minutes=6)
    edge = now - timedelta(minutes=5)
    assert _refusal(request, now)[2] == (
        f"Signature expired: {signed_at:%Y%m%dT%H%M%SZ} is now earlier than {edge:%Y%m%dT%H%M%SZ} "
        f"({now:%Y%m%dT%H%M%SZ} - 5 min.)"
    )


def test_a_signature_from_the_future_is_refused() -> None:
    assert "still later than" in _refusal(_signed("/model/m/converse"), _now() - timedelta(minutes=6))[2]


def test_a_signature_for_another_region_or_service_is_refused() -> None:
    assert "valid region" in _refusal(_signed("/model/m/converse", region="eu-west-1"), _now())[2]
    assert "correct service" in _refusal(_signed("/model/m/converse", service="s3"), _now())[2]


def test_a_request_without_or_with_half_a_signature_is_refused() -> None:
    assert _refusal(Request("POST", "/", "", {}, b""), _now())[0] == "MissingAuthenticationTokenException"
    half = Request("POST", "/", "", {"authorization": "AWS4-HMAC-SHA256 Credential=a"}, b"")
    assert _refusal(half, _now())[0] == "IncompleteSignatureException"


def test_the_api_key_is_accepted_and_another_denied_with_a_capital_message() -> None:
    assert verify(Request("POST", "/", "", {"authorization": "Bearer token"}, b""), HELD, _now()) == "bearer"
    with pytest.raises(Refused) as caught:
        verify(Request("POST", "/", "", {"authorization": "Bearer other"}, b""), HELD, _now())
    assert caught.value.refusal.to_body() == {
        "Message": "Authentication failed: Please make sure your API Key is valid."
    }
