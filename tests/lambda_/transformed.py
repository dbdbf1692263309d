"""The template as CloudFormation gets it, and who may do what by it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.lambda_.guarded_store import Grant

ROOT = Path(__file__).parents[2]
TOOLS = ROOT / ".venv-aws" / "bin"

Json = dict[str, Any]


def aws_tool(name: str) -> Path:
    """A program of .venv-aws; skips the test where it is not set up, unless TEST_AWS_TOOLS=required."""
    program = TOOLS / name
    if not program.exists():
        if os.environ.get("TEST_AWS_TOOLS") == "required":
            pytest.fail("AWS's tools are not set up: scripts/setup aws")
        pytest.skip("AWS's tools are not set up: scripts/setup aws")
    return program


def run_aws_tool(name: str, *arguments: str, variables: Mapping[str, str] | None = None) -> str:
    """What it prints. It knows no credentials and asks nobody."""
    program = aws_tool(name)
    environment = {
        "PATH": f"{TOOLS}:{os.environ['PATH']}",
        "HOME": os.environ.get("HOME", "/"),
        "AWS_DEFAULT_REGION": "us-east-1",
        "SAM_CLI_TELEMETRY": "0",
        **(variables or {}),
    }
    done = subprocess.run([program, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@cache
def transformed(template: str = "template.yaml", *parameters: str) -> Json:
    script = str(Path(__file__).with_name("transform_template.py"))
    told: Json = json.loads(run_aws_tool("python", script, template, *parameters))
    return told


def resources_of(kind: str, template: str = "template.yaml") -> dict[str, Json]:
    """Properties, by logical id."""
    found: Mapping[str, Json] = transformed(template)["Resources"]
    return {name: each["Properties"] for name, each in found.items() if each["Type"] == kind}


def statements_of(role: str, template: str = "template.yaml") -> Iterator[Json]:
    """A role's statements, those under a condition of the template included."""
    for policy in resources_of("AWS::IAM::Role", template)[role]["Policies"]:
        for statement in policy["PolicyDocument"]["Statement"]:
            yield statement["Fn::If"][1] if "Fn::If" in statement else statement


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def grants_of(role: str, template: str = "template.yaml") -> set[Grant]:
    """What a role may do on the tables."""
    return {
        Grant(_table_of(resource), action.removeprefix("dynamodb:"), _like(statement))
        for statement in statements_of(role, template)
        for action in as_list(statement["Action"])
        if action.startswith("dynamodb:")
        for resource in as_list(statement["Resource"])
    }


def _table_of(resource: Json) -> str:
    """`core`: of a table of the template, or of an ARN that ends in its name."""
    if "Fn::GetAtt" in resource:
        return str(resource["Fn::GetAtt"][0]).removesuffix("Table").lower()
    return str(resource["Fn::Sub"]).rpartition("-")[2]


def _like(statement: Json) -> tuple[str, ...]:
    if "Condition" not in statement:
        return ("*",)
    ((operator, keys),) = statement["Condition"].items()
    assert (operator, *keys) == ("ForAllValues:StringLike", "dynamodb:LeadingKeys")
    return tuple(keys["dynamodb:LeadingKeys"])


def table_actions_of(role: str) -> set[tuple[str, str]]:
    """What a role may do on which table: `("core", "GetItem")`."""
    return {(grant.table, grant.action) for grant in grants_of(role)}
