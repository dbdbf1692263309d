"""OpenAI's SDKs administer a running deployment, with every role, through two processes of it."""

from __future__ import annotations

import asyncio
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from tests.admin.local_issuer import AUDIENCE, running_issuer
from tests.wire.stack import Gateway, Stack, running_serve
from tests.wire.tenancy import Tenancy
from tests.wire.test_shown_commands import blocks, run


@contextmanager
def administrator(gateway: Gateway, admin_key: str) -> Iterator[OpenAI]:
    with OpenAI(
        admin_api_key=admin_key, base_url=gateway.base_url, max_retries=0, _strict_response_validation=True
    ) as sdk:
        yield sdk


def test_admin_keys_are_made_used_listed_and_deleted(stack: Stack, second: Gateway) -> None:
    with administrator(stack, stack.admin_key) as owner:
        keys = owner.admin.organization.admin_api_keys
        made = keys.create(name="deployment", expires_in_seconds=600)
        assert (made.object, made.expires_at) == ("organization.admin_api_key", made.created_at + 600)
        with administrator(second, made.value) as other:
            assert made.id in [each.id for each in other.admin.organization.admin_api_keys.list(order="desc", limit=2)]
            shown = other.admin.organization.admin_api_keys.retrieve(made.id)
            assert (shown.name, shown.owner.role) == ("deployment", "owner")
            assert shown.last_used_at is not None
            assert made.value not in shown.to_json()
            assert keys.delete(made.id).deleted
            with pytest.raises(openai.AuthenticationError):
                other.admin.organization.projects.list()
        with pytest.raises(openai.NotFoundError):
            keys.retrieve(made.id)


async def test_the_asynchronous_client_does_the_same(stack: Stack) -> None:
    async with AsyncOpenAI(
        admin_api_key=stack.admin_key, base_url=stack.base_url, max_retries=0, _strict_response_validation=True
    ) as sdk:
        keys = sdk.admin.organization.admin_api_keys
        made = [await keys.create(name=f"key {number}") for number in range(3)]
        listed = [each.id async for each in keys.list(limit=2)]
        assert [each for each in listed if each in {key.id for key in made}] == [key.id for key in made]
        for key in made:
            assert (await keys.delete(key.id)).id == key.id


def test_a_project_role_meets_its_project_alone(stack: Stack, tenancy: Tenancy) -> None:
    own, foreign = tenancy.create_project("own"), tenancy.create_project("foreign")
    with administrator(stack, stack.admin_key) as owner:
        made = owner.admin.organization.admin_api_keys.create(
            name="lead", extra_body={"role": "project_owner", "project_id": own}
        )
    with administrator(stack, made.value) as lead:
        organization = lead.admin.organization
        assert [each.id for each in organization.projects.list()] == [own]
        bot = organization.projects.service_accounts.create(own, name="bot")
        assert bot.api_key is not None
        with pytest.raises(openai.PermissionDeniedError) as refused:
            organization.projects.update(own, name="mine")
        assert refused.value.code == "insufficient_permissions"
        with pytest.raises(openai.NotFoundError):
            organization.projects.retrieve(foreign)
        with pytest.raises(openai.PermissionDeniedError):
            organization.admin_api_keys.create(name="larger")
    # An admin key calls no model, whatever its role.
    with stack.openai(made.value) as client, pytest.raises(openai.AuthenticationError):
        client.models.list()


async def test_a_key_deleted_under_load_is_refused_by_every_process_from_then_on(stack: Stack, second: Gateway) -> None:
    async with AsyncOpenAI(admin_api_key=stack.admin_key, base_url=stack.base_url, max_retries=0) as owner:
        made = await owner.admin.organization.admin_api_keys.create(name=uuid.uuid4().hex)
        deleted = asyncio.Event()

        async def use(gateway: Gateway) -> list[bool]:
            """Whether requests that began after the deletion had returned were served."""
            late: list[bool] = []
            async with AsyncOpenAI(admin_api_key=made.value, base_url=gateway.base_url, max_retries=0) as sdk:
                while len(late) < 5:
                    was_deleted = deleted.is_set()
                    try:
                        await sdk.admin.organization.projects.list(limit=1)
                        served = True
                    except openai.AuthenticationError:
                        served = False
                    late += [served] if was_deleted else []
            return late

        users = [asyncio.create_task(use(gateway)) for gateway in (stack, second) for _ in range(4)]
        await asyncio.sleep(0.3)
        await owner.admin.organization.admin_api_keys.delete(made.id)
        deleted.set()
        assert [each for late in await asyncio.gather(*users) for each in late if each] == []


