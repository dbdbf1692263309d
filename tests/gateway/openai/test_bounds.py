"""What a request may hold is bounded, and an invalid one costs no more than a valid one: over all request models."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from gateway.errors import InvalidRequest
from gateway.openai.chat import MAX_STOP_SEQUENCES, ChatCompletionRequest, parse_chat_request
from gateway.openai.embeddings import EmbeddingsRequest
from gateway.openai.messages import MAX_MESSAGES, MAX_PARTS, MAX_TOOL_CALLS
from gateway.openai.tools import MAX_TOOLS
from gateway.openai.wire import WireModel

USER = {"role": "user", "content": "hi"}
TEXT = {"type": "text", "text": "a"}
CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
TOOL = {"type": "function", "function": {"name": "f"}}


def schemas_in(schema: object) -> Iterator[dict[str, Any]]:
    """Every node of a pydantic-core schema, at any depth."""
    if isinstance(schema, dict):
        yield schema
    for child in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list | tuple) else ():
        yield from schemas_in(child)


def chat(**fields: object) -> dict[str, object]:
    return {"model": "m", "messages": [USER], **fields}


# Each array of a request, with an item that is wrong in it.
WITH_ARRAY_OF = {
    "messages": lambda items: chat(messages=items),
    "system parts": lambda items: chat(messages=[{"role": "system", "content": items}]),
    "user parts": lambda items: chat(messages=[{"role": "user", "content": items}]),
    "assistant parts": lambda items: chat(messages=[{"role": "assistant", "content": items}]),
    "tool parts": lambda items: chat(messages=[{"role": "tool", "tool_call_id": "c", "content": items}]),
    "tool calls": lambda items: chat(messages=[{"role": "assistant", "tool_calls": items}]),
    "tools": lambda items: chat(tools=items),
    "stop": lambda items: chat(stop=items),
    "modalities": lambda items: chat(modalities=items),
}


@pytest.mark.parametrize("model", [ChatCompletionRequest, EmbeddingsRequest])
def test_every_array_has_a_cap_and_ends_at_its_first_wrong_item(model: type[WireModel]) -> None:
    arrays = [s for s in schemas_in(model.__pydantic_core_schema__) if s.get("type") in ("tuple", "list", "set")]
    assert arrays
    assert all(array.get("fail_fast") is True and array.get("max_length") for array in arrays)


def errors_made(model: type[WireModel], body: dict[str, object]) -> int:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(body)
    return caught.value.error_count()


@pytest.mark.parametrize("name", WITH_ARRAY_OF)
def test_a_thousand_wrong_items_make_no_more_errors_than_one(name: str) -> None:
    for wrong in (1, {}, {"type": "function", "function": {"name": 1}}):
        one, many = (errors_made(ChatCompletionRequest, WITH_ARRAY_OF[name]([wrong] * n)) for n in (1, 1000))
        assert many <= one


def test_a_thousand_wrong_texts_to_embed_make_no_more_errors_than_one() -> None:
    one, many = (errors_made(EmbeddingsRequest, {"model": "m", "input": ["a"] + [1] * n}) for n in (1, 1000))
    assert many == one


@pytest.mark.parametrize(
    ("fields", "param", "cap"),
    [
        ({"messages": [USER] * (MAX_MESSAGES + 1)}, "messages", MAX_MESSAGES),
        ({"messages": [{"role": "user", "content": [TEXT] * (MAX_PARTS + 1)}]}, "messages[0].content", MAX_PARTS),
        (
            {"messages": [USER, {"role": "assistant", "tool_calls": [CALL] * (MAX_TOOL_CALLS + 1)}]},
            "messages[1].tool_calls",
            MAX_TOOL_CALLS,
        ),
        ({"tools": [TOOL] * (MAX_TOOLS + 1)}, "tools", MAX_TOOLS),
        ({"stop": ["a"] * (MAX_STOP_SEQUENCES + 1)}, "stop", MAX_STOP_SEQUENCES),
    ],
)
def test_an_array_over_its_cap_is_named_with_both_numbers(fields: dict[str, object], param: str, cap: int) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_chat_request(json.dumps(chat(**fields)).encode())
    assert caught.value.param == param
    assert caught.value.message == f"'{param}' has {cap + 1} items; at most {cap} are allowed."


def test_the_caps_are_no_lower_than_openais_own() -> None:
    assert min(MAX_TOOLS, MAX_TOOL_CALLS) >= 128
    assert len(parse_chat_request(json.dumps(chat(tools=[TOOL] * MAX_TOOLS)).encode()).tools or ()) == MAX_TOOLS
