from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from gateway.settings import Settings
from tests.lambda_.transformed import ROOT

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
