from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gateway.settings import Settings
from tests.lambda_.transformed import ROOT, as_list, grants_of, statements_of, transformed

TEXT = (ROOT / "template-fargate.yaml").read_text()


def test_the_tasks_command_makes_the_pepper_of_the_generated_secret(tmp_path: Path) -> None:
    sluice = tmp_path / "sluice"
    sluice.write_text('#!/bin/sh\necho "$* $SLUICE_PEPPER ${PEPPER_HEX-gone}"\n')
    sluice.chmod(0o755)
    (command,) = re.findall(r"Command: \['(.+)'\]$", TEXT, re.MULTILINE)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PEPPER_HEX": "00" * 32}
    done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["serve", "p1:" + "00" * 32, "gone"]


def test_the_tasks_variables_are_settings() -> None:
    names = re.findall(r"\{Name: (SLUICE_\w+), Value", TEXT)
    assert names
    for name in names:
        assert name.removeprefix("SLUICE_").lower() in Settings.model_fields


def test_the_load_balancer_closes_idle_connections_before_a_task_does() -> None:
    (longest,) = re.findall(r"IdleSeconds:.*?MaxValue: (\d+)", TEXT, re.DOTALL)
    (kept,) = re.findall(r'SLUICE_CONNECTION_IDLE_SECONDS, Value: "(\d+)"', TEXT)
    assert int(kept) > int(longest)


def test_a_task_may_do_what_the_three_functions_may_but_for_migrations() -> None:
    """It serves both planes, and sweeps. `test_roles.py` proves that the functions need all of it."""
    functions = grants_of("GatewayRole") | grants_of("AdminRole") | grants_of("MaintenanceRole")
    needed = {
        (grant.table, grant.action)
        for grant in functions
        if grant.partitions != ("MIGRATIONS*",) and not grant.action.startswith("Describe")
    }
    assert {(grant.table, grant.action) for grant in grants_of("TaskRole", "template-fargate.yaml")} == needed


def test_a_task_may_call_the_models_that_the_gateway_may() -> None:
    def of_bedrock(statements: Iterable[dict[str, Any]]) -> dict[str, Any]:
        return {each["Sid"]: each for each in statements if as_list(each["Action"])[0].startswith("bedrock:")}

    ours, theirs = statements_of("TaskRole", "template-fargate.yaml"), statements_of("GatewayRole")
    assert of_bedrock(ours) == of_bedrock(theirs) != {}


def test_it_has_the_parameters_of_the_other_template_for_the_same_settings() -> None:
    ours, theirs = (transformed(name)["Parameters"] for name in ("template-fargate.yaml", "template.yaml"))
    shared = ours.keys() & theirs.keys()
    assert {"OidcIssuer", "AlertWebhookUrl", "SecretScanningKeysUrl", "FetchMedia", "GuardrailArns"} <= shared
    for name in shared - {"Architecture", "TablePrefix", "LogLevel"}:
        assert ours[name] == theirs[name], name
