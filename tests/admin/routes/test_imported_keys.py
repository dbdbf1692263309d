from __future__ import annotations

import hashlib
from dataclasses import replace

import httpx2
import pytest

from admin.control_plane import ControlPlane, Requester
from admin.operations.projects import create_project

SHA256 = hashlib.sha256(b"sk-1234567890abcdefghijklmn").hexdigest()


@pytest.fixture
def control(control: ControlPlane) -> ControlPlane:
    return replace(control, imported_keys=True)


@pytest.fixture
async def path(control: ControlPlane, requester: Requester) -> str:
    return f"/projects/{(await create_project(control, requester, 'team')).id}/api_keys"


async def test_200_an_imported_key_is_shown_with_its_hint_and_without_a_hash(
    client: httpx2.AsyncClient, path: str
) -> None:
    body = {"sha256": SHA256.upper(), "hint": "klmn", "name": "laptop", "expires_in_seconds": 60}
    answer = await client.post(f"{path}/import", json=body)
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["imported"], shown["redacted_value"], shown["name"]) == (True, "...klmn", "laptop")
    assert "value" not in shown
    assert SHA256 not in answer.text.lower()
    assert answer.headers["etag"] == f'"{shown["version"]}"'
    read = await client.get(f"{path}/{shown['id']}")
    assert read.json() == shown


async def test_200_a_rotated_one_is_shown_as_one_of_ours(client: httpx2.AsyncClient, path: str) -> None:
    key_id = (await client.post(f"{path}/import", json={"sha256": SHA256, "name": "k"})).json()["id"]
    rotated = (await client.post(f"{path}/{key_id}/rotate", json={})).json()
    assert (rotated["id"], rotated["imported"]) == (key_id, False)
    assert rotated["redacted_value"] == f"sk-sluice_...{rotated['value'][-4:]}"


async def test_200_the_version_of_an_imported_key_is_one_that_if_match_takes(
    client: httpx2.AsyncClient, path: str
) -> None:
    made = await client.post(f"{path}/import", json={"sha256": SHA256, "name": "k"})
    url = f"{path}/{made.json()['id']}"
    assert (await client.post(url, json={"name": "n"}, headers={"if-match": made.headers["etag"]})).status_code == 200
    assert (await client.post(url, json={"name": "m"}, headers={"if-match": made.headers["etag"]})).status_code == 412


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"name": "k"}, "sha256"),
        ({"name": "k", "sha256": SHA256[:-1]}, "sha256"),
        ({"name": "k", "sha256": SHA256 + "0"}, "sha256"),
        ({"name": "k", "sha256": SHA256[:-1] + "g"}, "sha256"),
        ({"name": "k", "sha256": SHA256[:-1] + "\n"}, "sha256"),
        ({"name": "k", "sha256": 7}, "sha256"),
        ({"name": "k", "sha256": SHA256, "hint": "12345"}, "hint"),
        ({"name": "k", "sha256": SHA256, "hint": "é"}, "hint"),
        ({"name": "k", "sha256": SHA256, "hint": ""}, "hint"),
        ({"name": "k", "sha256": SHA256, "value": "x"}, "value"),
    ],
)
async def test_400_names_the_field_at_fault(
    client: httpx2.AsyncClient, path: str, body: dict[str, object], param: str
) -> None:
    answer = await client.post(f"{path}/import", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


async def test_409_a_key_that_is_there(client: httpx2.AsyncClient, path: str) -> None:
    await client.post(f"{path}/import", json={"sha256": SHA256, "name": "k"})
    answer = await client.post(f"{path}/import", json={"sha256": SHA256, "name": "k"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")
