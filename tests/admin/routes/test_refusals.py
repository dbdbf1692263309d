"""What is refused over HTTP is in the audit trail, without a secret; what is not, is not."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict

import httpx2
import pytest
from fastapi import HTTPException

from admin.auth import BOOTSTRAP_ACTOR_ID
from admin.control_plane import ControlPlane
from admin.routes.refusals import is_recorded
from tenants.audit import ORGANIZATION, UNKNOWN_ACTOR_ID, Actor, AuditAction, AuditEvent, Outcome
from tenants.errors import (
    Conflict,
    FenceStale,
    IncorrectSecret,
    InvalidArgument,
    LedgerUnavailable,
    MissingCredential,
    NotFound,
    StaleVersion,
    TenantsError,
    TooContended,
)

AuditTrail = Callable[[], Awaitable[list[AuditEvent]]]
OWNER = Actor("admin_1", role="org.owner")
MEMBER = Actor("admin_2", role="project.member")
WRONG_KEY = "sk-sluice-admin_" + "a" * 12 + "SecretSecretSecretSecretSecretSe" + "wrong1"


@pytest.mark.parametrize("actor", [Actor("admin_bootstrap"), OWNER])
@pytest.mark.parametrize(
    ("error", "of_reads", "of_changes"),
    [
        (MissingCredential(), True, True),
        (IncorrectSecret("x" * 20, "unknown"), True, True),
        (TenantsError("a refusal that is made one day"), True, True),
        (NotFound("x"), False, True),
        (InvalidArgument("x", "name"), False, True),
        (Conflict("x"), False, True),
        (StaleVersion("x"), False, True),
        (HTTPException(400), False, True),
        (HTTPException(500), False, False),
        (LedgerUnavailable(), False, False),
        (TooContended("x"), False, False),
        (FenceStale(1, 1), False, False),
        (RuntimeError("a bug"), False, False),
    ],
)
def test_what_is_recorded(error: Exception, of_reads: bool, of_changes: bool, actor: Actor) -> None:
    assert is_recorded(error, "GET", actor) is of_reads
    assert is_recorded(error, "POST", actor) is is_recorded(error, "DELETE", actor) is of_changes


def test_what_is_not_found_by_who_does_not_see_all_tenants_is_recorded() -> None:
    assert is_recorded(NotFound("x"), "GET", MEMBER)


@pytest.fixture
def audit_trail(audit_trail: AuditTrail, control: ControlPlane) -> AuditTrail:
    """With all that was refused: on a slow machine some of it is written after its answer."""

    async def read() -> list[AuditEvent]:
        assert control.refused_attempts is not None
        await control.refused_attempts.close()
        return await audit_trail()

    return read


@pytest.fixture
def audit_of(client: httpx2.AsyncClient, audit_trail: AuditTrail) -> Callable[[], Awaitable[AuditEvent]]:
    async def last() -> AuditEvent:
        return (await audit_trail())[-1]

    return last


LastEvent = Callable[[], Awaitable[AuditEvent]]


async def test_a_wrong_key_is_recorded_by_its_hint_and_address(client: httpx2.AsyncClient, audit_of: LastEvent) -> None:
    response = await client.get("/projects/proj_1/api_keys", headers={"authorization": f"Bearer {WRONG_KEY}"})
    event = await audit_of()
    assert (event.action, event.outcome, event.tenant_id) == (
        AuditAction.LOGIN_FAILED,
        Outcome.REFUSED,
        ORGANIZATION,
    )
    assert event.actor == Actor(UNKNOWN_ACTOR_ID, "127.0.0.1")
    assert event.target_id == "key_" + "a" * 12
    assert event.request_id == response.headers["x-request-id"]
    assert event.attempt is not None
    assert event.attempt.message == "Incorrect API key provided: sk-sluice-admin_...ong1."
    assert event.attempt.route == "/v1/organization/projects/{project_id}/api_keys"
    assert "Secret" not in json.dumps(asdict(event))


async def test_a_request_without_a_key_is_recorded(client: httpx2.AsyncClient, audit_of: LastEvent) -> None:
    del client.headers["authorization"]
    assert (await client.post("/projects", json={"name": "x"})).status_code == 401
    event = await audit_of()
    assert event.attempt is not None
    assert (event.attempt.error, event.target_id) == ("missing_credential", "")


async def test_a_change_of_what_is_not_there_is_recorded_with_its_target(
    client: httpx2.AsyncClient, audit_of: LastEvent
) -> None:
    assert (await client.post("/projects/proj_x/api_keys/key_y/disable")).status_code == 404
    event = await audit_of()
    assert (event.action, event.actor.id) == (AuditAction.REQUEST_REFUSED, BOOTSTRAP_ACTOR_ID)
    assert (event.tenant_id, event.target_id) == ("proj_x", "key_y")
    assert event.attempt is not None
    assert (event.attempt.method, event.attempt.error, event.attempt.message) == ("POST", "not_found", None)


@pytest.mark.parametrize(
    ("body", "message"),
    [({}, "at name"), ({"name": 5}, "at name"), ({"name": "x", "sk_live_secret": 1}, None), ([], None)],
)
async def test_an_invalid_change_is_recorded_by_the_field_at_fault_alone(
    client: httpx2.AsyncClient, audit_of: LastEvent, body: object, message: str | None
) -> None:
    assert (await client.post("/projects", json=body)).status_code == 400
    event = await audit_of()
    assert event.attempt is not None
    assert (event.attempt.error, event.attempt.message) == ("invalid_request", message)


async def test_a_conflict_is_recorded(client: httpx2.AsyncClient, audit_of: LastEvent) -> None:
    project_id = (await client.post("/projects", json={"name": "x"})).json()["id"]
    await client.post(f"/projects/{project_id}/archive")
    assert (await client.post(f"/projects/{project_id}", json={"name": "y"})).status_code == 409
    event = await audit_of()
    assert event.attempt is not None
    assert (event.tenant_id, event.target_id, event.attempt.error) == (project_id, project_id, "conflict")


async def test_a_secret_in_the_path_is_not_recorded(client: httpx2.AsyncClient, audit_of: LastEvent) -> None:
    assert (await client.delete(f"/projects/proj_1/api_keys/{WRONG_KEY}")).status_code == 404
    event = await audit_of()
    assert event.target_id == "sk-sluice-admin_...ong1"
    assert "Secret" not in json.dumps(asdict(event))


@pytest.mark.parametrize("target", ["sk_live_abcdefghijklmnop", "password with spaces", "a" * 500])
async def test_what_has_no_ids_shape_is_not_recorded_whole(
    client: httpx2.AsyncClient, audit_of: LastEvent, target: str
) -> None:
    assert (await client.delete(f"/projects/proj_1/api_keys/{target}")).status_code == 404
    assert target not in json.dumps(asdict(await audit_of()))


async def test_reads_are_not_recorded(client: httpx2.AsyncClient, audit_trail: AuditTrail) -> None:
    await client.get("/projects")
    await client.get("/projects/proj_x")
    await client.get("/projects?limit=x")
    assert await audit_trail() == []


async def test_a_flood_without_a_key_is_answered_and_has_few_entries(
    client: httpx2.AsyncClient, audit_trail: AuditTrail
) -> None:
    del client.headers["authorization"]
    statuses = {(await client.get("/projects")).status_code for _ in range(200)}
    assert statuses == {401}
    *entries, summary = sorted(await audit_trail(), key=lambda event: event.at_ms)
    assert summary.attempt is not None
    assert (len(entries), summary.attempt.more) == (5, 194)
