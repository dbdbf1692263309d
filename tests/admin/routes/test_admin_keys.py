from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tenants.audit import ORGANIZATION, AuditAction
from tests.admin.conftest import BOOTSTRAP, NOW_MS, AuditTrail

PATH = "/admin_api_keys"


async def made(client: httpx2.AsyncClient, **fields: object) -> dict[str, Any]:
    answer = await client.post(PATH, json={"name": "ci", **fields})
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def project(client: httpx2.AsyncClient, name: str = "team") -> str:
    project_id: str = (await client.post("/projects", json={"name": name})).json()["id"]
    return project_id


def by(key: dict[str, Any]) -> dict[str, str]:
    return {"authorization": f"Bearer {key['value']}"}


async def test_a_key_is_shown_with_its_secret_once(client: httpx2.AsyncClient) -> None:
    key = await made(client, expires_in_seconds=60)
    value = key.pop("value")
    assert value.startswith("sk-sluice-admin_")
    assert key == {
        "object": "organization.admin_api_key",
        "id": key["id"],
        "name": "ci",
        "redacted_value": f"sk-sluice-admin_...{value[-4:]}",
        "created_at": NOW_MS // 1000,
        "expires_at": NOW_MS // 1000 + 60,
        "last_used_at": None,
        "owner": {
            "type": "user",
            "object": "organization.user",
            "id": "admin_bootstrap",
            "name": "admin_bootstrap",
            "created_at": NOW_MS // 1000,
            "role": "owner",
        },
        "role": "owner",
        "project_id": None,
        "user_id": None,
    }
    assert (await client.get(f"{PATH}/{key['id']}")).json() == key
    assert (await client.get(PATH)).json()["data"] == [key]


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"role": "project_owner"}, "project_id"),
        ({"role": "project_member", "user_id": "anna"}, "project_id"),
        ({"role": "project_member", "project_id": "proj_1"}, "user_id"),
        ({"role": "viewer", "project_id": "proj_1"}, "project_id"),
        ({"project_id": "proj_1"}, "project_id"),
        ({"role": "root"}, "role"),
        ({"expires_in_seconds": 0}, "expires_in_seconds"),
        ({"name": " "}, "name"),
        ({"scopes": []}, "scopes"),
    ],
)
async def test_400_for_a_role_that_cannot_be(client: httpx2.AsyncClient, fields: dict[str, object], param: str) -> None:
    answer = await client.post(PATH, json={"name": "ci", **fields})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)
    assert (await client.get(PATH)).json()["data"] == []


async def test_404_for_a_project_that_is_not_there(client: httpx2.AsyncClient) -> None:
    answer = await client.post(PATH, json={"name": "ci", "role": "project_owner", "project_id": "proj_1"})
    assert answer.status_code == 404


@pytest.mark.parametrize("key_id", ["admin_key_1", "key_1", "x" * 3000, "admin_bootstrap"])
async def test_404_for_a_key_that_is_not_there(client: httpx2.AsyncClient, key_id: str) -> None:
    for method in ("GET", "DELETE"):
        assert (await client.request(method, f"{PATH}/{key_id}")).status_code == 404


async def test_a_key_makes_none_that_is_larger_than_itself(client: httpx2.AsyncClient) -> None:
    p, q = await project(client), await project(client)
    owner_of_p = await made(client, role="project_owner", project_id=p)
    tried = [
        ({}, 403),
        ({"role": "viewer"}, 403),
        ({"role": "project_owner", "project_id": p}, 200),
        ({"role": "project_member", "project_id": p, "user_id": "anna"}, 200),
        ({"role": "project_owner", "project_id": q}, 404),
        ({"role": "project_member", "project_id": q, "user_id": "anna"}, 404),
        ({"role": "project_owner", "project_id": "proj_unknown"}, 404),
    ]
    for fields, status in tried:
        answer = await client.post(PATH, json={"name": "x", **fields}, headers=by(owner_of_p))
        assert answer.status_code == status, fields
    viewer = await made(client, role="viewer")
    assert (await client.post(PATH, json={"name": "x", "role": "viewer"}, headers=by(viewer))).status_code == 403


