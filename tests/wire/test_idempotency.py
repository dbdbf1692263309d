"""`Idempotency-Key` as the SDK sends it, to two processes at once, and to one that is killed."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openai

from tests.wire.killable import start_killable
from tests.wire.stack import Gateway, Stack
from tests.wire.tenancy import Tenancy


def a_key() -> dict[str, str]:
    return {"Idempotency-Key": str(uuid.uuid4())}


def names_of(tenancy: Tenancy, name: str) -> list[str]:
    return [each.id for each in tenancy.sdk.admin.organization.projects.list(limit=100) if each.name == name]


def test_16_posts_to_two_processes_make_one_project(stack: Stack, second: Gateway, tenancy: Tenancy) -> None:
    other, headers, name = Tenancy(second.base_url, stack.admin_key), a_key(), f"once {uuid.uuid4()}"

    def create(number: int) -> str | None:
        """The id, or the code of the refusal."""
        projects = (tenancy, other)[number % 2].sdk.admin.organization.projects
        try:
            return projects.create(name=name, extra_headers=headers).id
        except openai.ConflictError as error:
            return error.code

    with ThreadPoolExecutor(16) as threads:
        made = set(threads.map(create, range(16))) - {"idempotency_in_progress"}
    other.close()
    assert [*made] == names_of(tenancy, name)


def test_a_secret_is_shown_once(tenancy: Tenancy) -> None:
    project_id, headers = tenancy.create_project(), a_key()
    accounts = tenancy.sdk.admin.organization.projects.service_accounts
    first = accounts.create(project_id, name="bot", extra_headers=headers)
    again = accounts.with_raw_response.create(project_id, name="bot", extra_headers=headers)
    assert again.headers["idempotent-replayed"] == "true"
    assert first.api_key is not None
    replayed = again.parse().api_key
    assert replayed is not None
    assert replayed.id == first.api_key.id
    assert "value" in replayed.to_dict()
    assert replayed.to_dict()["value"] is None


def test_requests_of_a_killed_process_are_made_once_when_they_are_repeated(
    stack: Stack, tenancy: Tenancy, tmp_path: Path
) -> None:
    """Some of them are cut before the change, some after it, some were answered."""
    gateway = start_killable(stack, tmp_path / "log", {})
    killed, name = Tenancy(gateway.base_url, stack.admin_key), f"killed {uuid.uuid4()}"
    sent: list[dict[str, str]] = []
    answered: list[str] = []

    def create() -> None:
        while True:
            headers = a_key()
            sent.append(headers)
            try:
                made = killed.sdk.admin.organization.projects.create(name=name, extra_headers=headers)
            except openai.APIConnectionError:
                return
            answered.append(made.id)

    with ThreadPoolExecutor(4) as threads:
        for _ in range(4):
            threads.submit(create)
        while len(answered) < 12:
            pass
        gateway.kill()
    killed.close()
    repeated: set[str] = set()
    refused: list[str | None] = []
    for headers in sent:
        try:
            repeated.add(tenancy.sdk.admin.organization.projects.create(name=name, extra_headers=headers).id)
        except openai.ConflictError as error:
            refused.append(error.code)
    # Those that the kill cut off are held by the dead process until its lease is over.
    assert set(refused) <= {"idempotency_in_progress"}
    assert len(refused) <= 4
    assert set(answered) <= repeated <= set(names_of(tenancy, name))
    assert len(names_of(tenancy, name)) - len(repeated) <= len(refused)
