"""What is done to a key acts on its next request, through every process on the store."""

from __future__ import annotations

from collections.abc import Callable

import openai
import pytest
from openai import OpenAI

from tests.wire.messages import ask
from tests.wire.polling import eventually
from tests.wire.stack import CHAT_MODEL, CLAUDE_MODEL, Gateway, Stack
from tests.wire.tenancy import IssuedKey, Tenancy, allow_list

NOVA_MICRO = "amazon.nova-micro-v1:0"
EMBED_MODEL = "amazon.titan-embed-text-v2:0"
Change = Callable[[Tenancy, IssuedKey], object]


class Doors:
    """Both processes, and what a key can do through each: they are asked in turn, so each has the key in its cache."""

    def __init__(self, *gateways: Gateway) -> None:
        self._gateways = gateways

    def outcomes(self, key: IssuedKey, model: str = CHAT_MODEL) -> list[str]:
        return [outcome(gateway, key, model) for gateway in self._gateways]

    def models(self, key: IssuedKey) -> list[list[str]]:
        found = []
        for gateway in self._gateways:
            with gateway.openai(key.value) as client:
                found.append(sorted(model.id for model in client.models.list().data))
        return found


def outcome(gateway: Gateway, key: IssuedKey, model: str) -> str:
    """`ok`, or the error's code."""
    with gateway.openai(key.value) as client:
        try:
            chat(client, model)
        except openai.APIStatusError as error:
            return str(error.code)
    return "ok"


def chat(client: OpenAI, model: str) -> None:
    client.chat.completions.create(model=model, messages=ask("Hello!"))


@pytest.fixture
def doors(stack: Stack, second: Gateway) -> Doors:
    return Doors(stack, second)


def test_a_service_account_is_issued_a_key_that_works(tenancy: Tenancy, doors: Doors) -> None:
    project_id = tenancy.create_project()
    accounts = tenancy.sdk.admin.organization.projects.service_accounts
    made = accounts.create(project_id, name="bot").api_key
    assert made is not None
    assert doors.outcomes(IssuedKey(project_id, made.id, made.value)) == ["ok", "ok"]


def test_the_secret_is_shown_once(tenancy: Tenancy, key: IssuedKey) -> None:
    shown = tenancy.sdk.admin.organization.projects.api_keys.retrieve(key.id, project_id=key.project_id)
    assert key.value not in shown.to_json()
    assert shown.redacted_value.endswith(key.value[-4:])


REFUSING: dict[str, Change] = {
    "disable": lambda tenancy, key: tenancy.change(key, "disable"),
    "delete": lambda tenancy, key: tenancy.delete(key),
    "archive": lambda tenancy, key: tenancy.archive(key.project_id),
    "rotate without grace": lambda tenancy, key: tenancy.rotate(key, 0),
}


@pytest.mark.parametrize("change", REFUSING.values(), ids=REFUSING.keys())
def test_a_revoked_key_is_refused_on_its_next_request_everywhere(
    tenancy: Tenancy, key: IssuedKey, doors: Doors, change: Change
) -> None:
    assert doors.outcomes(key) == ["ok", "ok"]
    change(tenancy, key)
    assert doors.outcomes(key) == ["invalid_api_key", "invalid_api_key"]
    with pytest.raises(openai.AuthenticationError):
        doors.models(key)


@pytest.mark.parametrize("change", REFUSING.values(), ids=REFUSING.keys())
def test_a_key_revoked_before_its_first_request_never_works(
    tenancy: Tenancy, key: IssuedKey, doors: Doors, change: Change
) -> None:
    change(tenancy, key)
    assert doors.outcomes(key) == ["invalid_api_key", "invalid_api_key"]


def test_a_key_is_refused_once_it_has_expired(tenancy: Tenancy, doors: Doors) -> None:
    key = tenancy.issue_alone(expires_in_seconds=1)
    assert eventually(lambda: doors.outcomes(key), lambda seen: "ok" not in seen) == ["invalid_api_key"] * 2


def test_an_enabled_key_works_again_at_once(tenancy: Tenancy, key: IssuedKey, doors: Doors) -> None:
    tenancy.change(key, "disable")
    assert doors.outcomes(key) == ["invalid_api_key", "invalid_api_key"]
    tenancy.change(key, "enable")
    assert doors.outcomes(key) == ["ok", "ok"]


def test_after_a_rotation_with_grace_both_secrets_work(tenancy: Tenancy, key: IssuedKey, doors: Doors) -> None:
    assert doors.outcomes(key) == ["ok", "ok"]
    rotated = tenancy.rotate(key, 3600)
    assert rotated.id == key.id
    assert rotated.value != key.value
    assert doors.outcomes(rotated) == doors.outcomes(key) == ["ok", "ok"]


