"""A transport and a clock that do as a test says, without a socket or a second passing."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from awswire.credentials import Credentials
from awswire.endpoints import Endpoint
from awswire.http import HttpRequest, HttpResponse, Origin, Timeouts
from awswire.retries import Timing
from awswire.service import AwsService, SigV4Authorizer
from awswire.sigv4 import SigV4

ENDPOINT = Endpoint(Origin("127.0.0.1", 8000), "", "us-east-1", "dynamodb")


class StaticCredentials:
    """A CredentialSource that gives the same credentials for ever."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    async def current(self) -> Credentials:
        return self._credentials


@dataclass(slots=True)
class FakeResponse:
    """`parts` are the body as it arrives; an exception among them is raised in its place."""

    status: int = 200
    parts: Sequence[bytes | Exception] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    closed: bool = False

    async def read(self) -> bytes:
        return b"".join([chunk async for chunk in self.chunks()])

    async def chunks(self) -> AsyncIterator[bytes]:
        for part in self.parts:
            if isinstance(part, Exception):
                raise part
            yield part

    async def aclose(self) -> None:
        self.closed = True


def to_json_response(status: int, body: Any, **headers: str) -> FakeResponse:
    return FakeResponse(status, [json.dumps(body).encode()], {n.replace("_", "-"): v for n, v in headers.items()})


class FakeTransport:
    """Gives the scripted answers in order, the last one for ever; an exception is raised."""

    def __init__(self, *script: FakeResponse | Exception) -> None:
        self.script = list(script)
        self.requests: list[HttpRequest] = []
        self.responses: list[FakeResponse] = []

    async def send(self, request: HttpRequest, timeouts: Timeouts) -> HttpResponse:
        self.requests.append(request)
        step = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(step, Exception):
            raise step
        self.responses.append(step)
        return step

    async def aclose(self) -> None:
        pass


class FakeTime:
    """A clock that moves only when somebody sleeps. `uniform` is 1: every pause is as long as it can be."""

    def __init__(self, uniform: Callable[[], float] = lambda: 1.0) -> None:
        self.now = 1_000_000.0
        self.pauses: list[float] = []
        self.timing = Timing(monotonic=lambda: self.now, sleep=self._sleep, uniform=uniform)

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def to_service(transport: FakeTransport, endpoint: Endpoint = ENDPOINT) -> AwsService:
    signer = SigV4(endpoint.region, endpoint.signing_name, lambda: 1_795_176_000.0)
    credentials = StaticCredentials(Credentials("AKIDEXAMPLE", "secret"))
    return AwsService(transport, endpoint, SigV4Authorizer(signer, credentials))
