from __future__ import annotations

from awswire.endpoints import Endpoint
from awswire.http import Origin, Timeouts
from awswire.service import AwsService, BearerToken
from tests.awswire.fakes import FakeResponse, FakeTransport, to_service

BEHIND_A_PATH = Endpoint(Origin("127.0.0.1", 8000), "/mirror", "eu-west-1", "bedrock")


async def test_requests_go_below_the_endpoints_path_and_are_signed_for_its_region_and_service() -> None:
    transport = FakeTransport(FakeResponse())
    service = to_service(transport, BEHIND_A_PATH)
    await service.send("POST", "/model/m/converse", {"content-type": "application/json"}, b"{}", Timeouts())
    (request,) = transport.requests
    assert (request.origin, request.target, request.body) == (BEHIND_A_PATH.origin, "/mirror/model/m/converse", b"{}")
    assert "AKIDEXAMPLE/20261120/eu-west-1/bedrock/aws4_request" in request.headers["authorization"]
    assert "SignedHeaders=content-type;host;x-amz-date," in request.headers["authorization"]


async def test_a_bearer_token_is_sent_as_it_is() -> None:
    transport = FakeTransport(FakeResponse())
    service = AwsService(transport, BEHIND_A_PATH, BearerToken("token"))
    await service.send("GET", "/foundation-models", {"accept": "application/json"}, b"", Timeouts())
    assert transport.requests[0].headers == {"accept": "application/json", "authorization": "Bearer token"}
