"""What a cold start loads: modules are counted here, and the time is measured by bench/coldstart.py."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.wire.stack import PROJECT

_PROGRAM = """
import asyncio, json, os, sys
from gateway.lambda_runtime import build
asyncio.run(build(os.environ))
files = {name: getattr(module, "__file__", None) for name, module in sys.modules.items()}
sizes = {name: os.path.getsize(file) for name, file in files.items() if file and os.path.exists(file)}
print(json.dumps({"modules": len(files), "bytes": sum(sizes.values()), "names": sorted(files)}))
"""
_SETTINGS = {
    "AWS_REGION": "us-east-1",
    "SLUICE_PEPPER": "p1:" + "00" * 32,
    "SLUICE_ADMIN_KEY": "a" * 48,
    # As Lambda sets them; and no folder ~/.aws, as there.
    "AWS_ACCESS_KEY_ID": "AKID",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "HOME": "/nonexistent",
}

# A server, a command line, the other plane, and what is opened for a few requests only.
NEVER = {"uvicorn", "uvloop", "typer", "rich", "boto3", "moto", "simulator", "migrations", "multiprocessing"}
NOT_FOR_THE_DATA_PLANE = {"admin", "pynamodb", "aiohttp", "yarl", "fastapi", "urllib3"}


def loaded(surface: str, **more: str) -> dict[str, Any]:
    environment = {**_SETTINGS, "SLUICE_SURFACES": surface, **more}
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM], cwd=PROJECT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_the_data_plane_loads_nothing_that_it_does_not_need() -> None:
    found = loaded("gateway")
    assert not {name.split(".")[0] for name in found["names"]} & (NEVER | NOT_FOR_THE_DATA_PLANE)
    assert "botocore.session" not in found["names"]
    # 600 modules as of writing, compiled ones among them. Who adds a tenth to it has to say so here.
    assert found["modules"] < 660
    assert found["bytes"] < 29_000_000


def test_what_nobody_waits_for_is_loaded_ahead() -> None:
    """A snapshot, or an environment that is kept warm, has FastAPI before its first request."""
    assert "fastapi" in loaded("gateway", AWS_LAMBDA_INITIALIZATION_TYPE="snap-start")["names"]
    assert "fastapi" in loaded("gateway", AWS_LAMBDA_INITIALIZATION_TYPE="provisioned-concurrency")["names"]
    assert "fastapi" not in loaded("gateway", AWS_LAMBDA_INITIALIZATION_TYPE="on-demand")["names"]


@pytest.mark.parametrize("surface", ["admin"])
def test_the_control_plane_loads_no_server_and_no_command_line(surface: str) -> None:
    assert not {name.split(".")[0] for name in loaded(surface)["names"]} & NEVER
