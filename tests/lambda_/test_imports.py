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
# What an environment asks its application before it has loaded all of it.
_ASKING = """
import asyncio, json, os, sys
from gateway.lambda_runtime import build

async def status_of(app, method, path):
    sent = []
    async def receive():
        return {"type": "http.request", "body": b"{}"}
    async def send(message):
        sent.append(message)
    scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}
    await app(scope, receive, send)
    return sent[0]["status"]

async def main():
    app = await build(os.environ)
    for method, path in json.load(sys.stdin):
        print(json.dumps([await status_of(app, method, path), sorted(sys.modules)]))

asyncio.run(main())
"""
# The loop as `run_lambda` starts it, until it is ready for invocations.
_ENTRY = """
import gc, json
from gateway.aws_lambda import __main__ as entry, extension

def collections():
    return gc.get_stats()[0]["collections"]

async def register(self):
    print(json.dumps([gc.isenabled(), gc.get_freeze_count(), collections() - before]))
    raise SystemExit

extension.Extension.register = register
before = collections()
entry.main()
"""
_SETTINGS = {
    "AWS_REGION": "us-east-1",
    "SLUICE_PEPPER": "p1:" + "00" * 32,
    "SLUICE_ADMIN_KEY": "a" * 48,
    # As Lambda sets them; and no folder ~/.aws, as there.
    "AWS_ACCESS_KEY_ID": "AKID",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "HOME": "/nonexistent",
    # As template.yaml and run_lambda set them.
    "SLUICE_SWEEP_SECONDS": "0",
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
}

# A server, a command line, the other plane, and what is opened for a few requests only.
NEVER = {"uvicorn", "uvloop", "typer", "rich", "boto3", "moto", "simulator", "migrations", "multiprocessing"}
NOT_FOR_THE_DATA_PLANE = {"admin", "pynamodb", "aiohttp", "yarl", "fastapi", "urllib3"}
# Of our own: what only a server does, what a few settings ask for, and what comes with the first request for it.
NOT_AT_FIRST = {
    *("gateway.upkeep", "gateway.sweeping", "gateway.project_alerts", "gateway.tracing", "starlette.middleware.cors"),
    *("gateway.catalog.operator_file", "gateway.catalog.price_rows", "tenants.group_roles"),
    *("gateway.routes.embeddings", "gateway.openai.embeddings", "gateway.routes.models", "gateway.routes.me"),
    *("tenants.audit", "tenants.audit_rows", "tenants.usage_report", "tenants.usage_rollup", "tenants.usage_books"),
}


def output_of(program: str, told: str = "", **settings: str) -> str:
    environment = {**_SETTINGS, **settings}
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT,
        env=environment,
        input=told,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def loaded(surface: str, **more: str) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(output_of(_PROGRAM, SLUICE_SURFACES=surface, **more))
    return told


def test_the_data_plane_loads_nothing_that_it_does_not_need() -> None:
    found = loaded("gateway")
    assert not {name.split(".")[0] for name in found["names"]} & (NEVER | NOT_FOR_THE_DATA_PLANE)
    assert not {*found["names"]} & (NOT_AT_FIRST | {"botocore.session"})
    # 576 modules and 20.6 MB as of writing, compiled ones among them. Who adds a twentieth to it has to say so here.
    assert found["modules"] < 605
    assert found["bytes"] < 21_700_000


def test_what_nobody_waits_for_is_loaded_ahead() -> None:
    """A snapshot, or an environment that is kept warm, has FastAPI before its first request."""
    assert "fastapi" in loaded("gateway", AWS_LAMBDA_INITIALIZATION_TYPE="snap-start")["names"]
    assert "fastapi" in loaded("gateway", AWS_LAMBDA_INITIALIZATION_TYPE="provisioned-concurrency")["names"]
    assert "fastapi" not in loaded("gateway", AWS_LAMBDA_INITIALIZATION_TYPE="on-demand")["names"]


@pytest.mark.parametrize("surface", ["admin"])
def test_the_control_plane_loads_no_server_and_no_command_line(surface: str) -> None:
    assert not {name.split(".")[0] for name in loaded(surface)["names"]} & NEVER


def test_what_is_no_chat_is_loaded_with_the_first_request_for_it_and_without_the_framework() -> None:
    asked = [("POST", "/v1/chat/completions"), ("GET", "/v1/me"), ("POST", "/v1/embeddings"), ("GET", "/v1/elsewhere")]
    lines = output_of(_ASKING, json.dumps(asked), SLUICE_SURFACES="gateway").splitlines()
    statuses, names = zip(*(json.loads(line) for line in lines), strict=True)
    assert statuses == (401, 401, 401, 404)
    assert not {*names[0]} & NOT_AT_FIRST
    assert {"gateway.routes.me", "gateway.routes.embeddings"} <= {*names[1]}
    assert [("fastapi" in each) for each in names] == [False, False, False, True]


def test_nothing_is_collected_while_it_is_imported_and_what_stays_is_never_looked_at_again() -> None:
    told = output_of(_ENTRY, SLUICE_SURFACES="gateway", AWS_LAMBDA_RUNTIME_API="127.0.0.1:9")
    enabled, frozen, collections = json.loads(told)
    assert enabled
    assert frozen > 50_000
    assert collections < 5
