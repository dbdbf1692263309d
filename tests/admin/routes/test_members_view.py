"""What those see who do not see everything: lists, usage and exports of project roles."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import orjson
import pytest

from admin.control_plane import ControlPlane, Requester
from admin.operations.admin_keys import AdminKeyDraft, create_admin_key
from admin.operations.projects import archive_project, create_project
from tenants.roles import FULL_ACCESS, Role, RoleBinding
from tests.admin.conftest import NOW_MS
from tests.admin.routes.usage_service import application, opened
from tests.admin.usage_books import ListedBooks
from tests.tenants.usage_samples import a_request

START = {"start_time": str(NOW_MS // 1000 - 3600)}
REPORT = {**START, "group_by[]": ["project_id", "user_id"]}


@dataclass(frozen=True, slots=True)
class Company:
    """Three projects, each with requests of anna and of bob. p and q have roles, r has none."""

    client: httpx2.AsyncClient
    control: ControlPlane
    requester: Requester
    p: str
    q: str
    r: str

    async def headers(self, role: Role, project_id: str | None = None, user_id: str | None = None) -> dict[str, str]:
        made = await create_admin_key(
            self.control, self.requester, AdminKeyDraft("x", RoleBinding(role, project_id, user_id))
        )
        return {"authorization": f"Bearer {made.secret.text}"}


@pytest.fixture
async def company(control: ControlPlane, requester: Requester) -> AsyncIterator[Company]:
    owner = replace(requester, access=FULL_ACCESS)
    p, q, r = [(await create_project(control, owner, name)).id for name in ("p", "q", "r")]
    events = []
    for number, (project_id, user_id) in enumerate((each, user) for each in (p, q, r) for user in ("anna", "bob")):
        event = a_request(NOW_MS + number, project_id)
        events.append(replace(event, call=replace(event.call, user_id=user_id)))
    async with opened(application(control, ListedBooks(events))) as client:
        yield Company(client, control, owner, p, q, r)


async def groups(
    company: Company, headers: dict[str, str], path: str = "/usage/completions", asked: dict[str, Any] | None = None
) -> list[Any]:
    answer = await company.client.get(path, params={**REPORT, **(asked or {})}, headers=headers)
    assert answer.status_code == 200, answer.text
    results = [result for bucket in answer.json()["data"] for result in bucket["results"]]
    return sorted((each["project_id"], each["user_id"]) for each in results)


async def exported(company: Company, headers: dict[str, str], **asked: str) -> list[Any]:
    answer = await company.client.get("/usage/export", params={**START, **asked}, headers=headers)
    assert answer.status_code == 200, answer.text
    rows = [orjson.loads(line) for line in answer.text.splitlines()]
    return sorted((each["project_id"], each["user_id"]) for each in rows)


@pytest.mark.parametrize("path", ["/usage/completions", "/costs"])
async def test_reports_are_of_the_roles_projects_and_users_alone(company: Company, path: str) -> None:
    everything = sorted((project, user) for project in (company.p, company.q, company.r) for user in ("anna", "bob"))
    assert await groups(company, await company.headers(Role.ORG_VIEWER), path) == everything
    owner = await company.headers(Role.PROJECT_OWNER, company.p)
    assert await groups(company, owner, path) == [(company.p, "anna"), (company.p, "bob")]
    member = await company.headers(Role.PROJECT_MEMBER, company.p, "anna")
    assert await groups(company, member, path) == [(company.p, "anna")]


async def test_a_filter_cannot_reach_further_than_the_role(company: Company) -> None:
    member = await company.headers(Role.PROJECT_MEMBER, company.p, "anna")
    assert await groups(company, member, asked={"project_ids[]": company.p}) == [(company.p, "anna")]
    assert await groups(company, member, asked={"user_ids[]": ["anna", "bob"]}) == [(company.p, "anna")]
    assert await groups(company, member, asked={"user_ids[]": "bob"}) == []
    for params in ({"project_ids[]": company.q}, {"project_ids[]": [company.p, company.q]}):
        for path in ("/usage/completions", "/usage/embeddings", "/costs"):
            answer = await company.client.get(path, params={**START, **params}, headers=member)
            assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


async def test_an_export_has_the_rows_of_the_role_alone(company: Company) -> None:
    owner = await company.headers(Role.PROJECT_OWNER, company.p)
    member = await company.headers(Role.PROJECT_MEMBER, company.p, "anna")
    assert len(await exported(company, await company.headers(Role.ORG_VIEWER))) == 6
    assert await exported(company, owner) == [(company.p, "anna"), (company.p, "bob")]
    assert await exported(company, member) == await exported(company, member, project_id=company.p)
    assert await exported(company, member) == [(company.p, "anna")]
    for headers in (owner, member):
        params = {**START, "project_id": company.q}
        assert (await company.client.get("/usage/export", params=params, headers=headers)).status_code == 404


async def test_projects_are_listed_to_those_who_have_a_role_in_them(company: Company) -> None:
    for role, user_id in ((Role.PROJECT_OWNER, None), (Role.PROJECT_MEMBER, "anna")):
        headers = await company.headers(role, company.q, user_id)
        page = (await company.client.get("/projects", headers=headers)).json()
        assert ([each["id"] for each in page["data"]], page["has_more"]) == ([company.q], False)
        after = (await company.client.get("/projects", params={"after": company.q}, headers=headers)).json()
        assert after["data"] == []
    await archive_project(company.control, company.requester, company.q)
    headers = await company.headers(Role.PROJECT_OWNER, company.q)
    assert (await company.client.get("/projects", headers=headers)).json()["data"] == []
    archived = await company.client.get("/projects", params={"include_archived": "true"}, headers=headers)
    assert [each["id"] for each in archived.json()["data"]] == [company.q]


async def test_a_member_pages_through_its_own_keys_and_meets_no_other(company: Company) -> None:
    own = []
    for number in range(7):
        for user_id in ("anna", "bob"):
            body = {"name": f"{user_id}-{number}", "owner": {"type": "user", "user_id": user_id}}
            key = (await company.client.post(f"/projects/{company.p}/api_keys", json=body)).json()
            own += [key["id"]] if user_id == "anna" else []
    # A service account can have any id but a user's: its keys are nobody's own.
    await company.client.post(f"/projects/{company.p}/service_accounts", json={"name": "anna"})
    headers = await company.headers(Role.PROJECT_MEMBER, company.p, "anna")
    for limit in (1, 2, 6, 7, 8):
        listed: list[str] = []
        params = {"limit": str(limit)}
        while True:
            page = (await company.client.get(f"/projects/{company.p}/api_keys", params=params, headers=headers)).json()
            listed += [each["id"] for each in page["data"]]
            if not page["has_more"]:
                break
            assert len(page["data"]) == limit
            params["after"] = page["last_id"]
        assert listed == own
