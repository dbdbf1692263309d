from __future__ import annotations

import httpx2
import pytest

from admin.control_plane import ControlPlane, Requester
from admin.operations.projects import create_project

Fields = dict[str, object]


@pytest.fixture
async def path(control: ControlPlane, requester: Requester) -> str:
    return f"/projects/{(await create_project(control, requester, 'team')).id}/model_permissions"


async def test_200_permissions_are_replaced_shown_and_lifted(client: httpx2.AsyncClient, path: str) -> None:
    fields = {"mode": "allow_list", "model_ids": ["amazon.nova-*", "arn:aws:bedrock:us-east-1::imported-model/a"]}
    shown = {"object": "project.model_permissions", **fields}
    assert (await client.post(path, json=fields)).json() == shown
    assert (await client.get(path)).json() == shown
    deleted = {"object": "project.model_permissions.deleted", "deleted": True}
    assert (await client.delete(path)).json() == deleted
    assert (await client.delete(path)).json() == deleted


async def test_200_no_permissions_are_shown_as_denying_nothing(client: httpx2.AsyncClient, path: str) -> None:
    shown = (await client.get(path)).json()
    assert (shown["mode"], shown["model_ids"]) == ("deny_list", [])


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model_ids": []}, "mode"),
        ({"mode": "allow_list"}, "model_ids"),
        ({"mode": "allow", "model_ids": []}, "mode"),
        ({"mode": "allow_list", "model_ids": "amazon.nova-lite-v1:0"}, "model_ids"),
        ({"mode": "allow_list", "model_ids": ["a b"]}, "model_ids[0]"),
        ({"mode": "allow_list", "model_ids": [""]}, "model_ids[0]"),
        ({"mode": "allow_list", "model_ids": ["m"] * 257}, "model_ids"),
        ({"mode": "allow_list", "model_ids": [], "model_aliases": {}}, "model_aliases"),
    ],
)
async def test_400_names_the_field_at_fault(client: httpx2.AsyncClient, path: str, body: Fields, param: str) -> None:
    response = await client.post(path, json=body)
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)


async def test_200_the_longest_list_fits_the_store_when_it_replaces_another(
    client: httpx2.AsyncClient, path: str
) -> None:
    for letter in "ab":
        longest = [f"{number:03}" + letter * 509 for number in range(256)]
        response = await client.post(path, json={"mode": "allow_list", "model_ids": longest})
        assert response.status_code == 200
    assert (await client.get(path)).json()["model_ids"] == longest
