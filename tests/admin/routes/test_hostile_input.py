"""What nobody means is answered with a 4xx in OpenAI's shape, whoever sends it, on the routes for people and keys."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

VALUES: list[Any] = [None, [], {}, 5, True, "", "a" * 5000, "\0", "\u202e", "..", 1e308, -1, 10**400, "\U0001f600"]
RAW = [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"name": "\\ud800", "role": "owner", "user_id": "x"}', b'"x"', b"null"]
IDS = ["%00", "%2F", "%ff", "a" * 4000, "%F0%9F%98%80", "admin_key_" + "0" * 64, "%0a", "%20", "*", "..%2f.."]
QUERIES = ["after=%00", f"after={'x' * 5000}", "limit=0", "limit=1e9", "order=x", "emails[]=%00", "limit=1&limit=2"]
FIELDS = ("name", "role", "project_id", "user_id", "email", "expires_in_seconds")


def refusal_of(answer: httpx2.Response) -> int:
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert set(answer.json()["error"]) == {"message", "type", "param", "code"}
        assert len(answer.text) < 2_000 or answer.status_code == 405  # that one repeats the path
    return answer.status_code


@pytest.fixture
async def project_id(client: httpx2.AsyncClient) -> str:
    created: str = (await client.post("/projects", json={"name": "team"})).json()["id"]
    return created


async def test_bodies(client: httpx2.AsyncClient, project_id: str) -> None:
    headers = {"content-type": "application/json"}
    for path in ("/admin_api_keys", f"/projects/{project_id}/users", "/users/anna"):
        usual = (
            {"name": "n", "role": "member", "user_id": "bob"} if "users" in path else {"name": "n", "role": "viewer"}
        )
        bodies = [*RAW, *(json.dumps(value).encode() for value in VALUES)]
        bodies += [json.dumps({**usual, field: value}).encode() for field in FIELDS for value in VALUES]
        refused = [refusal_of(await client.post(path, content=body, headers=headers)) for body in bodies]
        assert refused.count(400) > len(RAW)


async def test_ids(client: httpx2.AsyncClient, project_id: str) -> None:
    paths = ("/admin_api_keys/{}", "/users/{}", "/projects/{}/users/anna", f"/projects/{project_id}/users/{{}}")
    for path in paths:
        for one in IDS:
            for method in ("GET", "POST", "DELETE", "PUT", "OPTIONS"):
                content = b'{"role": null}' if method == "POST" else None
                assert refusal_of(await client.request(method, path.format(one), content=content)) in (404, 405)


async def test_queries(client: httpx2.AsyncClient, project_id: str) -> None:
    for path in ("/admin_api_keys", "/users", f"/projects/{project_id}/users"):
        for query in QUERIES:
            refusal_of(await client.get(f"{path}?{query}"))


async def test_credentials(client: httpx2.AsyncClient) -> None:
    for text in (
        b"a.b.c",
        b"." * 5000,
        b"sk-sluice-admin_" + b"0" * 50,
        b"\xe9" * 40,
        b"sk-sluice-admin_" + b"\xff" * 50,
    ):
        assert refusal_of(await client.get("/me", headers=[(b"authorization", b"Bearer " + text)])) == 401
