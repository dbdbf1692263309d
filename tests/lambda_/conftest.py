"""A Function URL with a real runtime process behind it, on the store and the simulator of the wire ring.

built         the packages that `sam build` makes                       session, one for all of pytest-xdist's workers
environment   one environment that serves all of a file's requests     module
client        the OpenAI SDK with a key of a project of its own        test

stack, tenancy, ledger, bedrock and key are the wire ring's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from openai import OpenAI

from tests.lambda_.built import Built, build
from tests.lambda_.environment import Environment, running_environment
from tests.wire.conftest import bedrock, key, ledger, stack, tenancy
from tests.wire.stack import Stack
from tests.wire.tenancy import IssuedKey

__all__ = ["bedrock", "key", "ledger", "stack", "tenancy"]


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    shared = tmp_path_factory.getbasetemp()
    return build((shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared) / "lambda-packages")


@pytest.fixture(scope="module")
def environment(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    with running_environment(stack, tmp_path_factory.mktemp("lambda") / "log") as running:
        yield running


@pytest.fixture
def client(environment: Environment, key: IssuedKey) -> Iterator[OpenAI]:
    with environment.openai(key.value) as opened:
        yield opened
