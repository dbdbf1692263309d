"""Engines and clients for tests that need a real DynamoDB wire. The fixtures are in `tests/conftest.py`."""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from awswire.credentials import Credentials
from awswire.dynamodb import DynamoDb
from awswire.endpoints import Endpoint
from awswire.http import Origin
from awswire.retries import Timing
from awswire.service import AwsService, SigV4Authorizer
from awswire.sigv4 import SigV4
from awswire.transport_lean import LeanTransport
from gateway.local.dynoxide import find_dynoxide
from gateway.local.engine import Engine, start_dynoxide, start_moto
from gateway.local.startup import ChildNotStarted
from migrations.run import Run
from tests.awswire.fakes import StaticCredentials

REGION = "us-east-1"
ACCESS_KEY = "test"
SECRET_KEY = "test"


# For proofs over races and random orders, whose thousands of calls take moto minutes, one after another. What an
# engine may do differently with a call is the other tests' subject.
ON_ONE_ENGINE = pytest.mark.parametrize(
    "engine_endpoint", ["moto" if find_dynoxide(os.environ, Path(sys.prefix)) is None else "dynoxide"], indirect=True
)


def dynoxide_binary() -> Path:
    """The binary; skips the test where it is not installed."""
    binary = find_dynoxide(os.environ, Path(sys.prefix))
    if binary is None:
        pytest.skip("dynoxide is not installed: python -m gateway.local.install")
    return binary


@contextmanager
def running_dynoxide() -> Iterator[Engine]:
    """In memory. Skips where dynoxide is not installed."""
    engine = start_dynoxide(dynoxide_binary())
    try:
        yield engine
    finally:
        engine.stop()


@contextmanager
def running_moto() -> Iterator[Engine]:
    """Skips where moto is not installed."""
    try:
        engine = start_moto()
    except ChildNotStarted as error:
        if "not installed" in str(error):
            pytest.skip(str(error))
        raise
    try:
        yield engine
    finally:
        engine.stop()


@asynccontextmanager
async def connected(endpoint_url: str) -> AsyncIterator[DynamoDb]:
    """The hot path's own client on an engine, with real time and credentials that no engine checks."""
    parts = urlsplit(endpoint_url)
    endpoint = Endpoint(Origin(parts.hostname or "", parts.port or 80), "", REGION, "dynamodb")
    transport = LeanTransport()
    signer = SigV4(REGION, "dynamodb", time.time)
    authorizer = SigV4Authorizer(signer, StaticCredentials(Credentials(ACCESS_KEY, SECRET_KEY)))
    timing = Timing(time.monotonic, asyncio.sleep, random.random)
    try:
        yield DynamoDb(AwsService(transport, endpoint, authorizer), timing)
    finally:
        await transport.aclose()


def new_run(**changes: object) -> Run:
    """A run with an owner of its own and real time, which says nothing; `changes` are fields of Run."""
    fields: dict[str, object] = {
        "clock": time.time,
        "sleep": asyncio.sleep,
        "owner_id": f"test-{uuid.uuid4().hex}",
        "app_version": "0.0.0",
        "report": lambda line: None,
        **changes,
    }
    return Run(**fields)  # type: ignore[arg-type]  # the tests name Run's own fields
