"""The audit trail of a running deployment: read by the SDK, verified by the command, also after a crash."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from tests.wire.killable import start_killable
from tests.wire.polling import eventually
from tests.wire.stack import PROJECT, Gateway, Stack
from tests.wire.tenancy import ADMIN_PLACEHOLDER, Tenancy


def verify(stack: Stack, *options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "gateway", "audit", "verify", "--json", *options]
    environment = {**os.environ, **stack.serve_env}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert done.returncode in (0, 1), done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    assert told["intact"] is (done.returncode == 0)
    return told


def log_of(tenancy: Tenancy, project_id: str) -> list[str]:
    listed = tenancy.sdk.admin.organization.audit_logs.list(project_ids=[project_id], limit=3)
    return [each.type for each in listed]


def test_a_projects_life_is_listed_newest_first_by_both_clients(stack: Stack, tenancy: Tenancy) -> None:
    project_id = tenancy.create_project()
    key = tenancy.issue(project_id)
    tenancy.rotate(key, 60)
    tenancy.delete(key)
    tenancy.archive(project_id)
    lived = ["project.archived", "api_key.deleted", "api_key.rotated", "api_key.created", "project.created"]
    assert log_of(tenancy, project_id) == lived

    async def list_them() -> list[str]:
        async with AsyncOpenAI(
            api_key=ADMIN_PLACEHOLDER, admin_api_key=stack.admin_key, base_url=stack.base_url, max_retries=0
        ) as sdk:
            listed = sdk.admin.organization.audit_logs.list(project_ids=[project_id], limit=2)
            return [each.type async for each in listed]

    assert asyncio.run(list_them()) == lived


def test_no_secret_is_in_the_trail(stack: Stack, tenancy: Tenancy) -> None:
    key = tenancy.issue_alone()
    rotated = tenancy.rotate(key, 0)
    with OpenAI(api_key=ADMIN_PLACEHOLDER, admin_api_key=key.value, base_url=stack.base_url, max_retries=0) as sdk:
        with pytest.raises(openai.AuthenticationError):
            sdk.admin.organization.projects.list()
    headers = {"Authorization": f"Bearer {stack.admin_key}"}
    entries = httpx2.get(f"{stack.base_url}/organization/audit_logs?limit=100", headers=headers).text
    assert key.id in entries
    for secret in (key.value, rotated.value, stack.admin_key):
        assert secret not in entries
        assert secret[-20:] not in entries


def test_a_refused_attempt_is_listed_with_its_request(stack: Stack, second: Gateway) -> None:
    # From an address of its own: of many attempts from one, some are counted together.
    with httpx2.Client(transport=httpx2.HTTPTransport(local_address="127.0.0.73")) as client:
        refused = client.post(f"{second.base_url}/organization/projects", headers={"authorization": "Bearer wrong"})
    assert refused.status_code == 401
    headers = {"Authorization": f"Bearer {stack.admin_key}"}
    url = f"{stack.base_url}/organization/audit_logs?event_types[]=login.failed&limit=100"
    eventually(
        lambda: {each["request_id"] for each in httpx2.get(url, headers=headers).json()["data"]},
        lambda listed: refused.headers["x-request-id"] in listed,
    )


def test_two_processes_at_once_leave_a_trail_that_verifies(stack: Stack, second: Gateway, tenancy: Tenancy) -> None:
    other = Tenancy(second.base_url, stack.admin_key)
    try:
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda number: (tenancy, other)[number % 2].create_project(), range(24)))
    finally:
        other.close()
    assert verify(stack)["problems"] == []


def test_a_process_that_is_killed_while_it_writes_leaves_a_trail_that_verifies(stack: Stack, tmp_path: Path) -> None:
    gateway = start_killable(stack, tmp_path / "log", {})
    killed = Tenancy(gateway.base_url, stack.admin_key)
    made: list[str] = []

    def create() -> None:
        try:
            while True:
                made.append(killed.create_project())
        except openai.APIConnectionError:
            return

    with ThreadPoolExecutor(4) as threads:
        for _ in range(4):
            threads.submit(create)
        while len(made) < 12:
            pass
        gateway.kill()
    killed.close()
    assert verify(stack)["problems"] == []
    survivor = Tenancy(stack.base_url, stack.admin_key)
    for project_id in made:
        assert log_of(survivor, project_id) == ["project.created"]
    survivor.close()


def test_the_gateways_log_has_the_heads(stack: Stack, tenancy: Tenancy, tmp_path: Path) -> None:
    tenancy.create_project()
    heads = tmp_path / "heads"
    assert verify(stack, "--keep", str(heads))["intact"]
    assert verify(stack, "--heads", str(heads))["intact"]
