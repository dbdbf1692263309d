"""A plain chat is translated as it would be in full, byte for byte, and anything else is left to that."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.catalog.capabilities import Capabilities
from gateway.catalog.model import Model
from gateway.errors import InvalidRequest
from gateway.openai.chat import ChatCompletionRequest, parse_chat_request
from gateway.translate.chat_context import ChatContext, Translation
from gateway.translate.chat_request import to_converse, to_converse_in_full
from gateway.translate.plain_chat import find_plain
from tenants.policy import NO_POLICY, Policy
from tests.gateway.translate.conversation_strategies import conversations, texts
from tests.gateway.translate.parameter_strategies import few_parameters, models, policies
from tests.gateway.translate.translating import BARE, CLAUDE, PLAIN, TOOL, USER

ANSWER = {"role": "assistant", "content": "a"}
SYSTEM = {"role": "system", "content": "s"}
plain_texts = texts | st.text(min_size=1, max_size=5)
plain_parameters = st.fixed_dictionaries(
    {},
    optional={
        "max_tokens": st.none() | st.integers(1, 100),
        "max_completion_tokens": st.none() | st.integers(1, 100),
        "temperature": st.none() | st.floats(0, 2),
        "top_p": st.none() | st.floats(0, 1),
        "stop": st.none() | texts.filter(bool) | st.lists(texts, max_size=2),
        "n": st.integers(1, 3),
        "stream": st.booleans(),
        "user": texts,
        "metadata": st.dictionaries(texts, texts, max_size=2),
        "service_tier": st.sampled_from(["auto", "default", "flex", "priority"]),
        "seed": st.integers(0, 3),
        "nobody_knows": texts,
    },
)


def _message(role: str, content: str, name: str | None) -> dict[str, Any]:
    return {"role": role, "content": content} | ({} if name is None else {"name": name})


roles = st.sampled_from(["system", "developer", "user", "assistant", "user", "assistant"])
plain_messages = st.lists(st.builds(_message, roles, plain_texts, st.none() | texts), min_size=1, max_size=6)


def model_of(capabilities: Capabilities) -> Model:
    return Model("m", "m", "m", "m", capabilities)


def parsed(**fields: Any) -> ChatCompletionRequest:
    return parse_chat_request(orjson.dumps({"model": "m", **fields}))


def context_of(policy: Policy) -> ChatContext:
    return ChatContext(policy, {"sluice_request_id": "req_1"})


def outcome(translate: Any, request: ChatCompletionRequest, model: Model, policy: Policy) -> object:
    """The translation, with its body as bytes, or what the client would be told."""
    try:
        made: Translation = translate(request, model, context_of(policy))
    except InvalidRequest as refusal:
        return str(refusal), refusal.param
    return made, orjson.dumps(made.body)


@settings(max_examples=400)
@given(models, policies, plain_messages, plain_parameters)
def test_chats_of_plain_texts_are_translated_as_in_full(
    capabilities: Capabilities, policy: Policy, messages: list[Any], fields: dict[str, Any]
) -> None:
    request, model = parsed(messages=messages, **fields), model_of(capabilities)
    assert outcome(to_converse, request, model, policy) == outcome(to_converse_in_full, request, model, policy)


@settings(max_examples=300)
@given(models, policies, conversations, few_parameters)
def test_any_chat_is_translated_as_in_full(
    capabilities: Capabilities, policy: Policy, messages: list[Any], fields: dict[str, Any]
) -> None:
    try:
        request = parsed(messages=messages, **fields)
    except (InvalidRequest, orjson.JSONEncodeError):  # or no JSON: an integer of more than 64 bits
        return
    model = model_of(capabilities)
    assert outcome(to_converse, request, model, policy) == outcome(to_converse_in_full, request, model, policy)


@pytest.mark.parametrize(
    "messages", [[USER], [SYSTEM, USER], [SYSTEM, SYSTEM, USER, ANSWER, USER], [{**USER, "name": "ada"}]]
)
def test_what_most_clients_send_is_plain(messages: list[Any]) -> None:
    request = parsed(messages=messages, max_tokens=5, temperature=0.5, seed=1, stream=True)
    assert find_plain(request, model_of(CLAUDE), context_of(NO_POLICY)) is not None


@pytest.mark.parametrize(
    "fields",
    [
        {"messages": [USER, ANSWER]},
        {"messages": [USER, USER]},
        {"messages": [USER, SYSTEM]},
        {"messages": [ANSWER, USER]},
        {"messages": [SYSTEM]},
        {"messages": [{"role": "user", "content": " "}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]},
        {"messages": [USER, {**ANSWER, "reasoning_content": "hm"}, USER]},
        {"messages": [{**USER, "cache_control": {"type": "ephemeral"}}]},
        {"messages": [USER], "tools": [TOOL]},
        {"messages": [USER], "reasoning_effort": "low"},
    ],
)
def test_anything_else_is_not(fields: dict[str, Any]) -> None:
    assert find_plain(parsed(**fields), model_of(PLAIN), context_of(NO_POLICY)) is None


@pytest.mark.parametrize("policy", [Policy(prompt_caching="1h"), Policy(reasoning_format="think_tags")])
def test_a_policy_that_adds_to_a_chat_leaves_none_plain(policy: Policy) -> None:
    assert find_plain(parsed(messages=[USER]), model_of(CLAUDE), context_of(policy)) is None


def test_instructions_for_a_model_without_a_system_prompt_are_not_plain() -> None:
    assert find_plain(parsed(messages=[SYSTEM, USER]), model_of(BARE), context_of(NO_POLICY)) is None
