"""Requests with an `Idempotency-Key` over HTTP, on a real store: once, whatever becomes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from admin.control_plane import ControlPlane
from admin.idempotency import Claims
from awswire.attributes import from_attributes
from awswire.dynamodb import DynamoDb
from tenants.audit import AuditEvent
from tenants.errors import IdempotencyInProgress, LedgerUnavailable
from tenants.idempotency import KEPT_MS, LEASE_MS, HeldClaim, KeptAnswer
from tenants.tables import TableNames

AuditTrail = Callable[[], Awaitable[list[AuditEvent]]]
NOW_MS = 1_795_132_800_000
KEY = {"idempotency-key": "one request"}


class Clock:
    """It moves by a millisecond when it is read, and by hand."""

    def __init__(self) -> None:
        self.now_ms = NOW_MS

    def __call__(self) -> int:
        self.now_ms += 1
        return self.now_ms


class Crash(BaseException):
    """The process is gone: nothing after it runs."""


class MortalClaims:
    """Claims whose process dies, or loses its store, where a test says so."""

    def __init__(self, claims: Claims) -> None:
        self._claims = claims
        self.claim, self.forget, self.give_up = claims.claim, claims.forget, claims.give_up
        self.before_keep: list[BaseException] = []

    async def keep(self, claim: HeldClaim, answer: KeptAnswer) -> None:
        if self.before_keep:
            raise self.before_keep.pop()
        await self._claims.keep(claim, answer)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def claims(control: ControlPlane) -> MortalClaims:
    assert isinstance(control.claims, MortalClaims)
    return control.claims


@pytest.fixture
def control(control: ControlPlane, clock: Clock) -> ControlPlane:
    assert control.claims is not None
    return replace(control, clock_ms=clock, claims=MortalClaims(control.claims))


async def make_project(client: httpx2.AsyncClient) -> str:
    project_id: str = (await client.post("/projects", json={"name": "team"})).json()["id"]
    return project_id


async def key_ids(client: httpx2.AsyncClient, project_id: str) -> list[str]:
    return [each["id"] for each in (await client.get(f"/projects/{project_id}/api_keys")).json()["data"]]


def error_of(response: httpx2.Response) -> tuple[int, str]:
    return response.status_code, response.json()["error"]["code"]


async def test_a_repeated_request_gets_the_first_answer_and_changes_nothing(
    client: httpx2.AsyncClient, audit_trail: AuditTrail
) -> None:
    first = await client.post("/projects", json={"name": "team"}, headers=KEY)
    again = await client.post("/projects", json={"name": "team"}, headers=KEY)
    assert (again.status_code, again.json()) == (200, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert again.headers["cache-control"] == "no-store"
    assert "idempotent-replayed" not in first.headers
    assert len(await audit_trail()) == 1


async def test_a_replay_has_no_secret_and_says_so(client: httpx2.AsyncClient) -> None:
    project_id = await make_project(client)
    path = f"/projects/{project_id}/api_keys"
    first = await client.post(path, json={"name": "k"}, headers=KEY)
    again = await client.post(path, json={"name": "k"}, headers=KEY)
    assert again.json() == {**first.json(), "value": None, "replayed": True}
    assert again.headers["etag"] == first.headers["etag"]
    assert await key_ids(client, project_id) == [first.json()["id"]]
    bot = f"/projects/{project_id}/service_accounts"
    made = (await client.post(bot, json={"name": "bot"}, headers=KEY)).json()
    again = await client.post(bot, json={"name": "bot"}, headers=KEY)
    assert again.json() == {**made, "api_key": {**made["api_key"], "value": None}, "replayed": True}


async def test_no_secret_is_stored(client: httpx2.AsyncClient, dynamodb: DynamoDb, tables: TableNames) -> None:
    project_id = await make_project(client)
    first = await client.post(f"/projects/{project_id}/api_keys", json={"name": "k"}, headers=KEY)
    for table in (tables.core, tables.usage, tables.audit):
        items = (await dynamodb.call("Scan", {"TableName": table}, repeatable=True))["Items"]
        assert first.json()["value"][-40:] not in str([from_attributes(item) for item in items])


async def test_a_key_is_for_one_body_and_path(client: httpx2.AsyncClient) -> None:
    first = await client.post("/projects", json={"name": "team"}, headers=KEY)
    other_body = await client.post("/projects", json={"name": "other"}, headers=KEY)
    assert error_of(other_body) == (422, "idempotency_key_reused")
    other_path = await client.post(f"/projects/{first.json()['id']}", json={"name": "new"}, headers=KEY)
    assert other_path.json()["name"] == "new"
    assert "idempotent-replayed" not in other_path.headers


async def test_requests_without_a_key_and_reads_with_one_are_as_ever(client: httpx2.AsyncClient) -> None:
    assert await make_project(client) != await make_project(client)
    for _ in range(2):
        assert "idempotent-replayed" not in (await client.get("/projects", headers=KEY)).headers


@pytest.mark.parametrize("key", ["", "x" * 256])
async def test_400_for_what_is_no_key(client: httpx2.AsyncClient, key: str) -> None:
    response = await client.post("/projects", json={"name": "team"}, headers={"idempotency-key": key})
    assert (response.status_code, response.json()["error"]["param"]) == (400, "Idempotency-Key")


@pytest.mark.parametrize("body", [{}, {"name": 1}])
async def test_refusals_are_not_kept(client: httpx2.AsyncClient, body: dict[str, Any]) -> None:
    assert (await client.post("/projects", json=body, headers=KEY)).status_code == 400
    assert (await client.post("/projects", json={"name": "right"}, headers=KEY)).status_code == 200


async def test_a_conflict_is_not_kept(client: httpx2.AsyncClient) -> None:
    path = f"/projects/{await make_project(client)}/api_keys/key_missing/rotate"
    for _ in range(2):
        assert (await client.post(path, headers=KEY)).status_code == 404


async def test_16_at_once_make_one(client: httpx2.AsyncClient, audit_trail: AuditTrail) -> None:
    project_id = await make_project(client)
    path = f"/projects/{project_id}/api_keys"
    answers = await asyncio.gather(*(client.post(path, json={"name": "k"}, headers=KEY) for _ in range(16)))
    made = [each for each in answers if each.status_code == 200]
    assert {error_of(each) for each in answers if each.status_code != 200} <= {(409, "idempotency_in_progress")}
    assert [each.headers.get("x-should-retry") for each in answers if each.status_code == 409] == ["true"] * (
        16 - len(made)
    )
    assert len({each.json()["id"] for each in made}) == 1
    assert len([each for each in made if each.json()["value"] is not None]) == 1
    assert len(await key_ids(client, project_id)) == 1
    assert [str(event.action) for event in await audit_trail()] == ["project.created", "api_key.created"]


async def test_409_while_the_first_attempt_holds_the_claim_and_then_its_turn(
    client: httpx2.AsyncClient, claims: MortalClaims, clock: Clock
) -> None:
    claims.before_keep = [Crash()]
    with pytest.raises(Crash):
        await client.post("/projects", json={"name": "team"}, headers=KEY)
    response = await client.post("/projects", json={"name": "team"}, headers=KEY)
    assert error_of(response) == (409, "idempotency_in_progress")
    clock.now_ms += LEASE_MS
    assert (await client.post("/projects", json={"name": "team"}, headers=KEY)).status_code == 200


async def crash_after_the_change(
    client: httpx2.AsyncClient, claims: MortalClaims, path: str, body: dict[str, Any]
) -> None:
    claims.before_keep = [Crash()]
    with pytest.raises(Crash):
        await client.post(path, json=body, headers=KEY)


@pytest.mark.parametrize("owner", [{}, {"owner": {"type": "user", "user_id": "ada"}}], ids=["none", "a user"])
async def test_a_crash_after_a_key_was_made_leaves_one_key_whose_secret_is_lost(
    client: httpx2.AsyncClient, claims: MortalClaims, clock: Clock, owner: dict[str, Any]
) -> None:
    project_id = await make_project(client)
    issue, body = f"/projects/{project_id}/api_keys", {"name": "k", **owner}
    await crash_after_the_change(client, claims, issue, body)
    (made,) = await key_ids(client, project_id)
    clock.now_ms += LEASE_MS
    answer = await client.post(issue, json=body, headers=KEY)
    assert (answer.status_code, answer.headers["idempotent-replayed"]) == (200, "true")
    key = (await client.get(f"{issue}/{made}")).json()
    assert answer.json() == {**key, "value": None, "replayed": True}
    assert await key_ids(client, project_id) == [made]
    again = await client.post(issue, json=body, headers=KEY)
    assert again.json() == answer.json()


async def test_a_crash_after_a_project_was_made_leaves_one_project(
    client: httpx2.AsyncClient, claims: MortalClaims, clock: Clock, audit_trail: AuditTrail
) -> None:
    await crash_after_the_change(client, claims, "/projects", {"name": "team"})
    clock.now_ms += LEASE_MS
    answer = await client.post("/projects", json={"name": "team"}, headers=KEY)
    (listed,) = (await client.get("/projects")).json()["data"]
    assert answer.json() == listed
    assert len(await audit_trail()) == 1


async def test_a_crash_between_an_account_and_its_key_leaves_one_of_each(
    client: httpx2.AsyncClient, control: ControlPlane, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_id = await make_project(client)
    path = f"/projects/{project_id}/service_accounts"

    async def crash(*args: Any) -> None:
        raise Crash

    with monkeypatch.context() as patched:
        patched.setattr(control.directory, "create_key", crash)
        with pytest.raises(Crash):
            await client.post(path, json={"name": "bot"}, headers=KEY)
    clock.now_ms += LEASE_MS
    answer = (await client.post(path, json={"name": "bot"}, headers=KEY)).json()
    (account,) = (await client.get(path)).json()["data"]
    assert (answer["id"], [answer["api_key"]["id"]]) == (account["id"], await key_ids(client, project_id))


async def test_a_crash_after_a_rotation_ends_no_secret_that_works(
    client: httpx2.AsyncClient, control: ControlPlane, claims: MortalClaims, clock: Clock
) -> None:
    project_id = await make_project(client)
    issued = (await client.post(f"/projects/{project_id}/api_keys", json={"name": "k"})).json()
    rotate = f"/projects/{project_id}/api_keys/{issued['id']}/rotate"
    body = {"grace_period_seconds": 3600}
    await crash_after_the_change(client, claims, rotate, body)
    rotated = await control.directory.get_key(project_id, issued["id"])
    clock.now_ms += LEASE_MS
    answer = (await client.post(rotate, json=body, headers=KEY)).json()
    assert await control.directory.get_key(project_id, issued["id"]) == rotated
    assert (answer["value"], answer["version"]) == (None, rotated.version)
    assert answer["previous_expires_at"] == rotated.fingerprints[1].expires_at


async def test_a_change_by_somebody_else_since_the_crash_stays(
    client: httpx2.AsyncClient, claims: MortalClaims, clock: Clock
) -> None:
    project_id = await make_project(client)
    await crash_after_the_change(client, claims, f"/projects/{project_id}", {"name": "first"})
    await client.post(f"/projects/{project_id}", json={"name": "second"})
    clock.now_ms += LEASE_MS
    answer = await client.post(f"/projects/{project_id}", json={"name": "first"}, headers=KEY)
    assert answer.json()["name"] == "second"


async def test_a_holder_that_lost_its_claim_changes_nothing_when_it_wakes(
    client: httpx2.AsyncClient, control: ControlPlane, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_id = await make_project(client)
    path = f"/projects/{project_id}/api_keys"
    asleep, wake = asyncio.Event(), asyncio.Event()
    create_key = control.directory.create_key

    async def sleep(*args: Any) -> None:
        monkeypatch.setattr(control.directory, "create_key", create_key)
        asleep.set()
        await wake.wait()
        await create_key(*args)

    monkeypatch.setattr(control.directory, "create_key", sleep)
    late = asyncio.create_task(client.post(path, json={"name": "k"}, headers=KEY))
    await asleep.wait()
    clock.now_ms += LEASE_MS
    answer = await client.post(path, json={"name": "k"}, headers=KEY)
    wake.set()
    made = answer.json()
    assert made["value"] is not None
    assert (await late).json() == {**made, "value": None, "replayed": True}
    assert await key_ids(client, project_id) == [made["id"]]


async def test_a_holder_that_lost_its_claim_changes_nothing_before_the_other_does(
    client: httpx2.AsyncClient, control: ControlPlane, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_tenant = control.directory.create_tenant
    others: list[httpx2.Response] = []

    async def be_overtaken(*args: Any) -> None:
        clock.now_ms += LEASE_MS
        monkeypatch.setattr(control.directory, "create_tenant", overtake)
        others.append(await client.post("/projects", json={"name": "team"}, headers=KEY))
        await create_tenant(*args)

    async def overtake(*args: Any) -> None:
        raise LedgerUnavailable

    monkeypatch.setattr(control.directory, "create_tenant", be_overtaken)
    response = await client.post("/projects", json={"name": "team"}, headers=KEY)
    assert [each.status_code for each in others] == [503]
    assert error_of(response) == (409, "idempotency_in_progress")
    assert (await client.get("/projects")).json()["data"] == []


async def test_a_store_that_is_away_for_the_answer_takes_nothing_back(
    client: httpx2.AsyncClient, claims: MortalClaims, clock: Clock
) -> None:
    claims.before_keep = [LedgerUnavailable()]
    first = await client.post("/projects", json={"name": "team"}, headers=KEY)
    assert first.status_code == 200
    clock.now_ms += LEASE_MS
    again = await client.post("/projects", json={"name": "team"}, headers=KEY)
    assert again.json() == first.json()


async def test_an_attempt_that_the_store_refused_can_be_repeated_at_once(
    client: httpx2.AsyncClient, control: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*args: Any) -> None:
        raise LedgerUnavailable

    with monkeypatch.context() as patched:
        patched.setattr(control.directory, "create_tenant", away)
        assert (await client.post("/projects", json={"name": "team"}, headers=KEY)).status_code == 503
    assert (await client.post("/projects", json={"name": "team"}, headers=KEY)).status_code == 200


async def test_a_key_may_be_used_anew_after_a_day(client: httpx2.AsyncClient, clock: Clock) -> None:
    first = await client.post("/projects", json={"name": "team"}, headers=KEY)
    clock.now_ms += KEPT_MS + 1_000
    again = await client.post("/projects", json={"name": "team"}, headers=KEY)
    assert again.json()["id"] != first.json()["id"]


async def test_another_actors_same_key_is_another_request(control: ControlPlane) -> None:
    assert control.claims is not None
    one = await control.claims.claim("digest of one actor", "body", NOW_MS)
    other = await control.claims.claim("digest of another", "body", NOW_MS)
    assert isinstance(one, HeldClaim)
    assert isinstance(other, HeldClaim)
    with pytest.raises(IdempotencyInProgress):
        await control.claims.claim("digest of one actor", "body", NOW_MS)
