from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tenants.audit import ORGANIZATION, AuditAction
from tenants.dynamo_ledger import DynamoKeyReader
from tests.admin.conftest import NOW_MS, AuditTrail


async def project(client: httpx2.AsyncClient) -> str:
    project_id: str = (await client.post("/projects", json={"name": "team"})).json()["id"]
    return project_id


async def added(client: httpx2.AsyncClient, project_id: str, **fields: object) -> dict[str, Any]:
    answer = await client.post(f"/projects/{project_id}/users", json={"role": "member", **fields})
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def issued(client: httpx2.AsyncClient, project_id: str, user_id: str) -> str:
    body = {"name": "k", "owner": {"type": "user", "user_id": user_id}}
    key_id: str = (await client.post(f"/projects/{project_id}/api_keys", json=body)).json()["id"]
    return key_id


async def admin_key(client: httpx2.AsyncClient, **fields: object) -> str:
    made = await client.post("/admin_api_keys", json={"name": "k", **fields})
    assert made.status_code == 200, made.text
    key_id: str = made.json()["id"]
    return key_id


async def test_a_user_of_a_project_is_shown_as_openai_shows_one(client: httpx2.AsyncClient) -> None:
    p = await project(client)
    anna = await added(
        client, p, user_id="okta|1".replace("|", ":"), email="anna@example.com", name="Anna", role="owner"
    )
    assert anna == {
        "object": "organization.project.user",
        "id": "okta:1",
        "role": "owner",
        "email": "anna@example.com",
        "name": "Anna",
        "added_at": NOW_MS // 1000,
    }
    assert (await client.get(f"/projects/{p}/users/okta:1")).json() == anna
    assert (await client.get(f"/projects/{p}/users")).json()["data"] == [anna]
    user = (await client.get("/users/okta:1")).json()
    assert user == {**anna, "object": "organization.user", "role": "reader"}
    assert (await client.get("/users")).json()["data"] == [user]


async def test_an_email_alone_names_a_user_in_lower_case(client: httpx2.AsyncClient) -> None:
    p, q = await project(client), await project(client)
    assert (await added(client, p, email="Anna@Example.com"))["id"] == "anna@example.com"
    second = await added(client, q, user_id="anna@example.com")
    assert second["email"] == "Anna@Example.com"
    assert len((await client.get("/users")).json()["data"]) == 1


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({}, "user_id"),
        ({"email": "o'brien@example.com"}, "user_id"),
        ({"user_id": ".."}, "user_id"),
        ({"user_id": "a/b"}, "user_id"),
        ({"user_id": "a b"}, "user_id"),
        ({"user_id": "admin_bootstrap"}, "user_id"),
        ({"user_id": "x" * 129}, "user_id"),
        ({"user_id": "anna", "role": "admin"}, "role"),
        ({"user_id": "anna", "email": "no address"}, "email"),
        ({"user_id": "anna", "roles": []}, "roles"),
    ],
)
async def test_400_for_what_names_no_user(client: httpx2.AsyncClient, fields: dict[str, object], param: str) -> None:
    p = await project(client)
    answer = await client.post(f"/projects/{p}/users", json={"role": "member", **fields})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert (await client.get("/users")).json()["data"] == []


async def test_409_for_a_user_that_is_in_the_project(client: httpx2.AsyncClient) -> None:
    p = await project(client)
    await added(client, p, user_id="anna")
    again = await client.post(f"/projects/{p}/users", json={"user_id": "anna", "role": "owner"})
    assert (again.status_code, again.json()["error"]["code"]) == (409, "conflict")
    assert (await client.get(f"/projects/{p}/users/anna")).json()["role"] == "member"


async def test_roles_are_changed_and_null_keeps_one(client: httpx2.AsyncClient) -> None:
    p = await project(client)
    await added(client, p, user_id="anna")
    for path, role in ((f"/projects/{p}/users/anna", "owner"), ("/users/anna", "owner")):
        assert (await client.post(path, json={"role": role})).json()["role"] == role
        assert (await client.post(path, json={"role": None})).json()["role"] == role
        assert (await client.post(path, json={})).json()["role"] == role
        assert (await client.post(path, json={"role": "king"})).status_code == 400