async def test_an_owner_of_a_project_sees_and_deletes_the_keys_of_that_project_alone(
    client: httpx2.AsyncClient,
) -> None:
    p, q = await project(client), await project(client)
    keys = [
        await made(client, **fields)
        for _ in range(3)
        for fields in (
            {"role": "project_owner", "project_id": p},
            {"role": "project_owner", "project_id": q},
            {},
        )
    ]
    of_p = [key for key in keys if key["project_id"] == p]
    listed: list[str] = []
    after: dict[str, str] = {}
    while True:
        page = (await client.get(PATH, params={"limit": "1", **after}, headers=by(of_p[0]))).json()
        listed += [each["id"] for each in page["data"]]
        if not page["has_more"]:
            break
        after = {"after": page["last_id"]}
    assert listed == [key["id"] for key in of_p]
    for key in keys:
        answers = [await client.request(method, f"{PATH}/{key['id']}", headers=by(of_p[0])) for method in ("GET",)]
        assert [each.status_code for each in answers] == [200 if key["project_id"] == p else 404]
    foreign = next(key for key in keys if key["project_id"] == q)
    refused = await client.delete(f"{PATH}/{foreign['id']}", headers=by(of_p[0]))
    assert refused.status_code == 404
    assert (await client.delete(f"{PATH}/{of_p[1]['id']}", headers=by(of_p[0]))).status_code == 200
    remaining = [each["id"] for each in (await client.get(PATH, params={"limit": "100"})).json()["data"]]
    assert remaining == [key["id"] for key in keys if key != of_p[1]]


async def test_keys_are_listed_newest_first_where_asked(client: httpx2.AsyncClient) -> None:
    ids = [(await made(client))["id"] for _ in range(5)]
    first = (await client.get(PATH, params={"order": "desc", "limit": "2"})).json()
    assert ([each["id"] for each in first["data"]], first["has_more"]) == (ids[:2:-1], True)
    rest = (await client.get(PATH, params={"order": "desc", "after": first["last_id"]})).json()
    assert ([each["id"] for each in rest["data"]], rest["has_more"]) == (ids[2::-1], False)


async def test_the_audit_trail_tells_who_made_which_role_and_never_the_secret(
    client: httpx2.AsyncClient, audit_trail: AuditTrail
) -> None:
    p = await project(client)
    key = await made(client)
    member = await made(client, role="project_member", project_id=p, user_id="anna")
    await client.delete(f"{PATH}/{member['id']}", headers=by(key))
    entries = [each for each in await audit_trail() if "admin_api_key" in each.action]
    assert [(each.action, each.tenant_id, each.actor.id, each.actor.role) for each in entries] == [
        (AuditAction.ADMIN_API_KEY_CREATED, ORGANIZATION, "admin_bootstrap", "org.owner"),
        (AuditAction.ADMIN_API_KEY_CREATED, p, "admin_bootstrap", "org.owner"),
        (AuditAction.ADMIN_API_KEY_DELETED, p, key["id"], "org.owner"),
    ]
    assert entries[2].before == {
        "name": "ci", "role": "project.member", "project_id": p, "user_id": "anna", "expires_at": None,
    }  # fmt: skip
    for secret in (key["value"], member["value"], BOOTSTRAP):
        assert secret[-20:] not in repr(entries)


async def test_me_tells_whose_credential_it_is(client: httpx2.AsyncClient) -> None:
    p = await project(client)
    member = await made(client, role="project_member", project_id=p, user_id="anna")
    role = {"role": "project.member", "project_id": p, "user_id": "anna"}
    assert (await client.get("/me", headers=by(member))).json() == {
        "object": "organization.actor", "id": member["id"], "name": "ci", "email": None, **role, "roles": [role],
    }  # fmt: skip
    bootstrap = (await client.get("/me")).json()
    assert (bootstrap["id"], bootstrap["role"], bootstrap["project_id"]) == ("admin_bootstrap", "org.owner", None)
