"""The roles of the template against what the functions really ask of DynamoDB: a store that refuses as IAM does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from openai import OpenAI

from migrations.description import to_create_table
from tenants.tables import ALL, TTL_ATTRIBUTE
from tests.lambda_.environment import Environment, running_environment
from tests.lambda_.guarded_store import GuardedStore, guarded
from tests.lambda_.transformed import table_actions_of
from tests.wire.ledger import Ledger
from tests.wire.messages import ask
from tests.wire.polling import eventually
from tests.wire.stack import CHAT_MODEL, CLAUDE_MODEL, PROJECT, Stack
from tests.wire.tenancy import Tenancy
from tests.wire.test_openai_sdk import WEATHER

SPEND_LIMIT = {"interval": "month", "currency": "USD", "threshold_amount": 10_000}

# What a role has for what these tests do not make happen.
SELDOM = {
    ("AdminRole", "audit", "Query"): "reading the audit log",
    ("AdminRole", "core", "GetItem"): "reading one record of several kinds",
    ("AdminRole", "core", "ConditionCheckItem"): "a record of a tenant that has to be active",
    ("AdminRole", "usage", "BatchWriteItem"): "rollups of hours that are over",
    ("AdminRole", "usage", "BatchGetItem"): "the grants of a project's keys, in pages",
    ("GatewayRole", "usage", "BatchGetItem"): "grants that are taken back from other keys",
    ("GatewayRole", "usage", "Query"): "which keys have such",
    ("MaintenanceRole", "usage", "BatchWriteItem"): "events that were left undelivered",
    ("MaintenanceRole", "usage", "BatchGetItem"): "the accounts of a project that has alerts",
    ("MaintenanceRole", "usage", "PutItem"): "an alert of a project that is reached",
    ("MaintenanceRole", "usage", "DeleteItem"): "one that was told",
}


@contextmanager
def environment_of(role: str, surface: str, stack: Stack, log: Path) -> Iterator[tuple[Environment, GuardedStore]]:
    """An environment as one of the functions is, on a store that lets through what its role may do."""
    with guarded(stack.dynamodb_endpoint, table_actions_of(role)) as store:
        variables = {
            "AWS_ENDPOINT_URL_DYNAMODB": store.endpoint_url,
            "SLUICE_SURFACES": surface,
            "SLUICE_SWEEP_SECONDS": "0",
        }
        try:
            with running_environment(stack, log, variables) as environment:
                yield environment, store
        finally:
            assert store.refused == set()
    check(role, store)


def check(role: str, store: GuardedStore) -> None:
    assert store.refused == set()
    unused = store.allowed - store.used
    assert {(role, *each) for each in unused} <= SELDOM.keys()


def test_the_gateways_role_lets_it_do_all_that_it_does_and_little_more(
    stack: Stack, tmp_path: Path, tenancy: Tenancy
) -> None:
    project_id = tenancy.create_project()
    path = f"/organization/projects/{project_id}"
    tenancy.post(f"{path}/spend_limit", SPEND_LIMIT)
    tenancy.post(f"{path}/rate_limits/rl-*", {"max_requests_per_1_minute": 1000})
    key = tenancy.issue(project_id)
    with environment_of("GatewayRole", "gateway", stack, tmp_path / "log") as (environment, _):
        with environment.openai(key.value) as client:
            client.chat.completions.create(model=CHAT_MODEL, messages=ask("Hello"))
            list(client.chat.completions.create(model=CHAT_MODEL, messages=ask("Hello"), stream=True))
            client.embeddings.create(model="amazon.titan-embed-text-v2:0", input="text")
            client.models.list()
            client.chat.completions.create(
                model=CLAUDE_MODEL,
                messages=ask("Use get_weather for Berlin"),
                tools=[WEATHER],
                reasoning_effort="low",
            )
            answer = httpx2.get(
                f"{environment.door.base_url}/me", headers={"authorization": f"Bearer {key.value}"}, timeout=30
            )
            assert answer.status_code == 200
            tenancy.change(key, body={"name": "changed"})  # the process has to read the key again
            client.chat.completions.create(model=CHAT_MODEL, messages=ask("Hello"))


def test_the_admin_apis_role_lets_it_do_all_that_it_does_and_little_more(stack: Stack, tmp_path: Path) -> None:
    with environment_of("AdminRole", "admin", stack, tmp_path / "log") as (environment, _):
        tenancy = Tenancy(environment.door.base_url, stack.admin_key)
        try:
            administer(tenancy)
        finally:
            tenancy.close()


def administer(tenancy: Tenancy) -> None:
    """One of everything."""
    organization = tenancy.sdk.admin.organization
    project_id = tenancy.create_project()
    key = tenancy.issue(project_id)
    account = organization.projects.service_accounts.create(project_id, name="robot")
    assert organization.projects.api_keys.list(project_id).data
    assert organization.projects.list().data
    organization.projects.update(project_id, name="another")
    tenancy.change(key, body={"name": "changed"})
    tenancy.rotate(key, grace_period_seconds=60)
    tenancy.allow(project_id, CHAT_MODEL)
    tenancy.post(f"/organization/projects/{project_id}/spend_limit", SPEND_LIMIT)
    organization.usage.completions(start_time=1_700_000_000, limit=1)
    organization.usage.costs(start_time=1_700_000_000, limit=1)
    for path in ("budget", f"api_keys/{key.id}/budget"):
        tenancy.get(f"/organization/projects/{project_id}/{path}")
    organization.projects.service_accounts.delete(account.id, project_id=project_id)
    tenancy.delete(key)
    tenancy.archive(project_id)


def test_the_maintenance_role_lets_it_finish_what_was_left_behind(
    stack: Stack, tmp_path: Path, tenancy: Tenancy, ledger: Ledger
) -> None:
    key = tenancy.issue_alone()
    with running_environment(stack, tmp_path / "log", {"SLUICE_HOLD_SECONDS": "2"}) as environment:
        with environment.openai(key.value) as client:
            leave_a_hold(client, environment)
    assert len(ledger.totals(key).holds) == 1
    with guarded(stack.dynamodb_endpoint, table_actions_of("MaintenanceRole")) as store:
        variables = {"AWS_ENDPOINT_URL_DYNAMODB": store.endpoint_url}
        eventually(lambda: maintain(stack, "sweep", variables), lambda swept: not ledger.totals(key).holds, 60)
        assert maintain(stack, "rollup", variables)["failed"] == 0
        make_tables(ledger, "fresh")
        recorded = maintain(stack, "migrate", {**variables, "SLUICE_TABLE_PREFIX": "fresh"})
    assert recorded["applied"]
    check("MaintenanceRole", store)
    assert [event.status for event in ledger.events(key)] == ["abandoned"]


def make_tables(ledger: Ledger, prefix: str) -> None:
    """As the template does."""
    client = ledger.table.meta.client
    for spec in ALL:
        name = f"{prefix}-{spec.role}"
        client.create_table(**to_create_table(spec, name))
        if spec.expires:
            ttl = {"AttributeName": TTL_ATTRIBUTE, "Enabled": True}
            client.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)  # type: ignore[arg-type]


def leave_a_hold(client: OpenAI, environment: Environment) -> None:
    stream = client.chat.completions.create(model=CHAT_MODEL, messages=ask("[[sim:tokens=900 gap_ms=50]]"), stream=True)
    next(iter(stream))
    environment.process.send_signal(signal.SIGKILL)
    environment.process.wait()


_MAINTAIN = """
import json, sys
from gateway.lambda_runtime import maintain
print(json.dumps(maintain({"sluice": sys.argv[1]}, None)))
"""


def maintain(stack: Stack, task: str, variables: dict[str, str]) -> dict[str, object]:
    environment = {**os.environ, **stack.serve_env, **variables}
    done = subprocess.run(
        [sys.executable, "-c", _MAINTAIN, task],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told: dict[str, object] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("place", sorted(SELDOM))
def test_what_is_called_seldom_is_allowed(place: tuple[str, str, str]) -> None:
    role, table, action = place
    assert (table, action) in table_actions_of(role)
