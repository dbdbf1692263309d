"""The audit trail through the official SDK, over a socket, and what it refuses."""

from __future__ import annotations

import asyncio

import httpx2
import pytest
from openai import AsyncOpenAI, OpenAI

from admin.control_plane import ControlPlane


@pytest.fixture
def admin_key(control: ControlPlane) -> str:
    return control.admin_keys.bootstrap


async def test_both_clients_list_and_page_what_was_done(base_url: str, admin_key: str) -> None:
    async with AsyncOpenAI(
        admin_api_key=admin_key, base_url=base_url, max_retries=0, _strict_response_validation=True
    ) as sdk:
        organization = sdk.admin.organization
        project = await organization.projects.create(name="team")
        bot = await organization.projects.service_accounts.create(project.id, name="bot")
        await organization.projects.update(project.id, name="new")
        entries = [each async for each in organization.audit_logs.list(limit=1)]
        assert [each.type for each in entries] == [
            "project.updated",
            "api_key.created",
            "service_account.created",
            "project.created",
        ]
        assert entries[2].service_account_created is not None
        assert entries[2].service_account_created.id == bot.id
        created = organization.audit_logs.list(event_types=["project.created"], project_ids=[project.id])
        assert [each.id async for each in created] == [entries[-1].id]
        since = entries[0].effective_at
        assert [each.id async for each in organization.audit_logs.list(effective_at={"gt": since + 60})] == []
        assert len([each async for each in organization.audit_logs.list(effective_at={"gte": since})]) == 4

    def list_them() -> None:
        with OpenAI(admin_api_key=admin_key, base_url=base_url, max_retries=0, _strict_response_validation=True) as one:
            listed = one.admin.organization.audit_logs.list(limit=2)
            assert [each.id for each in listed] == [each.id for each in entries]
            before = one.admin.organization.audit_logs.list(before=entries[2].id, limit=1)
            assert [each.id for each in before.data] == [entries[1].id]
            by_actor = one.admin.organization.audit_logs.list(actor_ids=["admin_bootstrap"], resource_ids=[bot.id])
            assert [each.id for each in by_actor] == [entries[2].id]

    await asyncio.to_thread(list_them)


async def test_what_sluice_adds_reads_through_the_sdk_as_well(
    base_url: str, admin_key: str, control: ControlPlane
) -> None:
    async with AsyncOpenAI(admin_api_key="sk-sluice-admin_wrong", base_url=base_url, max_retries=0) as wrong:
        with pytest.raises(Exception, match="Incorrect API key"):
            await wrong.admin.organization.projects.list()
    assert control.refused_attempts is not None
    await control.refused_attempts.close()
    async with AsyncOpenAI(
        admin_api_key=admin_key, base_url=base_url, max_retries=0, _strict_response_validation=True
    ) as sdk:
        (failed,) = [each async for each in sdk.admin.organization.audit_logs.list()]
        assert failed.type == "login.failed"
        assert failed.login_failed is not None
        assert failed.login_failed.error_code == "malformed_secret"


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("after=key_1", "after"),
        ("effective_at[gte]=x", "effective_at[gte]"),
        ("effective_at[ne]=1", "effective_at[ne]"),
        ("event_type=project.created", "event_type"),
    ],
)
async def test_400_names_the_parameter(client: httpx2.AsyncClient, query: str, param: str) -> None:
    response = await client.get(f"/audit_logs?{query}")
    assert (response.status_code, response.json()["error"]["param"]) == (400, param)


async def test_any_moment_may_be_asked_for(client: httpx2.AsyncClient) -> None:
    for query in ("effective_at[gte]=253402300799", "effective_at[lt]=0", "after=audit_zzzzzzzzzz", "limit=100"):
        response = await client.get(f"/audit_logs?{query}")
        assert (response.status_code, response.json()["data"]) == (200, [])


async def test_401_without_the_admin_key(client: httpx2.AsyncClient) -> None:
    del client.headers["authorization"]
    assert (await client.get("/audit_logs")).status_code == 401