def test_users_are_put_into_a_project_changed_and_taken_out(stack: Stack, tenancy: Tenancy) -> None:
    project_id, user_id = tenancy.create_project(), f"user-{uuid.uuid4().hex}"
    key = tenancy.issue(project_id, owner={"type": "user", "user_id": user_id})
    with administrator(stack, stack.admin_key) as owner, stack.openai(key.value) as client:
        organization = owner.admin.organization
        members = organization.projects.users
        email = f"{user_id}@example.com"
        added = members.create(project_id, role="member", user_id=user_id, email=email)
        assert (added.object, added.role, added.email) == ("organization.project.user", "member", email)
        assert members.update(user_id, project_id=project_id, role="owner").role == "owner"
        assert members.retrieve(user_id, project_id=project_id).role == "owner"
        assert [each.id for each in members.list(project_id, limit=1)] == [user_id]
        assert [each.id for each in organization.users.list(emails=[email])] == [user_id]
        assert organization.users.update(user_id, role="owner").role == "owner"
        assert organization.users.retrieve(user_id).name is None
        assert client.models.list().data
        assert members.delete(user_id, project_id=project_id).deleted
        with pytest.raises(openai.AuthenticationError):
            client.models.list()
        assert organization.users.delete(user_id).deleted
        with pytest.raises(openai.NotFoundError):
            organization.users.retrieve(user_id)


async def test_the_asynchronous_client_pages_through_users(stack: Stack, tenancy: Tenancy) -> None:
    project_id, names = tenancy.create_project(), sorted(f"user-{uuid.uuid4().hex}" for _ in range(5))
    async with AsyncOpenAI(
        admin_api_key=stack.admin_key, base_url=stack.base_url, max_retries=0, _strict_response_validation=True
    ) as sdk:
        members = sdk.admin.organization.projects.users
        for name in names:
            await members.create(project_id, role="member", user_id=name)
        assert [each.id async for each in members.list(project_id, limit=2)] == names
        assert set(names) <= {each.id async for each in sdk.admin.organization.users.list(limit=2)}
        assert (await members.delete(names[0], project_id=project_id)).id == names[0]


def test_people_sign_in_with_a_token_of_the_identity_provider(stack: Stack, tenancy: Tenancy, tmp_path: Path) -> None:
    own, foreign = tenancy.create_project("own"), tenancy.create_project("foreign")
    with running_issuer() as issuer:
        settings = {
            "SLUICE_OIDC_ISSUER": issuer.url,
            "SLUICE_OIDC_AUDIENCE": AUDIENCE,
            "SLUICE_OIDC_ROLES": f"leads=project.owner:{own},auditors=org.viewer",
        }
        with running_serve(stack, tmp_path / "log", settings) as gateway:
            with administrator(gateway, issuer.token(groups=["leads"])) as lead:
                assert [each.id for each in lead.admin.organization.projects.list()] == [own]
                with pytest.raises(openai.NotFoundError):
                    lead.admin.organization.projects.retrieve(foreign)
                with pytest.raises(openai.PermissionDeniedError):
                    lead.admin.organization.projects.archive(own)
            with administrator(gateway, issuer.token(groups=[])) as nobody, pytest.raises(openai.PermissionDeniedError):
                nobody.admin.organization.projects.list()
            for token in (issuer.token(aud="another"), issuer.token(exp=1), issuer.token()[:-8] + "AAAAAAAA"):
                with administrator(gateway, token) as stranger, pytest.raises(openai.AuthenticationError):
                    stranger.admin.organization.projects.list()
            # Someone who signed in calls no model, and the other process knows no tokens.
            token = issuer.token(groups=["auditors"])
            with gateway.openai(token) as client, pytest.raises(openai.AuthenticationError):
                client.models.list()
            with administrator(stack, token) as auditor, pytest.raises(openai.AuthenticationError):
                auditor.admin.organization.projects.list()
        log = (tmp_path / "log").read_text()
        assert "expired" in log
        assert token.rpartition(".")[2] not in log


@pytest.mark.parametrize("block", blocks("docs/administration.md", "sh"))
def test_the_shell_lines_of_the_administration_page_work(stack: Stack, block: str) -> None:
    assert run(["bash", "-euc", block], stack)


@pytest.mark.parametrize("block", blocks("docs/administration.md", "python"))
def test_the_program_of_the_administration_page_works(stack: Stack, block: str) -> None:
    assert "finance" in run([sys.executable, "-c", block], stack)
