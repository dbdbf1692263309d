"""The roles of the template against what the functions really ask of DynamoDB: a store that refuses as IAM does. Every
action of a role is used here, so that one which nothing needs any more is found."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2
import pytest
from openai import AuthenticationError, BadRequestError, OpenAI

from migrations.description import to_create_table
from tenants.event_item import event_to_values
from tenants.event_order import DAY_MS
from tenants.tables import ALL, TTL_ATTRIBUTE
from tests.admin.local_issuer import AUDIENCE, running_issuer
from tests.engines import dynoxide_binary
from tests.lambda_.environment import Environment, running_environment
from tests.lambda_.guarded_store import GuardedStore, guarded
from tests.lambda_.test_environments import secrets_manager
from tests.lambda_.transformed import grants_of
from tests.tenants.usage_samples import a_request
from tests.wire.ledger import Ledger
from tests.wire.messages import ask
from tests.wire.polling import eventually
from tests.wire.stack import CHAT_MODEL, CLAUDE_MODEL, PROJECT, Stack, running_stack
from tests.wire.tenancy import IssuedKey, Json, Tenancy
from tests.wire.test_openai_sdk import WEATHER
from tests.wire.webhook_receiver import SECRET, open_receiver

# Each of the project's keys asks for nearly all of it: the second one is granted what the first one has left.
TIGHT: Json = {"spend_limits": [{"interval": "month", "currency": "tokens", "threshold_amount": 5_000}]}
NEARLY_ALL = 4_000
ALERT = {
    "currency": "tokens",
    "interval": "month",
    "threshold_amount": 1,
    "notification_channel": {"type": "email", "recipients": ["finance@example.com"]},
}


@contextmanager
def guarded_by(role: str, stack: Stack) -> Iterator[GuardedStore]:
    """A store that lets through what a role may do. Nothing else is asked for, and all of it is needed."""
    with guarded(stack.dynamodb_endpoint, grants_of(role)) as store:
        try:
            yield store
        finally:
            assert store.refused == set()
    assert store.grants - store.used == set()


@contextmanager
def environment_of(
    role: str, surface: str, stack: Stack, log: Path, settings: Mapping[str, str], concurrency: int = 1
) -> Iterator[Environment]:
    """An environment as one of the functions is."""
    with guarded_by(role, stack) as store:
        variables = {
            "AWS_ENDPOINT_URL_DYNAMODB": store.endpoint_url,
            "SLUICE_SURFACES": surface,
            "SLUICE_SWEEP_SECONDS": "0",
            **settings,
        }
        with running_environment(stack, log, variables, concurrency) as environment:
            yield environment


def test_the_gateways_role_lets_it_do_all_that_it_does_and_nothing_more(
    stack: Stack, tmp_path: Path, tenancy: Tenancy
) -> None:
    key = tenancy.issue_alone()
    tenancy.post(f"/organization/projects/{key.project_id}/rate_limits/rl-*", {"max_requests_per_1_minute": 1000})
    settings = {"SLUICE_ACCOUNT_SHARD_REQUESTS": "1", "SLUICE_IMPORTED_KEYS": "true"}
    with environment_of("GatewayRole", "gateway", stack, tmp_path / "log", settings, concurrency=4) as environment:
        with environment.openai(key.value) as client:
            call_all(client)
            call_at_once(client)
            answer = httpx2.get(
                f"{environment.door.base_url}/me", headers={"authorization": f"Bearer {key.value}"}, timeout=30
            )
            assert answer.status_code == 200
            tenancy.change(key, body={"name": "changed"})  # the process has to read the key again
            client.chat.completions.create(model=CHAT_MODEL, messages=ask("Hello"))
            tenancy.delete(key)
            with pytest.raises(AuthenticationError):
                client.chat.completions.create(model=CHAT_MODEL, messages=ask("Hello"))
        with environment.openai("a-key-that-nobody-imported") as stranger, pytest.raises(AuthenticationError):
            stranger.models.list()
        share_a_budget(environment, tenancy)


def call_all(client: OpenAI) -> None:
    client.chat.completions.create(model=CHAT_MODEL, messages=ask("Hello"))
    list(client.chat.completions.create(model=CHAT_MODEL, messages=ask("Hello"), stream=True))
    client.embeddings.create(model="amazon.titan-embed-text-v2:0", input="text")
    client.models.list()
    client.chat.completions.create(
        model=CLAUDE_MODEL, messages=ask("Use get_weather for Berlin"), tools=[WEATHER], reasoning_effort="low"
    )


def call_at_once(client: OpenAI) -> None:
    """More than one account item takes: the key's account is spread."""

    def chat(number: int) -> None:
        client.chat.completions.create(model=CHAT_MODEL, messages=ask(f"[[sim:tokens=20 gap_ms=20]] {number}"))

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(chat, range(8)))