@pytest.mark.parametrize("user_id", ["nobody", "%2e%2e", "a%20b", "x" * 300, "ключ"])
async def test_404_for_a_user_that_is_not_there(client: httpx2.AsyncClient, user_id: str) -> None:
    p = await project(client)
    for path in (f"/projects/{p}/users/{user_id}", f"/users/{user_id}"):
        for method in ("GET", "POST", "DELETE"):
            content = b"{}" if method == "POST" else None
            answer = await client.request(method, path, content=content)
            assert answer.status_code == 404, (method, path, answer.text)


async def test_users_are_found_by_their_email(client: httpx2.AsyncClient) -> None:
    p = await project(client)
    for name in ("anna", "bob", "carl"):
        await added(client, p, user_id=name, email=f"{name}@Example.com")
    asked = {"emails[]": ["anna@example.com", "CARL@example.com", "x@y"], "limit": "1"}
    first = (await client.get("/users", params=asked)).json()
    assert ([each["id"] for each in first["data"]], first["has_more"]) == (["anna"], True)
    rest = (await client.get("/users", params={**asked, "after": "anna"})).json()
    assert ([each["id"] for each in rest["data"]], rest["has_more"]) == (["carl"], False)


async def test_who_is_taken_out_of_a_project_loses_every_key_there_and_nowhere_else(
    client: httpx2.AsyncClient, key_reader: DynamoKeyReader
) -> None:
    p, q = await project(client), await project(client)
    for each in (p, q):
        await added(client, each, user_id="anna")
        await added(client, each, user_id="bob")
    ending = [await issued(client, p, "anna") for _ in range(3)]
    staying = [await issued(client, p, "bob"), await issued(client, q, "anna")]
    own = await admin_key(client, role="project_member", project_id=p, user_id="anna")
    others = [
        await admin_key(client, role="project_member", project_id=p, user_id="bob"),
        await admin_key(client, role="project_member", project_id=q, user_id="anna"),
    ]
    answer = await client.delete(f"/projects/{p}/users/anna")
    assert answer.json() == {"object": "organization.project.user.deleted", "id": "anna", "deleted": True}
    assert [await key_reader.find_key(each) for each in ending] == [None] * 3
    assert None not in [await key_reader.find_key(each) for each in staying]
    assert [each["id"] for each in (await client.get("/admin_api_keys")).json()["data"]] == others
    assert own not in others
    assert (await client.get(f"/projects/{p}/users/anna")).status_code == 404
    assert (await client.get("/users/anna")).status_code == 200


async def test_a_deleted_user_loses_every_key_in_every_project(
    client: httpx2.AsyncClient, key_reader: DynamoKeyReader
) -> None:
    p, q = await project(client), await project(client)
    await added(client, p, user_id="anna")
    ending = [await issued(client, p, "anna"), await issued(client, q, "anna")]  # of q she was never a user
    staying = await issued(client, p, "bob")
    await admin_key(client, role="project_owner", project_id=q, user_id="anna")
    await admin_key(client, role="viewer", user_id="anna")
    answer = await client.delete("/users/anna")
    assert answer.json() == {"object": "organization.user.deleted", "id": "anna", "deleted": True}
    assert [await key_reader.find_key(each) for each in ending] == [None, None]
    assert await key_reader.find_key(staying) is not None
    assert (await client.get("/admin_api_keys")).json()["data"] == []
    for path in ("/users/anna", f"/projects/{p}/users/anna"):
        assert (await client.get(path)).status_code == 404


async def test_the_audit_trail_has_the_users(client: httpx2.AsyncClient, audit_trail: AuditTrail) -> None:
    p = await project(client)
    await added(client, p, user_id="anna")
    await client.post(f"/projects/{p}/users/anna", json={"role": "owner"})
    await client.post("/users/anna", json={"role": "owner"})
    await client.delete("/users/anna")
    entries = [each for each in await audit_trail() if each.action.startswith("user.")]
    assert [(each.action, each.tenant_id, each.target_id) for each in entries] == [
        (AuditAction.USER_ADDED, p, "anna"),
        (AuditAction.USER_UPDATED, p, "anna"),
        (AuditAction.USER_UPDATED, ORGANIZATION, "anna"),
        (AuditAction.USER_DELETED, p, "anna"),
        (AuditAction.USER_DELETED, ORGANIZATION, "anna"),
    ]
    assert (entries[1].before, entries[1].after) == ({"role": "member"}, {"role": "owner"})
