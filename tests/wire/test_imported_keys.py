"""A team comes from another gateway: its clients keep their keys."""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Iterator

import httpx2
import openai
import pytest

from tests.wire.messages import ask
from tests.wire.polling import eventually
from tests.wire.stack import CHAT_MODEL, Gateway, Stack, running_serve
from tests.wire.tenancy import IssuedKey, Tenancy
from tests.wire.test_shown_commands import blocks

FORMER_KEY = "key-" + os.urandom(12).hex()  # the one of a whole deployment


@pytest.fixture(scope="module")
def open_door(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway on the stack's store that takes imported keys."""
    log = tmp_path_factory.mktemp("open") / "log"
    with running_serve(stack, log, {"SLUICE_IMPORTED_KEYS": "true"}) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def administration(stack: Stack, open_door: Gateway) -> Iterator[Tenancy]:
    opened = Tenancy(open_door.base_url, stack.admin_key)
    yield opened
    opened.close()


@pytest.fixture
def foreign(administration: Tenancy) -> IssuedKey:
    """A key in the shape of LiteLLM's, imported by the hash that LiteLLM keeps."""
    value = "sk-" + os.urandom(12).hex()
    project_id = administration.create_project()
    body = {"name": "from LiteLLM", "sha256": hashlib.sha256(value.encode()).hexdigest(), "hint": value[-4:]}
    made = administration.post(f"/organization/projects/{project_id}/api_keys/import", body)
    return IssuedKey(project_id, made["id"], value)


def outcome(gateway: Gateway, value: str) -> str:
    with gateway.openai(value) as client:
        try:
            client.chat.completions.create(model=CHAT_MODEL, messages=ask("Hello!"))
            client.models.list()
        except openai.APIStatusError as error:
            return str(error.code)
    return "ok"


def test_an_imported_key_works_and_is_metered(stack: Stack, open_door: Gateway, foreign: IssuedKey) -> None:
    assert outcome(open_door, foreign.value) == "ok"
    url = f"{open_door.base_url}/organization/projects/{foreign.project_id}/api_keys/{foreign.id}/budget"
    budget = httpx2.get(url, headers={"authorization": f"Bearer {stack.admin_key}"}).json()
    assert budget["requests"] == 1


def test_a_process_without_the_setting_refuses_it(stack: Stack, foreign: IssuedKey) -> None:
    assert outcome(stack, foreign.value) == "invalid_api_key"


@pytest.mark.parametrize("verb", ["disable", "delete"])
def test_a_revoked_one_is_refused_on_its_next_request(
    administration: Tenancy, open_door: Gateway, foreign: IssuedKey, verb: str
) -> None:
    assert outcome(open_door, foreign.value) == "ok"
    if verb == "delete":
        administration.delete(foreign)
    else:
        administration.change(foreign, verb)
    assert outcome(open_door, foreign.value) == "invalid_api_key"


def test_after_a_rotation_the_new_secret_works_and_the_old_one_for_its_grace(
    administration: Tenancy, open_door: Gateway, stack: Stack, foreign: IssuedKey
) -> None:
    rotated = administration.rotate(foreign, 3600)
    assert outcome(open_door, rotated.value) == outcome(open_door, foreign.value) == "ok"
    assert outcome(stack, rotated.value) == "ok"  # a key like any other
    administration.rotate(foreign, 0)
    assert outcome(open_door, foreign.value) == "invalid_api_key"


def test_a_client_that_tried_before_the_import_is_let_in_soon_after(
    administration: Tenancy, open_door: Gateway
) -> None:
    value = "sk-" + os.urandom(12).hex()
    assert outcome(open_door, value) == "invalid_api_key"
    project_id = administration.create_project()
    body = {"name": "k", "sha256": hashlib.sha256(value.encode()).hexdigest()}
    administration.post(f"/organization/projects/{project_id}/api_keys/import", body)
    assert eventually(lambda: outcome(open_door, value), lambda seen: seen == "ok") == "ok"


@pytest.mark.parametrize("page", ["imported-keys", "migrating-from-bedrock-access-gateway"])
def test_the_commands_of_a_page_work(stack: Stack, open_door: Gateway, page: str) -> None:
    (block,) = blocks(f"docs/{page}.md", "sh")
    environment = {"OPENAI_BASE_URL": open_door.base_url, "OPENAI_ADMIN_KEY": stack.admin_key, "API_KEY": FORMER_KEY}
    command = ["bash", "-euo", "pipefail", "-c", block]
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert '"error"' not in done.stdout
    assert "echo: Hello!" in done.stdout
