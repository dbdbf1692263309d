from __future__ import annotations

import httpx2
import pytest

from admin.control_plane import ControlPlane, Requester
from admin.operations.api_keys import KeyTarget, disable_key
from admin.operations.projects import create_project

Fields = dict[str, object]


@pytest.fixture
async def project(control: ControlPlane, requester: Requester) -> str:
    return (await create_project(control, requester, "team")).id


@pytest.fixture
def path(project: str) -> str:
    return f"/projects/{project}/api_keys"


async def issue(client: httpx2.AsyncClient, path: str, **fields: object) -> str:
    response = await client.post(path, json={"name": "k", **fields})
    assert response.status_code == 200, response.text
    key_id: str = response.json()["id"]
    return key_id


async def test_200_a_key_is_shown_in_openais_shape_without_its_secret(client: httpx2.AsyncClient, path: str) -> None:
    issued = (await client.post(path, json={"name": "laptop", "owner": {"type": "user", "user_id": "anna"}})).json()
    value = issued.pop("value")
    response = await client.get(f"{path}/{issued['id']}")
    assert response.json() == issued
    assert response.headers["etag"] == '"1"'
    assert issued == {
        "id": issued["id"],
        "object": "organization.project.api_key",
        "name": "laptop",
        "redacted_value": f"sk-sluice_...{value[-4:]}",
        "created_at": 1_795_132_800,
        "last_used_at": None,
        "expires_at": None,
        "owner": {
            "type": "user",
            "user": {"id": "anna", "name": "anna", "email": "", "created_at": 1_795_132_800, "role": "member"},
            "service_account": None,
        },
        "owner_project_access": "active",
        "status": "active",
        "models": None,
        "policy": None,
        "imported": False,
        "version": 1,
        "rate_limits": None,
        "model_rate_limits": [],
        "spend_limits": [],
        "spend_alerts": [],
        "budget_mode": None,
        "enforcement": None,
    }
    assert (await client.get(path)).json()["data"] == [issued]


async def test_200_keys_are_listed_page_by_page(client: httpx2.AsyncClient, path: str) -> None:
    ids = [await issue(client, path) for _ in range(3)]
    first = (await client.get(path, params={"limit": 2})).json()
    rest = (await client.get(path, params={"limit": 2, "after": first["last_id"]})).json()
    assert [each["id"] for each in first["data"] + rest["data"]] == ids
    assert (first["has_more"], rest["has_more"]) == (True, False)


async def test_200_owners_lose_access_with_the_archived_project(
    client: httpx2.AsyncClient, path: str, project: str
) -> None:
    key = await issue(client, path)
    await client.post(f"/projects/{project}/archive")
    assert (await client.get(f"{path}/{key}")).json()["owner_project_access"] == "inactive"
    for access, expected in (("active", []), ("inactive", [key]), ("any", [key])):
        listed = (await client.get(path, params={"owner_project_access": access})).json()["data"]
        assert [each["id"] for each in listed] == expected


async def test_200_only_the_fields_given_are_updated(client: httpx2.AsyncClient, path: str) -> None:
    models = {"mode": "deny_list", "model_ids": ["anthropic.*"]}
    key = await issue(client, path, models=models, expires_in_seconds=60)

    renamed = (await client.post(f"{path}/{key}", json={"name": "new"})).json()
    assert (renamed["name"], renamed["models"], renamed["version"]) == ("new", models, 2)
    assert renamed["expires_at"] == renamed["created_at"] + 60

    cleared = (await client.post(f"{path}/{key}", json={"models": None, "expires_at": None})).json()
    assert (cleared["name"], cleared["models"], cleared["expires_at"]) == ("new", None, None)

    later = (await client.post(f"{path}/{key}", json={"expires_in_seconds": 3600})).json()
    assert later["expires_at"] == later["created_at"] + 3600
    assert "value" not in later


async def test_200_an_update_that_changes_nothing_keeps_the_version(client: httpx2.AsyncClient, path: str) -> None:
    key = await issue(client, path)
    response = await client.post(f"{path}/{key}", json={"name": "k", "models": None})
    assert (response.status_code, response.headers["etag"]) == (200, '"1"')