def test_a_second_rotation_ends_the_first_secret(tenancy: Tenancy, key: IssuedKey, doors: Doors) -> None:
    once = tenancy.rotate(key, 3600)
    assert doors.outcomes(key) == ["ok", "ok"]
    twice = tenancy.rotate(once, 3600)
    assert doors.outcomes(key) == ["invalid_api_key", "invalid_api_key"]
    assert doors.outcomes(once) == doors.outcomes(twice) == ["ok", "ok"]


def test_a_key_may_call_what_its_globs_let_through(tenancy: Tenancy, doors: Doors) -> None:
    key = tenancy.issue_alone(models=allow_list("amazon.nova-*", EMBED_MODEL))
    assert doors.outcomes(key) == ["ok", "ok"]
    assert doors.outcomes(key, CLAUDE_MODEL) == ["model_not_found", "model_not_found"]
    assert doors.outcomes(key, f"us.{CHAT_MODEL}") == ["model_not_found", "model_not_found"]


def test_a_model_that_is_not_allowed_reads_like_one_that_is_not_there(stack: Stack, tenancy: Tenancy) -> None:
    key = tenancy.issue_alone(models=allow_list(CHAT_MODEL))
    with stack.openai(key.value) as client:
        texts = []
        for model in (CLAUDE_MODEL, "no.such-model"):
            with pytest.raises(openai.NotFoundError) as raised:
                chat(client, model)
            texts.append((str(raised.value.body).replace(model, "…"), raised.value.type, raised.value.param))
    assert texts[0] == texts[1]


def test_models_show_only_what_the_key_may_call(stack: Stack, tenancy: Tenancy, doors: Doors) -> None:
    key = tenancy.issue_alone(models=allow_list("amazon.nova-*-v1:0"))
    one, other = doors.models(key)
    assert one == other
    assert {CHAT_MODEL, NOVA_MICRO} <= set(one)
    assert all(name.startswith("amazon.nova-") and name.endswith("-v1:0") for name in one)
    with stack.openai(key.value) as client:
        assert client.models.retrieve(CHAT_MODEL).id == CHAT_MODEL
        with pytest.raises(openai.NotFoundError) as raised:
            client.models.retrieve(CLAUDE_MODEL)
    assert raised.value.code == "model_not_found"


def test_a_changed_allow_list_acts_on_the_next_request(tenancy: Tenancy, key: IssuedKey, doors: Doors) -> None:
    assert doors.outcomes(key) == ["ok", "ok"]
    tenancy.change(key, body={"models": allow_list(NOVA_MICRO)})
    assert doors.outcomes(key) == ["model_not_found", "model_not_found"]
    assert doors.models(key) == [[NOVA_MICRO], [NOVA_MICRO]]
    tenancy.change(key, body={"models": None})
    assert doors.outcomes(key) == ["ok", "ok"]


def test_a_projects_allow_list_acts_on_all_its_keys_and_a_key_can_only_narrow_it(
    tenancy: Tenancy, doors: Doors
) -> None:
    project_id = tenancy.create_project()
    wide, narrow = tenancy.issue(project_id), tenancy.issue(project_id, models=allow_list(NOVA_MICRO, CLAUDE_MODEL))
    assert doors.outcomes(wide) == ["ok", "ok"]
    assert doors.outcomes(narrow, CLAUDE_MODEL) == ["ok", "ok"]
    tenancy.allow(project_id, "amazon.*")
    assert doors.outcomes(wide, CLAUDE_MODEL) == ["model_not_found"] * 2
    assert doors.outcomes(narrow, CLAUDE_MODEL) == ["model_not_found"] * 2
    assert doors.outcomes(narrow, NOVA_MICRO) == doors.outcomes(wide) == ["ok", "ok"]
    assert doors.models(narrow) == [[NOVA_MICRO], [NOVA_MICRO]]


@pytest.fixture
def neighbour(tenancy: Tenancy, key: IssuedKey) -> IssuedKey:
    """Another key of the same project."""
    return tenancy.issue(key.project_id)


def test_a_change_of_one_key_leaves_its_neighbours_alone(
    tenancy: Tenancy, key: IssuedKey, neighbour: IssuedKey, doors: Doors
) -> None:
    tenancy.delete(key)
    assert doors.outcomes(neighbour) == ["ok", "ok"]


def test_an_embeddings_call_is_refused_after_a_revocation_too(
    stack: Stack, second: Gateway, tenancy: Tenancy, key: IssuedKey
) -> None:
    with stack.openai(key.value) as one, second.openai(key.value) as other:
        for client in (one, other):
            client.embeddings.create(model=EMBED_MODEL, input="text")
        tenancy.change(key, "disable")
        for client in (one, other):
            with pytest.raises(openai.AuthenticationError):
                client.embeddings.create(model=EMBED_MODEL, input="text")
