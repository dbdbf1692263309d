from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from openai.types.chat import ChatCompletion

from gateway.bedrock.converse import ContentBlock, ConverseResponse
from gateway.openai.completion import AssistantMessage, Envelope
from gateway.translate.chat_response import from_converse
from gateway.translate.usage import from_converse_usage
from tenants.usage import NO_TOKENS, TokenCounts

ENVELOPE = Envelope(id="chatcmpl-1", created=1_700_000_000, model="claude")


def answer(*blocks: ContentBlock, stop_reason: str = "end_turn") -> ConverseResponse:
    return {
        "output": {"message": {"role": "assistant", "content": list(blocks)}},
        "stopReason": stop_reason,
        "usage": {"inputTokens": 3, "outputTokens": 4, "totalTokens": 7},
    }


def message_of(*blocks: ContentBlock) -> AssistantMessage:
    return from_converse(answer(*blocks), ENVELOPE, NO_TOKENS)["choices"][0]["message"]


def test_every_recorded_answer_is_a_valid_completion_with_the_same_content(
    converse_answers: list[Mapping[str, Any]],
) -> None:
    for recording in converse_answers:
        body = recording["response"]["body"]
        tokens = from_converse_usage(body["usage"])
        assert tokens is not None
        completion = ChatCompletion.model_validate(from_converse(body, ENVELOPE, tokens), strict=True)
        choice = completion.choices[0]
        blocks = body["output"]["message"]["content"]
        text = "".join(
            part["text"]
            for b in blocks
            for part in ([b] if "text" in b else b.get("citationsContent", {}).get("content", []))
        )
        calls = [
            b["toolUse"]
            for b in blocks
            if b.get("toolUse", {}).get("type", "tool_use") == "tool_use" and "toolUse" in b
        ]
        assert (choice.message.content or "") == text, recording["file"]
        got = [
            (c.id, c.function.name, json.loads(c.function.arguments))
            for c in choice.message.tool_calls or []
            if c.type == "function"
        ]
        assert got == [(c["toolUseId"], c["name"], c["input"]) for c in calls], recording["file"]
        assert completion.usage is not None
        assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens
        assert completion.usage.total_tokens == body["usage"]["totalTokens"], recording["file"]
        if calls and body["stopReason"] == "tool_use":
            assert choice.finish_reason == "tool_calls"
    print(f"{len(converse_answers)} recorded answers translated")  # noqa: T201 - how much was tried, shown by -s


def test_tool_calls_survive_an_answer_cut_at_max_tokens() -> None:
    cut = answer({"toolUse": {"toolUseId": "t1", "name": "f", "input": {"a": 1}}}, stop_reason="max_tokens")
    choice = from_converse(cut, ENVELOPE, NO_TOKENS)["choices"][0]
    assert choice["finish_reason"] == "length"
    assert choice["message"]["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"a":1}'}


def test_text_blocks_are_joined_and_stand_beside_reasoning_and_tool_calls() -> None:
    message = message_of(
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
        {"text": "a"},
        {"text": "b"},
        {"toolUse": {"toolUseId": "t1", "name": "f", "input": {}}},
    )
    assert message["content"] == "ab"
    assert message["reasoning_content"] == "hm"
    assert message["tool_calls"][0]["function"]["arguments"] == "{}"


def test_text_inside_citations_is_part_of_the_content() -> None:
    assert (
        message_of({"text": "a "}, {"citationsContent": {"content": [{"text": "cited"}], "citations": []}})["content"]
        == "a cited"
    )


@pytest.mark.parametrize(
    "block",
    [
        {"reasoningContent": {"redactedContent": "AAAA"}},
        {"reasoningContent": {"reasoningText": {"text": "", "signature": "s"}}},
        {"citationsContent": {"citations": [{}]}},
        {"toolUse": {"toolUseId": "t", "name": "nova_grounding", "input": {}, "type": "server_tool_use"}},
        {"toolResult": {"toolUseId": "t", "content": []}},
        {"somethingNew": {"a": 1}},
    ],
)
def test_a_block_without_anything_for_the_client_leaves_the_content_null(block: ContentBlock) -> None:
    assert message_of(block) == {"role": "assistant", "content": None, "refusal": None}


def test_an_answer_without_output_or_usage_is_still_a_completion() -> None:
    completion = from_converse({"stopReason": "guardrail_intervened"}, ENVELOPE, TokenCounts(5, 2))
    assert completion["choices"][0]["message"]["content"] is None
    assert completion["choices"][0]["finish_reason"] == "content_filter"


def test_the_client_is_told_the_tokens_it_is_charged_with_whatever_the_answer_says() -> None:
    usage = from_converse(answer({"text": "a"}), ENVELOPE, TokenCounts(30, 40, 5))["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (35, 40, 75)