async def test_200_a_matching_version_lets_the_change_through(client: httpx2.AsyncClient, path: str) -> None:
    key = await issue(client, path)
    for header, version in (('"1"', 2), ('W/"9", "2"', 3), ("*", 4)):
        response = await client.post(f"{path}/{key}", json={"name": f"n{version}"}, headers={"if-match": header})
        assert (response.status_code, response.headers["etag"]) == (200, f'"{version}"'), header


async def test_412_a_stale_version_changes_nothing(client: httpx2.AsyncClient, path: str) -> None:
    key = await issue(client, path)
    stale = {"if-match": '"7", W/"1"'}
    for response in (
        await client.post(f"{path}/{key}", json={"name": "new"}, headers=stale),
        await client.post(f"{path}/{key}/rotate", headers=stale),
        await client.post(f"{path}/{key}/disable", headers=stale),
        await client.post(f"{path}/{key}/enable", headers=stale),
        await client.delete(f"{path}/{key}", headers=stale),
    ):
        assert response.status_code == 412, response.request.url
    assert (await client.get(f"{path}/{key}")).json()["version"] == 1


async def test_400_a_version_without_quotes_is_no_entity_tag(client: httpx2.AsyncClient, path: str) -> None:
    key = await issue(client, path)
    response = await client.post(f"{path}/{key}", json={"name": "new"}, headers={"if-match": "1"})
    assert (response.status_code, response.json()["error"]["param"]) == (400, "If-Match")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"expires_in_seconds": None}, "expires_in_seconds"),
        ({"expires_in_seconds": 10**40}, "expires_in_seconds"),
        ({"expires_in_seconds": 60, "expires_at": None}, "expires_at"),
        ({"expires_at": 1_795_132_799}, "expires_at"),
        ({"expires_at": 1e18}, "expires_at"),
        ({"scopes": []}, "scopes"),
        ({"status": "disabled"}, "status"),
    ],
)
async def test_400_names_the_field_at_fault(client: httpx2.AsyncClient, path: str, body: Fields, param: str) -> None:
    key = await issue(client, path)
    response = await client.post(f"{path}/{key}", json=body)
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)
    assert (await client.get(f"{path}/{key}")).json()["version"] == 1


async def test_404_for_another_projects_key(
    client: httpx2.AsyncClient, path: str, control: ControlPlane, requester: Requester
) -> None:
    key = await issue(client, path)
    other = f"/projects/{(await create_project(control, requester, 'other')).id}/api_keys"
    for target in (f"{other}/{key}", f"{path}/key_unknown", f"{path}/proj_1", f"{path}/key_{'1' * 3000}"):
        for response in (
            await client.get(target),
            await client.post(target, json={"name": "x"}),
            await client.delete(target),
            await client.post(f"{target}/rotate"),
            await client.post(f"{target}/disable"),
            await client.post(f"{target}/enable"),
            await client.get(f"{target}/budget"),
        ):
            assert response.status_code == 404, response.request.url
    assert (await client.get(f"{path}/{key}")).json()["version"] == 1


async def test_200_a_key_is_deleted_once(client: httpx2.AsyncClient, path: str) -> None:
    key = await issue(client, path)
    deleted = await client.delete(f"{path}/{key}")
    assert deleted.json() == {"object": "organization.project.api_key.deleted", "id": key, "deleted": True}
    assert (await client.get(f"{path}/{key}")).status_code == 404
    assert (await client.delete(f"{path}/{key}")).status_code == 404


async def test_409_a_key_of_an_archived_project_cannot_be_updated_but_ended(
    client: httpx2.AsyncClient, path: str, project: str, control: ControlPlane, requester: Requester
) -> None:
    key = await issue(client, path)
    await client.post(f"/projects/{project}/archive")
    for response in (
        await client.post(f"{path}/{key}", json={"name": "new"}),
        await client.post(f"{path}/{key}/rotate"),
        await client.post(f"{path}/{key}/enable"),
    ):
        assert response.status_code == 409, response.request.url
    assert (await disable_key(control, requester, KeyTarget(project, key))).key.version == 2
    assert (await client.delete(f"{path}/{key}")).status_code == 200
