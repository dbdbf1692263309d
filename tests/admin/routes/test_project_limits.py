"""OpenAI's endpoints for the limits of a project, beyond what its SDK calls in `test_openai_sdk_limits.py`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from admin.control_plane import ControlPlane, Requester
from admin.operations.projects import create_project
from admin.schemas.rate_limits import UNLIMITED
from tenants.audit import AuditEvent

AuditTrail = Callable[[], Awaitable[list[AuditEvent]]]
ARN = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/a1b2"
SPEND_LIMIT = {"currency": "USD", "interval": "month", "threshold_amount": 500}
ALERT: dict[str, Any] = {
    **SPEND_LIMIT,
    "notification_channel": {"type": "email", "recipients": ["anna@example.com"], "subject_prefix": None},
}


@pytest.fixture
async def project(control: ControlPlane, requester: Requester) -> str:
    return f"/projects/{(await create_project(control, requester, 'team')).id}"


async def test_200_a_rate_limit_is_set_changed_and_lifted_by_its_models_id(
    client: httpx2.AsyncClient, project: str
) -> None:
    path = f"{project}/rate_limits"
    for rate_limit_id in ("rl-amazon.nova-lite-v1:0", f"rl-{ARN}", quote(f"rl-{ARN}", safe=""), "rl-*"):
        response = await client.post(f"{path}/{rate_limit_id}", json={"max_requests_per_1_minute": 5})
        assert response.status_code == 200, response.text
    changed = (await client.post(f"{path}/rl-*", json={"max_parallel_requests": 2})).json()
    assert changed == {
        "id": "rl-*",
        "object": "project.rate_limit",
        "model": "*",
        "max_requests_per_1_minute": 5,
        "max_tokens_per_1_minute": UNLIMITED,
        "max_parallel_requests": 2,
    }
    listed = (await client.get(path)).json()
    assert [each["model"] for each in listed["data"]] == ["*", "amazon.nova-lite-v1:0", ARN]
    limits = (await client.get(f"{project}/limits")).json()
    assert limits["rate_limits"]["max_parallel_requests"] == 2
    assert [each["model"] for each in limits["model_rate_limits"]] == ["amazon.nova-lite-v1:0", ARN]

    gone = await client.post(f"{path}/rl-amazon.nova-lite-v1:0", json={"max_requests_per_1_minute": UNLIMITED})
    assert gone.json()["max_requests_per_1_minute"] == UNLIMITED
    for _ in range(2):
        deleted = await client.delete(f"{path}/rl-{ARN}")
        assert deleted.json() == {"object": "project.rate_limit.deleted", "id": f"rl-{ARN}", "deleted": True}
    assert [each["id"] for each in (await client.get(path)).json()["data"]] == ["rl-*"]


async def test_404_for_what_can_be_no_rate_limit(client: httpx2.AsyncClient, project: str) -> None:
    for response in (
        await client.post(f"{project}/rate_limits/nova", json={}),
        await client.post(f"{project}/rate_limits/rl-a%20b", json={}),
        await client.delete(f"{project}/rate_limits/rl-"),
        await client.post("/projects/proj_unknown/rate_limits/rl-m", json={}),
        await client.get("/projects/proj_unknown/rate_limits"),
    ):
        assert response.status_code == 404, response.request.url


async def test_404_a_project_without_a_spend_limit_has_none_to_show(client: httpx2.AsyncClient, project: str) -> None:
    assert (await client.get(f"{project}/spend_limit")).status_code == 404
    await client.post(f"{project}/limits", json={"spend_limits": [{**SPEND_LIMIT, "currency": "tokens"}]})
    assert (await client.get(f"{project}/spend_limit")).status_code == 404


async def test_200_the_spend_limit_is_one_of_the_projects_limits(client: httpx2.AsyncClient, project: str) -> None:
    daily = {"interval": "day", "currency": "usd", "threshold_amount": 50}
    await client.post(f"{project}/limits", json={"spend_limits": [daily]})
    for amount in (400, 500):
        await client.post(f"{project}/spend_limit", json={**SPEND_LIMIT, "threshold_amount": amount})
    monthly = {"interval": "month", "currency": "usd", "threshold_amount": 500}
    assert (await client.get(f"{project}/limits")).json()["spend_limits"] == [daily, monthly]
    for _ in range(2):
        assert (await client.delete(f"{project}/spend_limit")).json()["deleted"]
    assert (await client.get(f"{project}/limits")).json()["spend_limits"] == [daily]


async def test_200_alerts_are_listed_in_both_orders(client: httpx2.AsyncClient, project: str) -> None:
    path = f"{project}/spend_alerts"
    ids = [(await client.post(path, json={**ALERT, "threshold_amount": each})).json()["id"] for each in (300, 200, 100)]
    assert [each["id"] for each in (await client.get(path)).json()["data"]] == ids
    newest = (await client.get(path, params={"order": "desc", "limit": 2})).json()
    assert ([each["id"] for each in newest["data"]], newest["has_more"]) == ([ids[2], ids[1]], True)
    assert (await client.get(f"{path}/{ids[1]}")).json() == {
        "id": ids[1],
        "object": "project.spend_alert",
        **ALERT,
        "threshold_amount": 200,
    }


async def test_200_days_and_tokens_have_alerts_too(client: httpx2.AsyncClient, project: str) -> None:
    body = {**ALERT, "currency": "tokens", "interval": "day"}
    created = (await client.post(f"{project}/spend_alerts", json=body)).json()
    assert (created["currency"], created["interval"], created["threshold_amount"]) == ("tokens", "day", 500)


async def test_400_a_project_has_twenty_alerts_at_most(client: httpx2.AsyncClient, project: str) -> None:
    for _ in range(20):
        assert (await client.post(f"{project}/spend_alerts", json=ALERT)).status_code == 200
    assert (await client.post(f"{project}/spend_alerts", json=ALERT)).status_code == 400


async def test_404_for_an_alert_of_another_project(client: httpx2.AsyncClient, project: str) -> None:
    alert = (await client.post(f"{project}/spend_alerts", json=ALERT)).json()["id"]
    other = f"/projects/{(await client.post('/projects', json={'name': 'other'})).json()['id']}"
    for response in (
        await client.get(f"{other}/spend_alerts/{alert}"),
        await client.post(f"{other}/spend_alerts/{alert}", json=ALERT),
        await client.delete(f"{other}/spend_alerts/{alert}"),
        await client.delete(f"{project}/spend_alerts/nonsense"),
    ):
        assert response.status_code == 404, response.request.url
    assert (await client.get(f"{project}/spend_alerts/{alert}")).status_code == 200


async def test_every_change_is_audited_under_its_own_name(
    client: httpx2.AsyncClient, project: str, audit_trail: AuditTrail
) -> None:
    await client.post(f"{project}/rate_limits/rl-*", json={"max_requests_per_1_minute": 5})
    await client.delete(f"{project}/rate_limits/rl-*")
    await client.post(f"{project}/spend_limit", json=SPEND_LIMIT)
    await client.delete(f"{project}/spend_limit")
    alert = (await client.post(f"{project}/spend_alerts", json=ALERT)).json()["id"]
    await client.post(f"{project}/spend_alerts/{alert}", json={**ALERT, "threshold_amount": 600})
    await client.delete(f"{project}/spend_alerts/{alert}")

    _, *changes = await audit_trail()
    assert [str(each.action) for each in changes] == [
        "rate_limit.updated",
        "rate_limit.deleted",
        "spend_limit.updated",
        "spend_limit.deleted",
        "spend_alert.created",
        "spend_alert.updated",
        "spend_alert.deleted",
    ]
    assert all(each.after is not None and "limits" in each.after for each in changes)


async def test_409_the_limits_of_an_archived_project_stay(client: httpx2.AsyncClient, project: str) -> None:
    await client.post(f"{project}/archive")
    for path, body in (("rate_limits/rl-m", {"max_requests_per_1_minute": 5}), ("spend_limit", SPEND_LIMIT)):
        assert (await client.post(f"{project}/{path}", json=body)).status_code == 409
    assert (await client.post(f"{project}/spend_alerts", json=ALERT)).status_code == 409


async def test_200_a_projects_budget_names_what_is_left(client: httpx2.AsyncClient, project: str) -> None:
    await client.post(f"{project}/spend_limit", json=SPEND_LIMIT)
    budget = (await client.get(f"{project}/budget")).json()
    lines = budget.pop("budgets")
    assert budget == {
        "object": "organization.project.budget",
        "project_id": project.rpartition("/")[2],
        "month": "2026-11",
        "limit": 5 * 10**12,
        "remaining": 5 * 10**12,
        "settled_pico_usd": 0,
        "held_pico_usd": 0,
        "in_flight": 0,
        "resets_at": 1_796_083_200,
    }
    assert [(line["interval"], line["unit"]) for line in lines] == [
        ("day", "pico_usd"),
        ("day", "tokens"),
        ("month", "pico_usd"),
        ("month", "tokens"),
    ]
    assert (await client.get("/projects/proj_unknown/budget")).status_code == 404
