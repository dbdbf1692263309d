from __future__ import annotations

from typing import Any

import pytest

from simulator import prompt, traits
from simulator.directives import Directives
from simulator.reply import Reasoning, Reply, Text, ToolCall, compose, word_deltas
from simulator.tokens import count_tokens, split_tokens
from simulator.traits import Traits


def _tool(name: str) -> dict[str, Any]:
    schema = {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"]}
    return {"toolSpec": {"name": name, "inputSchema": {"json": schema}}}


def _reply(text: str, model: Traits = traits.NOVA, **body: Any) -> Reply:
    asked = prompt.from_converse({"messages": [{"role": "user", "content": [{"text": text}]}], **body}, model)
    return compose(asked, model, asked.directives)


def test_the_same_prompt_has_the_same_reply() -> None:
    tools = {"tools": [_tool("f"), _tool("g")]}
    assert _reply("call f and g", toolConfig=tools) == _reply("call f and g", toolConfig=tools)


def test_every_tool_named_is_called_once_each_under_its_own_id() -> None:
    reply = _reply("call f and g", toolConfig={"tools": [_tool("f"), _tool("g"), _tool("h")]})
    calls = [block for block in reply.blocks if isinstance(block, ToolCall)]
    assert [call.name for call in calls] == ["f", "g"]
    assert len({call.tool_use_id for call in calls}) == 2
    assert calls[0].arguments == {"q": "q"}


def test_a_tool_that_is_mentioned_but_not_asked_for_is_not_called() -> None:
    reply = _reply("what does f do?", toolConfig={"tools": [_tool("f")]})
    assert reply.blocks == (Text("echo: what does f do?"),)


def test_a_forced_tool_is_called_whatever_the_text_says() -> None:
    forced = {"tools": [_tool("f"), _tool("g")], "toolChoice": {"tool": {"name": "g"}}}
    (call,) = _reply("call f", toolConfig=forced).blocks
    assert isinstance(call, ToolCall)
    assert call.name == "g"


@pytest.mark.parametrize("max_tokens", range(1, 12))
def test_no_answer_is_longer_than_max_tokens(max_tokens: int) -> None:
    reply = _reply("one two three four five", inferenceConfig={"maxTokens": max_tokens})
    text = "".join(block.text for block in reply.blocks if isinstance(block, Text))
    assert reply.usage.output_tokens == count_tokens(text) <= max_tokens
    assert reply.stop_reason == ("end_turn" if text == "echo: one two three four five" else "max_tokens")


def test_reasoning_is_signed_by_claude_alone() -> None:
    asked = {"additionalModelRequestFields": {"thinking": {"type": "enabled"}, "reasoning_effort": "low"}}
    signed, bare = _reply("x", traits.CLAUDE_4_5, **asked).blocks[0], _reply("x", traits.GPT_OSS, **asked).blocks[0]
    assert isinstance(signed, Reasoning)
    assert isinstance(bare, Reasoning)
    assert signed.signature
    assert bare.signature is None


def test_a_json_schema_asked_for_is_met() -> None:
    schema = '{"type":"object","properties":{"n":{"type":"integer"}},"required":["n"]}'
    form = {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": schema}}}}
    assert _reply("x", outputConfig=form).blocks == (Text('{"n": 1}'),)


def test_an_image_is_acknowledged() -> None:
    content = [{"text": "look"}, {"image": {"format": "png", "source": {"bytes": ""}}}]
    asked = prompt.from_converse({"messages": [{"role": "user", "content": content}]}, traits.NOVA)
    assert compose(asked, traits.NOVA, Directives()).blocks == (Text("echo: look [image: png]"),)


def test_an_empty_answer_has_no_blocks_and_no_tokens() -> None:
    reply = _reply("hi [[sim:empty]]")
    assert (reply.blocks, reply.usage.output_tokens, reply.stop_reason) == ((), 0, "end_turn")


def test_tools_cost_more_input_tokens_than_their_bytes() -> None:
    # Recorded: 901 input tokens for a body of 365 bytes. A bound that counts bytes alone is wrong.
    body = {"messages": [{"role": "user", "content": [{"text": "hi"}]}], "toolConfig": {"tools": [_tool("f")]}}
    assert prompt.from_converse(body, traits.NOVA_2).input_tokens > len(str(body))


@pytest.mark.parametrize("text", ["", " ", "one", "one  two\n\nthree ", "ünïcode, punctuation! 漢字 x_y"])
def test_words_and_tokens_join_to_the_text_they_were_cut_from(text: str) -> None:
    assert "".join(word_deltas(text)) == text
    assert "".join(split_tokens(text)) == text
