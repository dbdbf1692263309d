"""What holds of every route."""

from __future__ import annotations

import httpx2
import pytest
from fastapi import FastAPI

from tenants.secret import KEY_PREFIX, new_secret

METHODS = {"get", "post", "delete"}
INFERENCE = new_secret(KEY_PREFIX, "0" * 12, bytes(range(32))).text


def operations(app: FastAPI) -> list[tuple[str, str]]:
    paths = app.openapi()["paths"]
    return [(method, path) for path, item in paths.items() for method in item if method in METHODS]


def to_url(path: str) -> str:
    return "http://sluice.test" + path.format(project_id="proj_1", service_account_id="svc_acct_1", api_key_id="key_1")


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": f"Bearer {INFERENCE}"}, {"x-api-key": "sk-sluice-admin_wrong"}],
    ids=["no key", "inference key", "wrong admin key"],
)
async def test_401_on_every_route_before_anything_else_is_looked_at(app: FastAPI, headers: dict[str, str]) -> None:
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), headers=headers) as stranger:
        for method, path in operations(app):
            response = await stranger.request(method, to_url(path), params={"unknown": "1"}, json={"unknown": 1})
            assert response.status_code == 401, path
            assert INFERENCE not in response.text


async def test_400_on_every_route_that_takes_a_body_for_an_unknown_field(
    app: FastAPI, client: httpx2.AsyncClient
) -> None:
    taking_bodies = [path for path, item in app.openapi()["paths"].items() if "requestBody" in item.get("post", {})]
    assert len(taking_bodies) == 8
    for path in taking_bodies:
        response = await client.post(to_url(path), json={"rate_limits": {}})
        assert response.status_code == 400, path
        assert "rate_limits" in response.json()["error"]["message"]


async def test_answers_are_not_for_caches(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/projects")).headers["cache-control"] == "no-store"


def test_every_operation_is_described_with_its_key_and_its_errors(app: FastAPI) -> None:
    document = app.openapi()
    for method, path in operations(app):
        operation = document["paths"][path][method]
        assert operation["summary"]
        assert operation["tags"]
        assert {"AdminKey"} in [set(each) for each in operation["security"]]
        assert {"200", "4XX", "5XX"} == set(operation["responses"])
