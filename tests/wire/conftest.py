"""The wire ring: unmodified clients over sockets against a running `sluice dev`, and the books read behind its back.

stack        a running `sluice dev`                                          session
second       a `sluice serve` on the same store, impatient with leavers      session
tenancy      projects and keys, over HTTP                                    session
ledger       accounts and events, read from DynamoDB                         session
bedrock      what the simulator answered and counted                         session
key          a key in a project of its own                                   test
client       the OpenAI SDK with that key                                    test
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from openai import OpenAI

from tests.engines import dynoxide_binary
from tests.wire.ledger import Bedrock, Ledger
from tests.wire.stack import Gateway, Stack, running_serve, running_stack
from tests.wire.tenancy import IssuedKey, Tenancy

SECOND_DRAIN_SECONDS = "0.2"


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Ends cleanly, or the last test that used it fails. Skips where dynoxide is not installed."""
    dynoxide_binary()
    with running_stack(tmp_path_factory.mktemp("stack") / "store") as running:
        yield running


@pytest.fixture(scope="session")
def second(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A second process on the same store; it drains for 0.2 s only."""
    settings = {"SLUICE_DISCONNECT_DRAIN_SECONDS": SECOND_DRAIN_SECONDS}
    with running_serve(stack, tmp_path_factory.mktemp("second") / "log", settings) as gateway:
        yield gateway


@pytest.fixture(scope="session")
def tenancy(stack: Stack) -> Iterator[Tenancy]:
    opened = Tenancy(stack.base_url, stack.admin_key)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def ledger(stack: Stack) -> Iterator[Ledger]:
    opened = Ledger(stack)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def bedrock(stack: Stack) -> Bedrock:
    return Bedrock(stack)


@pytest.fixture
def key(tenancy: Tenancy) -> IssuedKey:
    return tenancy.issue_alone()


@pytest.fixture
def client(stack: Stack, key: IssuedKey) -> Iterator[OpenAI]:
    with stack.openai(key.value) as opened:
        yield opened
