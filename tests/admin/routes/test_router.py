"""What holds of every route."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from openapi_spec_validator import validate

from admin.routes.admitted import PREFIX
from gateway.routes.application import Application
from tenants.secret import KEY_PREFIX, new_secret

METHODS = {"get", "post", "delete"}
REQUIRED_FIELDS = {
    "sha256": "ab" * 32,
    "name": "a name",
    "role": "member",
    "mode": "allow_list",
    "model_ids": [],
    "currency": "USD",
    "interval": "month",
    "threshold_amount": 1,
    "notification_channel": {"type": "email", "recipients": ["anna@example.com"]},
}
PLACES = {
    "project_id": "proj_1",
    "service_account_id": "svc_acct_1",
    "api_key_id": "key_1",
    "rate_limit_id": "rl-m",
    "alert_id": "alert_1",
    "key_id": "admin_key_1",
    "user_id": "anna",
}
INFERENCE = new_secret(KEY_PREFIX, "0" * 12, bytes(range(32))).text


def paths_of(app: Application) -> dict[str, Any]:
    return {path: item for path, item in app.openapi()["paths"].items() if path.startswith(PREFIX)}


def operations(app: Application) -> list[tuple[str, str]]:
    return [(method, path) for path, item in paths_of(app).items() for method in item if method in METHODS]


def smallest_body(app: Application, path: str) -> dict[str, object]:
    """What has to be in the body of a POST there."""
    schema = paths_of(app)[path]["post"]["requestBody"]["content"]["application/json"]["schema"]
    name = schema.get("$ref", "").removeprefix("#/components/schemas/")
    required = app.openapi()["components"]["schemas"][name].get("required", []) if name else []
    return {field: REQUIRED_FIELDS[field] for field in required}


def to_url(path: str) -> str:
    return "http://sluice.test" + path.format(**PLACES)


@pytest.mark.parametrize(
    "headers",
    [{}, {"authorization": f"Bearer {INFERENCE}"}, {"x-api-key": "sk-sluice-admin_wrong"}],
    ids=["no key", "inference key", "wrong admin key"],
)
async def test_401_on_every_route_before_anything_else_is_looked_at(app: Application, headers: dict[str, str]) -> None:
    headers = {"content-type": "application/json", **headers}
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), headers=headers) as stranger:
        for method, path in operations(app):
            response = await stranger.request(method, to_url(path), params={"unknown": "1"}, content=b'{"cut')
            assert response.status_code == 401, path
            assert INFERENCE not in response.text


async def test_400_on_every_route_that_takes_a_body_for_an_unknown_field(
    app: Application, client: httpx2.AsyncClient
) -> None:
    bodies = {path: item.get("post", {}).get("requestBody", {}) for path, item in paths_of(app).items()}
    taking_bodies = [path for path, body in bodies.items() if "application/json" in body.get("content", {})]
    taking_bodies.remove("/v1/organization/leaked_keys")  # a list, in whose items others may add fields
    assert len(taking_bodies) == 20
    for path in taking_bodies:
        response = await client.post(to_url(path), json=smallest_body(app, path) | {"rate_limit": {}})
        assert response.status_code == 400, path
        assert "'rate_limit'" in response.json()["error"]["message"]


async def test_answers_are_not_for_caches(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/projects")).headers["cache-control"] == "no-store"


def test_every_operation_is_described_with_its_key_and_its_errors(app: Application) -> None:
    document = app.openapi()
    for method, path in operations(app):
        operation = document["paths"][path][method]
        assert operation["summary"]
        assert operation["tags"]
        assert {"AdminKey"} in [set(each) for each in operation["security"]]
        assert {"200", "400", "401", "403", "404", "409", "412", "414", "422", "503"} == set(operation["responses"])


def test_the_document_is_valid_openapi(app: Application) -> None:
    validate(app.openapi())
