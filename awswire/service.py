"""One AWS service: where it listens, how a request to it is authorised, and the transport that carries it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from awswire.credentials import CredentialSource
from awswire.endpoints import Endpoint
from awswire.http import HttpRequest, HttpResponse, HttpTransport, Timeouts
from awswire.sigv4 import SigV4


class Authorizer(Protocol):
    async def authorize(self, request: HttpRequest) -> Mapping[str, str]:
        """All headers to send: the request's own and those that authorise it. Raises CredentialsUnavailable."""
        ...


class SigV4Authorizer:
    """Signs each request with the credentials that are current at that moment."""

    def __init__(self, signer: SigV4, credentials: CredentialSource) -> None:
        self._signer = signer
        self._credentials = credentials

    async def authorize(self, request: HttpRequest) -> Mapping[str, str]:
        return self._signer.sign(request, await self._credentials.current())


class BearerToken:
    """A Bedrock API key, as in `AWS_BEARER_TOKEN_BEDROCK`."""

    def __init__(self, token: str) -> None:
        self._authorization = f"Bearer {token}"

    async def authorize(self, request: HttpRequest) -> Mapping[str, str]:
        return {**request.headers, "authorization": self._authorization}


@dataclass(frozen=True, slots=True)
class AwsService:
    """Sends single requests; retries are its users' business, for they know what may be done twice."""

    transport: HttpTransport
    endpoint: Endpoint
    authorizer: Authorizer

    async def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, timeouts: Timeouts
    ) -> HttpResponse:
        """The answer, its head read; whoever gets it must `aclose` it.

        `target` is the path and query below the endpoint, percent-encoded. Raises what `HttpTransport.send` raises,
        and CredentialsUnavailable.
        """
        target = self.endpoint.path_prefix + target
        unsigned = HttpRequest(method, self.endpoint.origin, target, headers, body)
        authorized = await self.authorizer.authorize(unsigned)
        return await self.transport.send(HttpRequest(method, self.endpoint.origin, target, authorized, body), timeouts)
