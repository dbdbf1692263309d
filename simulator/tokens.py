"""Token counts that are plausible, deterministic and exact where a limit must bite."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from simulator.traits import Traits

# About four letters a token, punctuation by itself: close to the recorded counts of English text.
_TOKEN = re.compile(r"\s*[^\W_]{1,6}|\s*[\W_]|\s+")
_BYTES_PER_TOKEN = 4
_MESSAGE_OVERHEAD_TOKENS = 4
_IMAGE_TOKENS = 1_300
_DOCUMENT_TOKENS_PER_BYTE = 1 / 16


def split_tokens(text: str) -> list[str]:
    """The pieces that count as one token each; joined, they are the text."""
    return _TOKEN.findall(text)


def count_tokens(text: str) -> int:
    """How many tokens an answer's text counts."""
    return len(split_tokens(text))


def estimate_input_tokens(body: Mapping[str, Any], traits: Traits) -> int:
    """The input tokens of a Converse body: its text, its media, and the prompt a service writes around tools."""
    total = sum(_estimate_text(block["text"]) for block in body.get("system") or () if "text" in block)
    for message in body.get("messages") or ():
        total += _MESSAGE_OVERHEAD_TOKENS + sum(_estimate_block(block) for block in message["content"])
    tools = (body.get("toolConfig") or {}).get("tools")
    if tools:
        total += traits.tool_prompt_tokens + len(orjson.dumps(tools)) // _BYTES_PER_TOKEN
    return total


def _estimate_block(block: Mapping[str, Any]) -> int:
    if "text" in block:
        return _estimate_text(block["text"])
    if "image" in block or "video" in block:
        return _IMAGE_TOKENS
    if "document" in block:
        return int(len(orjson.dumps(block)) * _DOCUMENT_TOKENS_PER_BYTE)
    if "toolResult" in block:
        return sum(_estimate_block(content) for content in block["toolResult"]["content"])
    return len(orjson.dumps(block)) // _BYTES_PER_TOKEN


def _estimate_text(text: str) -> int:
    return len(text.encode()) // _BYTES_PER_TOKEN + 1