def share_a_budget(environment: Environment, tenancy: Tenancy) -> None:
    project_id = tenancy.create_project()
    tenancy.post(f"/organization/projects/{project_id}/limits", TIGHT)
    for key in [tenancy.issue(project_id) for _ in range(2)]:
        with environment.openai(key.value) as client:
            client.chat.completions.create(model=CHAT_MODEL, messages=ask("Hello"), max_tokens=NEARLY_ALL)


def test_the_admin_apis_role_lets_it_do_all_that_it_does_and_nothing_more(
    stack: Stack, tmp_path: Path, tenancy: Tenancy, ledger: Ledger
) -> None:
    used = use_yesterday(tenancy, ledger)
    with running_issuer() as issuer:
        settings = {
            "SLUICE_OIDC_ISSUER": issuer.url,
            "SLUICE_OIDC_AUDIENCE": AUDIENCE,
            "SLUICE_OIDC_ROLES": "platform=org.owner",
            "SLUICE_IMPORTED_KEYS": "true",
        }
        with environment_of("AdminRole", "admin", stack, tmp_path / "log", settings) as environment:
            with closing(Tenancy(environment.door.base_url, issuer.token(groups=["platform"]))) as signed_in:
                signed_in.create_project()
            with closing(Tenancy(environment.door.base_url, stack.admin_key)) as administrator:
                administer(administrator)
                administer_people(administrator)
                administer_keys(administrator, stack.admin_key)
                read_reports(administrator, used)


