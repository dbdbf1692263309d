"""scripts/deploy with stand-ins for what it calls: what they are called with, and what the person is told."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

_PROGRAMS = {
    "python": 'case "$*" in *package_lambda*) echo python3.12 ;; esac',
    "sam": "",
    "aws": """
case "$*" in
  *get-caller-identity*) echo 123456789012 ;;
  *"lambda invoke"*) for last in "$@"; do :; done; echo "${ANSWER:-{\\}}" > "$last" ;;
  *describe-stacks*) echo "an-output" ;;
esac""",
}


class Deployment:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name, body in _PROGRAMS.items():
            program = folder / name
            program.write_text(f'#!/bin/sh\necho "{name} $*" >> "{folder}/calls"\n{body}\n')
            program.chmod(0o755)

    def run(self, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{self.folder}:{os.environ['PATH']}",
            "PYTHON": str(self.folder / "python"),
            "AWS_REGION": "eu-central-1",
            **variables,
        }
        command = [str(ROOT / "scripts" / "deploy"), *options]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    @property
    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines()


@pytest.fixture
def deployment(tmp_path: Path) -> Deployment:
    return Deployment(tmp_path)


def test_it_builds_deploys_records_the_migrations_and_says_what_to_do_next(deployment: Deployment) -> None:
    done = deployment.run("--stack-name", "mine", "--parameter", "TimeoutSeconds=600", "--yes")
    assert done.returncode == 0, done.stderr
    (deploy,) = [call for call in deployment.calls if call.startswith("sam deploy")]
    for part in (
        "--template-file template.yaml",
        "--stack-name mine",
        "--region eu-central-1",
        "--capabilities CAPABILITY_IAM",
        "--no-confirm-changeset",
        "--parameter-overrides PythonRuntime=python3.12 TimeoutSeconds=600",
    ):
        assert part in deploy
    (invoke,) = [call for call in deployment.calls if "lambda invoke" in call]
    assert '{"sluice": "migrate"}' in invoke
    assert deployment.calls.index(deploy) < deployment.calls.index(invoke)
    assert "Base URL of OpenAI clients:  an-output" in done.stdout
    assert "get-secret-value" in done.stdout


def test_the_person_is_asked_before_anything_changes_unless_they_said_yes(deployment: Deployment) -> None:
    deployment.run()
    assert any("--confirm-changeset" in call for call in deployment.calls)


def test_tables_that_do_not_fit_are_an_error(deployment: Deployment) -> None:
    done = deployment.run("--yes", ANSWER='{"errorMessage": "sluice-core: billing mode"}')
    assert done.returncode == 1
    assert "billing mode" in done.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--nonsense"], "--nonsense is no option"),
        (["--stack-name"], "--stack-name needs a value"),
        (["--parameter", "TimeoutSeconds"], "--parameter takes NAME=VALUE"),
    ],
)
def test_options_that_are_wrong_change_nothing(deployment: Deployment, options: list[str], told: str) -> None:
    done = deployment.run(*options)
    assert done.returncode == 1
    assert told in done.stderr
    assert not (deployment.folder / "calls").exists()


def test_to_package_alone_asks_aws_nothing(deployment: Deployment) -> None:
    assert deployment.run("--package-only").returncode == 0
    assert not [call for call in deployment.calls if call.startswith(("aws", "sam"))]
