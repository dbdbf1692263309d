"""Converse to Chat Completions: the whole answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import orjson

from gateway.bedrock.converse import ContentBlock, ConverseResponse
from gateway.openai.completion import AssistantMessage, ChatCompletion, Envelope, ToolCall
from gateway.openai.usage import to_usage
from gateway.translate.stop_reason import to_finish_reason
from tenants.usage import TokenCounts


def from_converse(answer: ConverseResponse, envelope: Envelope, tokens: TokenCounts) -> ChatCompletion:
    """Built from the content's blocks, whatever the stop reason says: an answer cut at max_tokens may hold tool calls.

    Blocks of kinds not known here are passed over. `tokens` is what the request is charged with.
    """
    message = _to_message(answer.get("output", {}).get("message", {}).get("content", []))
    return {
        "id": envelope.id,
        "object": "chat.completion",
        "created": envelope.created,
        "model": envelope.model,
        "choices": [
            {
                "index": 0,
                "message": message,
                "logprobs": None,
                "finish_reason": to_finish_reason(answer.get("stopReason", "end_turn"), "tool_calls" in message),
            }
        ],
        "usage": to_usage(tokens),
    }


def _to_message(blocks: Sequence[ContentBlock]) -> AssistantMessage:
    texts: list[str] = []
    reasoning: list[str] = []
    tool_calls: list[ToolCall] = []
    for block in blocks:
        if "text" in block:
            texts.append(block["text"])
        elif "citationsContent" in block:
            # Claude answers with these in place of text blocks where it cites: without them the answer has holes.
            texts += [part["text"] for part in block["citationsContent"].get("content", []) if "text" in part]
        elif "reasoningContent" in block:
            reasoning.append(block["reasoningContent"].get("reasoningText", {}).get("text", ""))
        elif "toolUse" in block and block["toolUse"].get("type") != "server_tool_use":
            tool_calls.append(_to_tool_call(block))
    message: AssistantMessage = {"role": "assistant", "content": "".join(texts) or None, "refusal": None}
    if any(reasoning):
        message["reasoning_content"] = "".join(reasoning)
    if tool_calls:
        message["tool_calls"] = tool_calls
    return message


def _to_tool_call(block: ContentBlock) -> ToolCall:
    tool_use = block["toolUse"]
    arguments = orjson.dumps(cast("object", tool_use.get("input")) or {}).decode()
    return {
        "id": tool_use["toolUseId"],
        "type": "function",
        "function": {"name": tool_use["name"], "arguments": arguments},
    }
