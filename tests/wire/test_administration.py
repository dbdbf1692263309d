"""OpenAI's SDKs administer a running deployment, with every role, through two processes of it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import openai
import pytest
from openai import AsyncOpenAI, OpenAI

from tests.wire.stack import Gateway, Stack
from tests.wire.tenancy import Tenancy


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
            late = []
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
