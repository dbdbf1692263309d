"""What the simulator understands of a Converse request: a value read once from the checked body."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from simulator.directives import NONE, Directives, split_text
from simulator.tokens import estimate_input_tokens
from simulator.traits import Traits

_ASKS_FOR_A_CALL = re.compile(r"\b(?:call|use|invoke)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """One tool the model may call."""

    name: str
    schema: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Prompt:
    """The last turn and what governs its answer. `max_tokens` is the request's, or the model's limit."""

    text: str
    tool_results: tuple[str, ...]
    media: tuple[str, ...]
    calls: tuple[ToolSpec, ...]
    answer_schema: Mapping[str, Any] | None
    thinks: bool
    max_tokens: int
    stop_sequences: tuple[str, ...]
    input_tokens: int
    directives: Directives


def from_converse(body: Mapping[str, Any], traits: Traits) -> Prompt:
    """Reads a checked body. Raises Refused for a directive that is not understood."""
    messages = body.get("messages") or [{"role": "user", "content": []}]
    last = next((message for message in reversed(messages) if message["role"] == "user"), messages[-1])["content"]
    raw_text = "\n".join(block["text"] for block in last if "text" in block)
    text, directives = split_text(raw_text) if raw_text else ("", NONE)
    results = tuple(_result_text(block["toolResult"]) for block in last if "toolResult" in block)
    inference = body.get("inferenceConfig") or {}
    input_tokens = directives.input_tokens
    return Prompt(
        text=text,
        tool_results=results,
        media=tuple(_media(last)),
        calls=_calls(body, text, answered=bool(results)),
        answer_schema=_answer_schema(body),
        thinks=_thinks(body.get("additionalModelRequestFields"), traits),
        max_tokens=inference.get("maxTokens") or traits.max_output_tokens,
        stop_sequences=tuple(inference.get("stopSequences") or ()),
        input_tokens=estimate_input_tokens(body, traits) if input_tokens is None else input_tokens,
        directives=directives,
    )


def _calls(body: Mapping[str, Any], text: str, answered: bool) -> tuple[ToolSpec, ...]:
    """The tools to call: the forced one, or those the text asks for by name ("call get_weather")."""
    config = body.get("toolConfig") or {}
    specs = [tool["toolSpec"] for tool in config.get("tools") or () if "toolSpec" in tool]
    tools = [ToolSpec(spec["name"], (spec.get("inputSchema") or {}).get("json") or {}) for spec in specs]
    choice = config.get("toolChoice") or {}
    if "tool" in choice:
        return tuple(tool for tool in tools if tool.name == choice["tool"]["name"])
    asks = _ASKS_FOR_A_CALL.search(text) is not None and not answered
    named = tuple(tool for tool in tools if asks and re.search(rf"(?<![\w-]){re.escape(tool.name)}(?![\w-])", text))
    return named or (tuple(tools[:1]) if "any" in choice else ())


def _result_text(result: Mapping[str, Any]) -> str:
    parts = []
    for content in result["content"]:
        if "text" in content:
            parts.append(content["text"])
        elif "json" in content:
            parts.append(json.dumps(content["json"], ensure_ascii=False))
        else:
            parts.extend(_media([content]))
    return " ".join(parts)


def _media(blocks: list[Mapping[str, Any]]) -> list[str]:
    return [
        f"[{kind}: {block[kind].get('format', 'unknown')}]"
        for block in blocks
        for kind in ("image", "document", "video", "audio")
        if kind in block
    ]


def _answer_schema(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    text_format = (body.get("outputConfig") or {}).get("textFormat") or {}
    packed = ((text_format.get("structure") or {}).get("jsonSchema") or {}).get("schema")
    try:
        schema = json.loads(packed) if packed else None
    except ValueError:
        return None
    return schema if isinstance(schema, dict) else None


def _thinks(fields: object, traits: Traits) -> bool:
    if not traits.reasoning or not isinstance(fields, dict):
        return False
    for name in ("thinking", "reasoning_config", "reasoningConfig"):
        config = fields.get(name)
        if isinstance(config, str) or (isinstance(config, dict) and config.get("type") in ("enabled", "adaptive")):
            return True
    return fields.get("reasoning_effort") not in (None, "none")