def use_yesterday(tenancy: Tenancy, ledger: Ledger) -> IssuedKey:
    """A key of a project that was made two days ago, and an event of a day later."""
    key, now_ms = tenancy.issue_alone(), time.time_ns() // 1_000_000
    ledger.table.put_item(Item=event_to_values(a_request(now_ms - DAY_MS, key.project_id)))
    ledger.table.meta.client.update_item(
        TableName=ledger.table.name.replace("-usage", "-core"),
        Key={"pk": f"T#{key.project_id}", "sk": "TENANT"},
        UpdateExpression="SET created_at = :then",
        ExpressionAttributeValues={":then": (now_ms - 2 * DAY_MS) // 1000},
    )
    return key


def administer(tenancy: Tenancy) -> None:
    organization = tenancy.sdk.admin.organization
    project_id = tenancy.create_project()
    path = f"/organization/projects/{project_id}"
    organization.projects.update(project_id, name="another", extra_headers={"Idempotency-Key": "a key"})
    assert organization.projects.list().data
    account = organization.projects.service_accounts.create(project_id, name="robot")
    assert organization.projects.service_accounts.list(project_id).data
    tenancy.allow(project_id, CHAT_MODEL)
    tenancy.post(f"{path}/spend_limit", {"interval": "month", "currency": "USD", "threshold_amount": 10_000})
    tenancy.post(f"{path}/spend_alerts", ALERT)
    tenancy.get(f"{path}/budget")
    assert tenancy.get("/organization/models")["data"]
    organization.projects.service_accounts.delete(account.id, project_id=project_id)
    # A mistake: the claim of its key is forgotten, so that the repaired request may have it.
    with pytest.raises(BadRequestError):
        organization.projects.create(name="", extra_headers={"Idempotency-Key": "another key"})
    tenancy.archive(project_id)


def administer_people(tenancy: Tenancy) -> None:
    project_id = tenancy.create_project()
    keys = tenancy.sdk.admin.organization.admin_api_keys
    lead = keys.create(name="lead", extra_body={"role": "project_owner", "project_id": project_id})
    with closing(Tenancy(str(tenancy.sdk.base_url), lead.value)) as owner:
        owner.get("/organization/me")
        users = owner.sdk.admin.organization.projects.users
        users.create(project_id, role="member", extra_body={"user_id": "ada"})
        users.update("ada", project_id=project_id, role="owner")
        assert users.list(project_id).data
        users.delete("ada", project_id=project_id)
        assert owner.sdk.admin.organization.audit_logs.list().data
    assert keys.list().data
    keys.delete(lead.id)
    with pytest.raises(AuthenticationError):
        Tenancy(str(tenancy.sdk.base_url), lead.value).get("/organization/me")
    users_of_all = tenancy.sdk.admin.organization.users
    assert users_of_all.list().data
    users_of_all.delete("ada")


def administer_keys(tenancy: Tenancy, admin_key: str) -> None:
    key = tenancy.issue_alone()
    path = f"/organization/projects/{key.project_id}/api_keys"
    assert tenancy.sdk.admin.organization.projects.api_keys.list(key.project_id).data
    tenancy.change(key, body={"name": "changed"})
    tenancy.change(key, "disable")
    tenancy.change(key, "enable")
    tenancy.rotate(key, grace_period_seconds=60)
    tenancy.get(f"{path}/{key.id}/budget")
    imported = tenancy.post(f"{path}/import", {"name": "former", "sha256": "ab" * 32, "hint": "abcd"})
    report = [{"token": key.value, "type": "sluice_api_key", "url": "https://example.com", "source": "commit"}]
    tenancy.sdk.post(
        "/organization/leaked_keys",
        body=report,
        cast_to=object,
        options={"headers": {"Authorization": f"Bearer {admin_key}"}},
    )
    tenancy.delete(key)
    tenancy.sdk.admin.organization.projects.api_keys.delete(imported["id"], project_id=key.project_id)


def read_reports(tenancy: Tenancy, used: IssuedKey) -> None:
    """Of hours that are over, which are rolled up."""
    since = int(time.time()) - 2 * DAY_MS // 1000
    usage = tenancy.sdk.admin.organization.usage
    days = usage.completions(start_time=since, project_ids=[used.project_id]).data
    assert sum(line.to_dict()["num_model_requests"] == 1 for day in days for line in day.results) == 1
    usage.costs(start_time=since)
    assert tenancy.sdk.admin.organization.audit_logs.list(project_ids=[used.project_id]).data


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Stack]:
    """A store of its own, whose own gateway does no maintenance."""
    dynoxide_binary()
    with running_stack(tmp_path / "store", {"SLUICE_SWEEP_SECONDS": "0"}) as stack:
        yield stack


def test_the_maintenance_role_lets_it_do_all_that_it_does_and_nothing_more(quiet: Stack, tmp_path: Path) -> None:
    with closing(Tenancy(quiet.base_url, quiet.admin_key)) as tenancy:
        key = tenancy.issue_alone()
        tenancy.post(f"/organization/projects/{key.project_id}/spend_alerts", ALERT)
    with running_environment(quiet, tmp_path / "log", {"SLUICE_HOLD_SECONDS": "2"}) as environment:
        with environment.openai(key.value) as client:
            client.chat.completions.create(model=CHAT_MODEL, messages=ask("Hello"))
            leave_a_hold(client, environment)
    with (
        closing(Ledger(quiet)) as ledger,
        guarded_by("MaintenanceRole", quiet) as store,
        open_receiver() as receiver,
        secrets_manager({"arn:webhook": SECRET}) as (secrets_url, _),
    ):
        assert len(ledger.totals(key).holds) == 1
        variables = {
            "AWS_ENDPOINT_URL_DYNAMODB": store.endpoint_url,
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": secrets_url,
            "SLUICE_ALERT_WEBHOOK_URL": receiver.url,
            "SLUICE_ALERT_WEBHOOK_SECRET_SECRET_ARN": "arn:webhook",
        }
        eventually(lambda: maintain(quiet, "sweep", variables), lambda swept: not ledger.totals(key).holds, 60)
        assert [event["data"]["project_id"] for event in receiver.events] == [key.project_id]
        assert maintain(quiet, "rollup", variables)["failed"] == 0
        make_tables(ledger, "fresh")
        assert maintain(quiet, "migrate", {**variables, "SLUICE_TABLE_PREFIX": "fresh"})["applied"]
        assert {event.status for event in ledger.events(key)} == {"ok", "abandoned"}


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
