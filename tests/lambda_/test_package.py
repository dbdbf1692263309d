"""The package as it is deployed: built, measured, and served from, by itself. Building downloads wheels."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.package_lambda import BOTOCORE_SERVICES, MOST_ZIPPED_BYTES, find_runtime, zipped_bytes
from tests.lambda_.environment import Environment, start_runtime
from tests.lambda_.front_door import open_front_door
from tests.lambda_.transformed import aws_tool
from tests.wire.messages import ask
from tests.wire.polling import eventually
from tests.wire.stack import CHAT_MODEL, PROJECT, START_TIMEOUT_SECONDS, Stack
from tests.wire.tenancy import IssuedKey


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For this machine: an arm64 one could not be run here."""
    aws_tool("sam")
    target = tmp_path_factory.mktemp("package") / "lambda"
    command = [sys.executable, "-m", "scripts.package_lambda", "--architecture", "x86_64", "--target", str(target)]
    subprocess.run(command, cwd=PROJECT, check=True, capture_output=True)
    return target


def test_the_package_is_small_and_has_what_is_needed_alone(package: Path) -> None:
    assert zipped_bytes(package) < MOST_ZIPPED_BYTES
    names = {path.name for path in package.iterdir()}
    assert {"gateway", "admin", "tenants", "awswire", "migrations", "mangum", "botocore", "run_lambda"} <= names
    assert not names & {"uvicorn", "typer", "boto3", "simulator", "tests", "bin"}
    models = {path.name for path in (package / "botocore" / "data").iterdir() if path.is_dir()}
    assert models == BOTOCORE_SERVICES


def test_everything_in_it_is_compiled(package: Path) -> None:
    ours = [
        path for path in (package / "gateway").rglob("*.py") if not list(path.parent.glob(f"__pycache__/{path.stem}.*"))
    ]
    assert ours == []
    assert not list((package / "botocore").rglob("*.py"))


def test_the_package_serves_by_itself_as_the_wrapper_starts_it(
    package: Path, stack: Stack, tmp_path: Path, key: IssuedKey
) -> None:
    runtime = shutil.which(find_runtime() or "")
    assert runtime is not None
    with open_front_door() as door:
        variables = {**stack.serve_env, "LAMBDA_TASK_ROOT": str(package), "PYTHONNOUSERSITE": "1"}
        command = [str(package / "run_lambda"), runtime, "/var/runtime/bootstrap.py"]
        log = tmp_path / "log"
        process = start_runtime(door.api.address, log, variables, command)
        try:
            eventually(lambda: process.poll() is not None or door.api.waiting, bool, START_TIMEOUT_SECONDS)
            environment = Environment(door, process, log)
            with environment.openai(key.value) as client:
                stream = client.chat.completions.create(model=CHAT_MODEL, messages=ask("Hello"), stream=True)
                text = "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
            assert text == "echo: Hello"
            assert environment.stop() == 0
        finally:
            process.kill()
            process.wait()
        assert "Traceback" not in log.read_text()
