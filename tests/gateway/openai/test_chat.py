from __future__ import annotations

import json
from contextlib import suppress
from typing import get_type_hints
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.chat import completion_create_params as sdk

from gateway.errors import InvalidRequest, UnsupportedParameter
from gateway.openai.chat import (
    MAX_REPORTED,
    MAX_REPORTED_LENGTH,
    ChatCompletionRequest,
    ignored_params,
    parse_chat_request,
)

USER = {"role": "user", "content": "hi"}


def parsed(**fields: object) -> ChatCompletionRequest:
    return parse_chat_request(json.dumps({"model": "m", "messages": [USER], **fields}).encode())


def refusal(**fields: object) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        parsed(**fields)
    return caught.value


def test_every_field_of_the_sdk_is_honoured_refused_or_reported() -> None:
    samples: dict[str, object] = {
        "audio": {"voice": "alloy", "format": "mp3"},
        "frequency_penalty": 0.5,
        "logit_bias": {"50256": -100},
        "metadata": {"a": "b"},
        "parallel_tool_calls": False,
        "prediction": {"type": "content", "content": "x"},
        "presence_penalty": 0.5,
        "prompt_cache_key": "k",
        "prompt_cache_options": {"mode": "implicit"},
        "prompt_cache_retention": "24h",
        "reasoning_effort": "high",
        "safety_identifier": "u",
        "seed": 1,
        "service_tier": "flex",
        "store": True,
        "user": "u",
        "verbosity": "low",
    }
    known = set(get_type_hints(sdk.CompletionCreateParamsStreaming))
    assert known - set(ChatCompletionRequest.model_fields) == set(samples)
    assert ignored_params(parsed(**samples)) == tuple(samples)


@pytest.mark.parametrize(
    ("field", "value", "param"),
    [
        ("n", 2, "n"),
        ("logprobs", True, "logprobs"),
        ("top_logprobs", 3, "top_logprobs"),
        ("response_format", {"type": "json_object"}, "response_format.type"),
        ("response_format", {"type": "json_schema", "json_schema": {"name": "a"}}, "response_format.type"),
        ("modalities", ["text", "audio"], "modalities"),
        ("functions", [{"name": "f"}], "functions"),
        ("function_call", {"name": "f"}, "function_call"),
        ("web_search_options", {}, "web_search_options"),
        ("moderation", {"model": "omni"}, "moderation"),
        ("tools", [{"type": "custom", "custom": {"name": "f"}}], "tools[0].type"),
        ("tool_choice", {"type": "custom", "custom": {"name": "f"}}, "tool_choice.type"),
        ("messages", [{"role": "user", "content": [{"type": "file", "file": {}}]}], "messages[0].content[0].type"),
        (
            "messages",
            [USER, {"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}],
            "messages[1].content[0].type",
        ),
        ("messages", [{"role": "function", "name": "f", "content": "x"}], "messages[0].role"),
        ("messages", [{"role": "assistant", "audio": {"id": "a"}}], "messages[0].audio"),
        ("messages", [{"role": "assistant", "function_call": {"name": "f"}}], "messages[0].function_call"),
    ],
)
def test_what_would_change_the_answer_is_refused_and_never_dropped(field: str, value: object, param: str) -> None:
    error = refusal(**{field: value})
    assert isinstance(error, UnsupportedParameter), error.message
    assert error.param == param
    assert error.code == "unsupported_parameter"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("n", 1),
        ("logprobs", False),
        ("top_logprobs", 0),
        ("response_format", {"type": "text"}),
        ("modalities", ["text"]),
        ("functions", []),
        ("function_call", "auto"),
        ("frequency_penalty", 0),
        ("presence_penalty", 0.0),
        ("logit_bias", {}),
        ("parallel_tool_calls", True),
        ("store", False),
        ("service_tier", "auto"),
        ("stream_options", {"include_usage": True, "include_obfuscation": False}),
    ],
)
def test_values_that_ask_for_nothing_are_accepted_without_a_report(field: str, value: object) -> None:
    assert ignored_params(parsed(**{field: value})) == ()


def test_null_is_absent_in_every_optional_field() -> None:
    optional = set(get_type_hints(sdk.CompletionCreateParamsStreaming)) - {"model", "messages"}
    request = parsed(**dict.fromkeys(optional))
    assert ignored_params(request) == ()
    assert request.max_output_tokens is None


