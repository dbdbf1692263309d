"""scripts/smoke, as a person runs it after a deployment."""

from __future__ import annotations

import subprocess
import sys

from tests.lambda_.environment import Environment
from tests.wire.stack import PROJECT
from tests.wire.tenancy import IssuedKey


def smoke(base_url: str, api_key: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "scripts/smoke", base_url, "--api-key", api_key]
    return subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)


def test_a_deployment_that_works_passes(environment: Environment, key: IssuedKey) -> None:
    done = smoke(environment.door.base_url, key.value)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WRONG" not in done.stdout
    assert "requests settled this month, 0 in flight" in done.stdout


def test_a_key_that_does_not_work_fails_it(environment: Environment) -> None:
    done = smoke(environment.door.base_url, "sk-wrong")
    assert done.returncode == 1
    assert "WRONG   a chat is answered: 401" in done.stdout
