"""The packages as `sam build` makes them of template.yaml: for this machine, since others could not be run here."""

from __future__ import annotations

import fcntl
import platform
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from scripts.package_lambda import ARCHITECTURES, Platform, find_runtime
from tests.lambda_.transformed import run_aws_tool

# What the functions of the template serve.
SURFACES = {"GatewayFunction": "gateway", "AdminFunction": "admin", "MaintenanceFunction": "gateway"}
_NAMES = {"aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class Built:
    """`folder` has one for each function. `interpreter` is what they were compiled for, with no packages of its own."""

    platform: Platform
    folder: Path
    interpreter: str

    def package_of(self, function: str) -> Path:
        return self.folder / function


def build(folder: Path) -> Built:
    """Once for all processes that name the same folder. Skips where AWS's tools or Lambda's Python are missing."""
    architecture = _NAMES.get(platform.machine(), platform.machine())
    runtime = find_runtime()
    if runtime is None or architecture not in ARCHITECTURES:
        pytest.skip("a package for Lambda cannot be run on this machine")
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "build" / "template.yaml").exists():
            subprocess.run([runtime, "-m", "venv", "--without-pip", str(folder / "python")], check=True)
            chosen = ("--parameter-overrides", f"PythonRuntime={runtime} Architecture={architecture}")
            made_for = {"LAMBDA_RUNTIME": runtime, "LAMBDA_ARCHITECTURE": architecture}
            run_aws_tool("sam", "build", "--build-dir", str(folder / "build"), *chosen, variables=made_for)
    return Built(Platform(runtime, architecture), folder / "build", str(folder / "python" / "bin" / "python"))