@pytest.mark.parametrize(
    ("field", "value", "param"),
    [
        ("model", 3, "model"),
        ("model", "", "model"),
        ("messages", [], "messages"),
        ("messages", "hi", "messages"),
        ("messages", [{"content": "hi"}], "messages[0].role"),
        ("messages", [{"role": "wizard", "content": "hi"}], "messages[0].role"),
        ("messages", [{"role": "user"}], "messages[0].content"),
        ("messages", [{"role": "user", "content": None}], "messages[0].content"),
        ("messages", [{"role": "user", "content": 3}], "messages[0].content"),
        ("messages", [{"role": "user", "content": [{"type": "text"}]}], "messages[0].content[0].text"),
        ("messages", [{"role": "user", "content": [{"text": "a"}]}], "messages[0].content[0].type"),
        ("messages", [{"role": "user", "content": [{"type": "x"}]}], "messages[0].content[0].type"),
        (
            "messages",
            [{"role": "assistant", "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f"}}]}],
            "messages[0].tool_calls[0].function.arguments",
        ),
        ("messages", [{"role": "tool", "content": "x"}], "messages[0].tool_call_id"),
        ("max_tokens", 0, "max_tokens"),
        ("max_tokens", "9", "max_tokens"),
        ("max_completion_tokens", 2**31, "max_completion_tokens"),
        ("temperature", 2.1, "temperature"),
        ("top_p", -0.1, "top_p"),
        ("stop", [1], "stop[0]"),
        ("stream", "yes", "stream"),
        ("tools", [{"type": "function", "function": {}}], "tools[0].function.name"),
        ("tools", [{"type": "function", "function": {"name": "f", "parameters": []}}], "tools[0].function.parameters"),
        ("tool_choice", "always", "tool_choice"),
    ],
)
def test_a_malformed_field_is_named(field: str, value: object, param: str) -> None:
    error = refusal(**{field: value})
    assert not isinstance(error, UnsupportedParameter)
    assert error.param == param
    assert "pydantic" not in error.message.lower()


def test_max_completion_tokens_wins_over_max_tokens() -> None:
    assert parsed(max_tokens=1, max_completion_tokens=2).max_output_tokens == 2
    assert parsed(max_tokens=1).max_output_tokens == 1


def test_the_usage_chunk_is_sent_only_where_it_was_asked_for() -> None:
    assert parsed(stream_options={"include_usage": True}).wants_usage_chunk
    assert not parsed(stream_options={}).wants_usage_chunk
    assert not parsed().wants_usage_chunk


def test_ignored_fields_are_reported_once_each_at_any_depth() -> None:
    named = {"role": "user", "name": "ann", "content": [{"type": "text", "text": "a", "cache_control": {"a": 1}}]}
    tool = {"type": "function", "function": {"name": "f", "strict": True}}
    assert ignored_params(parsed(messages=[named, named], tools=[tool], top_k=5)) == (
        "top_k",
        "messages[].name",
        "messages[].content[].cache_control",
        "tools[].function.strict",
    )


def test_what_is_ignored_is_quoted_once_and_no_further_than_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    quoted: list[bytes] = []

    def counted(path: bytes, safe: str) -> str:
        quoted.append(path)
        return quote(path, safe=safe)

    monkeypatch.setattr("gateway.openai.chat.quote", counted)
    long_name = "é" * 200
    assert len(ignored_params(parsed(messages=[{**USER, "name": "ann", long_name: 1}] * 1000))) == 2
    assert len(quoted) == 2
    assert max(map(len, quoted)) <= 2 * MAX_REPORTED_LENGTH


def test_a_zero_is_no_false() -> None:
    assert ignored_params(parsed(store=0)) == ("store",)


@given(st.dictionaries(st.text(), st.integers(), max_size=60))
def test_ignored_params_are_safe_in_a_header_whatever_the_client_called_them(fields: dict[str, int]) -> None:
    body = {**{f"x{name}": value for name, value in fields.items()}, "model": "m", "messages": [USER]}
    names = ignored_params(parse_chat_request(json.dumps(body).encode(errors="replace")))
    assert len(names) <= MAX_REPORTED
    assert len(names) == len(set(names))
    for name in names:
        assert 0 < len(name) <= MAX_REPORTED_LENGTH
        assert name.isascii()
        assert name.isprintable()
        assert "," not in name


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from([*ChatCompletionRequest.model_fields, "seed", "x"]), json_values),
    st.lists(st.dictionaries(st.sampled_from(["role", "content", "tool_calls"]), json_values | st.just("user"))),
)
def test_no_body_raises_anything_but_an_invalid_request(fields: dict[str, object], messages: list[object]) -> None:
    for body in (fields, {"model": "m", "messages": messages, **fields}):
        with suppress(InvalidRequest):
            ignored_params(parse_chat_request(json.dumps(body).encode()))
