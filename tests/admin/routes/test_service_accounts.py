from __future__ import annotations

import httpx2
import pytest

from admin.control_plane import ControlPlane, Requester
from admin.operations.projects import create_project
from tenants.dynamo_ledger import DynamoKeyReader
from tenants.principal import identify
from tenants.secret import parse_secret

Fields = dict[str, object]


@pytest.fixture
async def project(control: ControlPlane, requester: Requester) -> str:
    return (await create_project(control, requester, "team")).id


@pytest.fixture
def path(project: str) -> str:
    return f"/projects/{project}/service_accounts"


async def test_200_an_account_comes_with_a_key_that_works(
    client: httpx2.AsyncClient, path: str, control: ControlPlane, key_reader: DynamoKeyReader
) -> None:
    created = (await client.post(path, json={"name": "bot", "expires_in_seconds": 60})).json()
    key = created.pop("api_key")
    assert created == {
        "id": created["id"],
        "object": "organization.project.service_account",
        "name": "bot",
        "role": "member",
        "created_at": 1_795_132_800,
    }
    assert (await client.get(f"{path}/{created['id']}")).json() == created
    assert (key["object"], key["name"]) == ("organization.project.service_account.api_key", "Secret Key")
    assert key["expires_at"] == key["created_at"] + 60
    secret = parse_secret(key["value"])
    principal = identify(await key_reader.find_key(secret.key_id), secret, control.peppers, control.now_seconds())
    assert (principal.key_id, principal.user_id) == (key["id"], created["id"])


async def test_200_an_account_alone_gets_its_key_later(client: httpx2.AsyncClient, path: str, project: str) -> None:
    created = (await client.post(path, json={"name": "bot", "create_service_account_only": True})).json()
    assert created["api_key"] is None
    unnamed = (await client.post(f"{path}/{created['id']}/api_keys")).json()
    named = (await client.post(f"{path}/{created['id']}/api_keys", json={"name": "ci"})).json()
    assert (unnamed["name"], named["name"]) == ("Secret Key", "ci")
    listed = (await client.get(f"/projects/{project}/api_keys")).json()["data"]
    assert [each["owner"]["service_account"]["id"] for each in listed] == [created["id"]] * 2


async def test_200_a_new_name_for_an_account_whose_keys_keep_the_one_they_were_issued_with(
    client: httpx2.AsyncClient, path: str, project: str
) -> None:
    created = (await client.post(path, json={"name": "bot"})).json()
    del created["api_key"]
    renamed = (await client.post(f"{path}/{created['id']}", json={"name": "indexer"})).json()
    same = (await client.post(f"{path}/{created['id']}", json={"role": "member"})).json()
    assert renamed == same == {**created, "name": "indexer"}
    keys = (await client.get(f"/projects/{project}/api_keys")).json()["data"]
    assert [each["owner"]["service_account"]["name"] for each in keys] == ["bot"]


async def test_400_a_role_that_a_service_account_cannot_have(client: httpx2.AsyncClient, path: str) -> None:
    created = (await client.post(path, json={"name": "bot"})).json()
    answer = await client.post(f"{path}/{created['id']}", json={"role": "owner"})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "role")


async def test_404_a_new_name_for_no_account(client: httpx2.AsyncClient, path: str) -> None:
    assert (await client.post(f"{path}/svc_acct_9", json={"name": "bot"})).status_code == 404


async def test_200_accounts_are_listed_page_by_page(client: httpx2.AsyncClient, path: str) -> None:
    ids = [(await client.post(path, json={"name": f"bot{number}"})).json()["id"] for number in range(3)]
    first = (await client.get(path, params={"limit": 2})).json()
    rest = (await client.get(path, params={"limit": 2, "after": first["last_id"]})).json()
    assert [each["id"] for each in first["data"] + rest["data"]] == ids
    assert (first["has_more"], rest["has_more"]) == (True, False)


async def test_200_deleting_an_account_deletes_its_keys_and_no_other(
    client: httpx2.AsyncClient, path: str, project: str
) -> None:
    account = (await client.post(path, json={"name": "bot"})).json()["id"]
    await client.post(f"{path}/{account}/api_keys")
    kept = (await client.post(f"/projects/{project}/api_keys", json={"name": "kept"})).json()["id"]
    deleted = await client.delete(f"{path}/{account}")
    assert deleted.json() == {
        "object": "organization.project.service_account.deleted",
        "id": account,
        "deleted": True,
    }
    assert [each["id"] for each in (await client.get(f"/projects/{project}/api_keys")).json()["data"]] == [kept]
    assert (await client.delete(f"{path}/{account}")).status_code == 404


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "name"),
        ({"name": "bot", "role": "owner"}, "role"),
        ({"name": "bot", "expires_in_seconds": 0}, "expires_in_seconds"),
        ({"name": "bot", "expires_in_seconds": "60"}, "expires_in_seconds"),
        ({"name": "bot", "expires_in_seconds": 60, "create_service_account_only": True}, "expires_in_seconds"),
    ],
)
async def test_400_names_the_field_at_fault(client: httpx2.AsyncClient, path: str, body: Fields, param: str) -> None:
    response = await client.post(path, json=body)
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)


async def test_400_scopes_are_refused_rather_than_dropped(client: httpx2.AsyncClient, path: str) -> None:
    account = (await client.post(path, json={"name": "bot"})).json()["id"]
    response = await client.post(f"{path}/{account}/api_keys", json={"scopes": ["api.all.read"]})
    assert (response.status_code, response.json()["error"]["param"]) == (400, "scopes")


async def test_404_for_another_projects_account(
    client: httpx2.AsyncClient, path: str, control: ControlPlane, requester: Requester
) -> None:
    account = (await client.post(path, json={"name": "bot"})).json()["id"]
    other = (await create_project(control, requester, "other")).id
    for response in (
        await client.get(f"/projects/{other}/service_accounts/{account}"),
        await client.delete(f"/projects/{other}/service_accounts/{account}"),
        await client.post(f"/projects/{other}/service_accounts/{account}/api_keys"),
        await client.get(f"{path}/svc_acct_unknown"),
        await client.get(f"{path}/key_1"),
    ):
        assert response.status_code == 404, response.request.url
    assert (await client.get(f"{path}/{account}")).status_code == 200
