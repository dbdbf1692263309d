"""The AWS services that the gateway speaks to, built from its settings and AWS's own environment variables."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from awswire.credentials import BotocoreCredentials, CredentialSource, load_session
from awswire.dynamodb import DynamoDb
from awswire.endpoints import find_configured_url, resolve_endpoint, resolve_region
from awswire.http import HttpTransport, Timeouts
from awswire.lone_environment import FixedCredentials, LoneEnvironment, find_lone_credentials
from awswire.retries import RetryPolicy, Timing
from awswire.service import Authorizer, AwsService, BearerToken, SigV4Authorizer
from awswire.sigv4 import SigV4
from gateway.bedrock.client import AwsBedrock
from gateway.settings import Settings
from tenants.dynamo_access import DynamoAccess

if TYPE_CHECKING:
    from awswire.endpoints import Configuration

BEARER_VARIABLE = "AWS_BEARER_TOKEN_BEDROCK"

# A model that is throttled for seconds stays so for longer; OpenAI's SDKs try again on top of this.
_BEDROCK_RETRIES = RetryPolicy(attempts=3, deadline_seconds=4.0, first_pause_seconds=0.2, longest_pause_seconds=1.5)
TIMING = Timing(time.monotonic, asyncio.sleep, random.random)
_wall_clock = time.time  # noqa: TID251 - this module composes what entry points run


@dataclass(frozen=True, slots=True)
class Aws:
    """`transport` carries all three; it is for its owner to close."""

    transport: HttpTransport
    dynamodb: DynamoDb
    bedrock: AwsBedrock
    bedrock_control: AwsService
    dynamo_access: DynamoAccess


def connect(settings: Settings, environ: Mapping[str, str]) -> Aws:
    """Build the services. Nothing is sent, and no credentials are looked for, before the first request.

    Raises EndpointUnknown where no region is set.
    """
    services = _Services(open_transport(settings.http_client, settings.max_connections), environ)
    bearer = environ.get(BEARER_VARIABLE)
    timeouts = Timeouts(settings.bedrock_connect_timeout_seconds, settings.bedrock_read_timeout_seconds)
    return Aws(
        transport=services.transport,
        dynamodb=DynamoDb(services.of("dynamodb"), TIMING),
        bedrock=AwsBedrock(services.of("bedrock-runtime", bearer), TIMING, _BEDROCK_RETRIES, timeouts),
        bedrock_control=services.of("bedrock", bearer),
        dynamo_access=services.dynamo_access(),
    )


def connect_dynamodb(transport: HttpTransport, environ: Mapping[str, str]) -> DynamoDb:
    """DynamoDB alone, for migrations. Raises EndpointUnknown where no region is set."""
    return DynamoDb(_Services(transport, environ).of("dynamodb"), TIMING)


def connect_secrets(transport: HttpTransport, environ: Mapping[str, str]) -> AwsService:
    """Secrets Manager, for the settings that are kept there. Raises EndpointUnknown where no region is set."""
    return _Services(transport, environ).of("secretsmanager")


def open_transport(http_client: str, max_connections: int) -> HttpTransport:
    """The HTTP client that the settings name. For its owner to close."""
    if http_client == "aiohttp":
        from awswire.transport_aiohttp import AiohttpTransport

        return AiohttpTransport(max_connections, proxies_from_environment=True)
    from awswire.transport_lean import LeanTransport

    return LeanTransport(max_connections)


class _Services:
    """Services that share a transport, and what is configured: by botocore, or by variables alone."""

    def __init__(self, transport: HttpTransport, environ: Mapping[str, str]) -> None:
        self.transport = transport
        self._environ = environ
        lone = find_lone_credentials(environ)
        self._session: Configuration
        self._credentials: CredentialSource
        if lone is None:
            session = load_session(environ)
            self._session, self._credentials = session, BotocoreCredentials(session, _wall_clock)
        else:
            self._session, self._credentials = LoneEnvironment(), FixedCredentials(lone)

    def of(self, name: str, bearer: str | None = None) -> AwsService:
        endpoint = resolve_endpoint(name, self._session, self._environ)
        authorizer: Authorizer
        if bearer:
            authorizer = BearerToken(bearer)
        else:
            signer = SigV4(endpoint.region, endpoint.signing_name, _wall_clock)
            authorizer = SigV4Authorizer(signer, self._credentials)
        return AwsService(self.transport, endpoint, authorizer)

    def dynamo_access(self) -> DynamoAccess:
        region = resolve_region(self._session, self._environ)
        return DynamoAccess(region, find_configured_url("dynamodb", self._session, self._environ))
