from __future__ import annotations

import httpx2
import pytest


async def create(client: httpx2.AsyncClient, name: str = "team") -> str:
    response = await client.post("/projects", json={"name": name})
    assert response.status_code == 200, response.text
    project_id: str = response.json()["id"]
    return project_id


async def test_200_a_project_is_shown_in_openais_shape(client: httpx2.AsyncClient) -> None:
    created = (await client.post("/projects", json={"name": " Team Ä "})).json()
    assert created["id"].startswith("proj_")
    assert created == {
        "id": created["id"],
        "object": "organization.project",
        "name": "Team Ä",
        "created_at": 1_795_132_800,
        "archived_at": None,
        "status": "active",
    }
    assert (await client.get(f"/projects/{created['id']}")).json() == created


async def test_200_a_project_is_renamed_and_null_keeps_the_name(client: httpx2.AsyncClient) -> None:
    project = await create(client)
    assert (await client.post(f"/projects/{project}", json={"name": "new"})).json()["name"] == "new"
    assert (await client.post(f"/projects/{project}", json={"name": None})).json()["name"] == "new"


async def test_200_archiving_twice_answers_the_same(client: httpx2.AsyncClient) -> None:
    project = await create(client)
    first = (await client.post(f"/projects/{project}/archive")).json()
    assert (first["status"], first["archived_at"]) == ("archived", 1_795_132_800)
    assert (await client.post(f"/projects/{project}/archive")).json() == first


async def test_200_archived_projects_are_listed_only_when_asked_for(client: httpx2.AsyncClient) -> None:
    ids = [await create(client, f"p{number}") for number in range(5)]
    for archived in (ids[1], ids[2]):
        await client.post(f"/projects/{archived}/archive")

    page = (await client.get("/projects", params={"limit": 2})).json()
    assert [each["id"] for each in page["data"]] == [ids[0], ids[3]]
    assert (page["object"], page["first_id"], page["last_id"], page["has_more"]) == ("list", ids[0], ids[3], True)

    rest = (await client.get("/projects", params={"limit": 2, "after": page["last_id"]})).json()
    assert ([each["id"] for each in rest["data"]], rest["has_more"]) == ([ids[4]], False)

    everything = (await client.get("/projects", params={"include_archived": "true"})).json()
    assert [each["id"] for each in everything["data"]] == ids


async def test_200_an_empty_page_has_no_ids(client: httpx2.AsyncClient) -> None:
    page = (await client.get("/projects", params={"after": "proj_unknown"})).json()
    assert page == {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "name"),
        ({"name": "  "}, "name"),
        ({"name": 7}, "name"),
        ({"name": "x" * 257}, "name"),
        ({"name": "a\nb\u001b[31m\u202e"}, "name"),
        ({"name": "\u200b"}, "name"),
        ({"name": "x", "residency": "EU_STORAGE_PROCESSING"}, "residency"),
    ],
)
async def test_400_names_the_field_at_fault(client: httpx2.AsyncClient, body: dict[str, object], param: str) -> None:
    response = await client.post("/projects", json=body)
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)


@pytest.mark.parametrize(
    ("query", "param"),
    [({"limit": "0"}, "limit"), ({"limit": "101"}, "limit"), ({"after": "x" * 2000}, "after"), ({"page": "2"}, "page")],
)
async def test_400_names_the_query_parameter_at_fault(
    client: httpx2.AsyncClient, query: dict[str, str], param: str
) -> None:
    response = await client.get("/projects", params=query)
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)


@pytest.mark.parametrize("project", ["proj_unknown", "nonsense", "proj_1%23TENANT", "x" * 3000])
async def test_404_for_every_route_of_a_project_that_is_none(client: httpx2.AsyncClient, project: str) -> None:
    for response in (
        await client.get(f"/projects/{project}"),
        await client.post(f"/projects/{project}", json={"name": "x"}),
        await client.post(f"/projects/{project}/archive"),
        await client.get(f"/projects/{project}/model_permissions"),
        await client.delete(f"/projects/{project}/model_permissions"),
        await client.get(f"/projects/{project}/service_accounts"),
        await client.post(f"/projects/{project}/service_accounts", json={"name": "bot"}),
        await client.get(f"/projects/{project}/api_keys"),
        await client.post(f"/projects/{project}/api_keys", json={"name": "k"}),
    ):
        assert response.status_code == 404, response.request.url


async def test_409_an_archived_project_cannot_be_changed(client: httpx2.AsyncClient) -> None:
    project = await create(client)
    await client.post(f"/projects/{project}/archive")
    for response in (
        await client.post(f"/projects/{project}", json={"name": "x"}),
        await client.post(f"/projects/{project}/model_permissions", json={"mode": "deny_list", "model_ids": []}),
        await client.post(f"/projects/{project}/service_accounts", json={"name": "bot"}),
        await client.post(f"/projects/{project}/api_keys", json={"name": "k"}),
    ):
        assert response.status_code == 409, response.request.url


async def test_400_for_text_that_is_no_unicode(client: httpx2.AsyncClient) -> None:
    headers = {"content-type": "application/json"}
    response = await client.post("/projects", content=rb'{"name": "\ud800"}', headers=headers)
    assert (response.status_code, response.json()["error"]["param"]) == (400, "name")
