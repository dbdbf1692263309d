from __future__ import annotations

import csv
import io
from collections.abc import Awaitable, Callable

import httpx2
import pytest

from admin.control_plane import ControlPlane, Requester
from admin.operations.projects import archive_project, create_project
from tenants.audit import AuditAction, AuditEvent
from tenants.dynamo_ledger import DynamoKeyReader
from tenants.principal import identify
from tenants.secret import parse_secret

AuditTrail = Callable[[], Awaitable[list[AuditEvent]]]
CSV = {"content-type": "text/csv"}


@pytest.fixture
async def project(control: ControlPlane, requester: Requester) -> str:
    return (await create_project(control, requester, "team")).id


@pytest.fixture
def path(project: str) -> str:
    return f"/projects/{project}/api_keys/bulk"


def rows_of(answer: httpx2.Response) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.text
    return list(csv.DictReader(io.StringIO(answer.text, newline="")))


async def test_200_every_row_is_a_key_that_works_in_the_order_of_the_file(
    client: httpx2.AsyncClient, path: str, project: str, control: ControlPlane, key_reader: DynamoKeyReader
) -> None:
    body = "name,user_id,email\n" + "".join(f"laptop {n},user{n},u{n}@example.org\n" for n in range(5))
    answer = await client.post(path, content=body, headers=CSV)
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    made = rows_of(answer)
    assert [(each["row"], each["user_id"], each["error"]) for each in made] == [
        (str(n + 2), f"user{n}", "") for n in range(5)
    ]
    for each in made:
        secret = parse_secret(each["value"])
        record = await key_reader.find_key(each["api_key_id"])
        principal = identify(record, secret, control.peppers, control.now_seconds())
        assert (principal.tenant_id, principal.user_id) == (project, each["user_id"])
    listed = (await client.get(f"/projects/{project}/api_keys")).json()["data"]
    assert [each["id"] for each in listed] == [each["api_key_id"] for each in made]


async def test_200_every_key_has_its_audit_entry_without_a_secret(
    client: httpx2.AsyncClient, path: str, audit_trail: AuditTrail
) -> None:
    made = rows_of(await client.post(path, content="name\nx\ny\n", headers=CSV))
    entries = (await audit_trail())[-2:]
    assert [each.target_id for each in entries] == [each["api_key_id"] for each in made]
    assert {each.action for each in entries} == {AuditAction.API_KEY_CREATED}
    assert not [each for each in made if each["value"] in repr(entries)]


async def test_400_one_bad_row_and_no_key_is_made(client: httpx2.AsyncClient, path: str, project: str) -> None:
    answer = await client.post(path, content="name,email\nx,a@b\ny,bad\n", headers=CSV)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "rows[3].email")
    assert (await client.get(f"/projects/{project}/api_keys")).json()["data"] == []


async def test_400_an_unknown_service_account_and_no_key_is_made(
    client: httpx2.AsyncClient, path: str, project: str
) -> None:
    answer = await client.post(path, content="name,service_account_id\nx,\ny,svc_acct_no\n", headers=CSV)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "rows[3].service_account_id")
    assert (await client.get(f"/projects/{project}/api_keys")).json()["data"] == []


@pytest.mark.parametrize(
    "content_type", ["application/json", "", "text/plain", "text/csv; charset=utf-16", "text/csv;charset=latin1"]
)
async def test_400_what_is_not_said_to_be_csv_in_utf8(client: httpx2.AsyncClient, path: str, content_type: str) -> None:
    answer = await client.post(path, content="name\nx\n", headers={"content-type": content_type})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "Content-Type")


async def test_200_the_charset_may_be_named(client: httpx2.AsyncClient, path: str) -> None:
    headers = {"content-type": 'Text/CSV; header=present; charset="UTF-8"'}
    (made,) = rows_of(await client.post(path, content="name\nÜber\n".encode(), headers=headers))
    assert made["name"] == "Über"


async def test_400_a_file_that_is_too_large(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.post(path, content=b"name\n" + b"x\n" * 300_000, headers=CSV)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "body")


async def test_404_and_409_as_for_a_single_key(
    client: httpx2.AsyncClient, path: str, project: str, control: ControlPlane, requester: Requester
) -> None:
    unknown = await client.post("/projects/proj_no/api_keys/bulk", content="name\nx\n", headers=CSV)
    assert unknown.status_code == 404
    await archive_project(control, requester, project)
    assert (await client.post(path, content="name\nx\n", headers=CSV)).status_code == 409
