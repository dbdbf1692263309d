"""The two wire forms of a reply: the JSON body of Converse and the events of ConverseStream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from simulator.reply import Reasoning, Reply, ReplyBlock, Text, ToolCall, word_deltas
from simulator.traits import Dialect

Event = tuple[str, dict[str, Any]]
_ARGUMENT_PIECE_CHARS = 9


def to_body(reply: Reply, dialect: Dialect, latency_ms: int, field_paths: Sequence[str] = ()) -> dict[str, Any]:
    """The body of Converse."""
    content = [_to_content(block, dialect) for block in reply.blocks]
    body: dict[str, Any] = {
        "metrics": {"latencyMs": latency_ms},
        "output": {"message": {"content": content, "role": "assistant"}},
        "stopReason": reply.stop_reason,
        "usage": reply.usage.to_wire(dialect),
    }
    fields = _response_fields(reply, field_paths)
    if fields:
        body["additionalModelResponseFields"] = fields
    return body


def to_events(reply: Reply, dialect: Dialect, latency_ms: int, field_paths: Sequence[str] = ()) -> Iterator[Event]:
    """The events of ConverseStream, `metadata` last. Text and reasoning blocks have no contentBlockStart."""
    yield "messageStart", {"role": "assistant"}
    for index, block in enumerate(reply.blocks):
        if isinstance(block, ToolCall):
            start: dict[str, Any] = {"name": block.name, "toolUseId": block.tool_use_id}
            if dialect is Dialect.CLAUDE:
                start["type"] = "tool_use"
            yield "contentBlockStart", {"contentBlockIndex": index, "start": {"toolUse": start}}
        for delta in _deltas(block, dialect):
            yield "contentBlockDelta", {"contentBlockIndex": index, "delta": delta}
        yield "contentBlockStop", {"contentBlockIndex": index}
    stop: dict[str, Any] = {"stopReason": reply.stop_reason}
    fields = _response_fields(reply, field_paths)
    if fields:
        # Recorded: one level deeper than in Converse.
        stop["additionalModelResponseFields"] = {"delta": fields}
    yield "messageStop", stop
    yield "metadata", {"metrics": {"latencyMs": latency_ms}, "usage": reply.usage.to_wire(dialect)}


def _to_content(block: ReplyBlock, dialect: Dialect) -> dict[str, Any]:
    if isinstance(block, Text):
        return {"text": block.text}
    if isinstance(block, Reasoning):
        signed = {"signature": block.signature} if block.signature else {}
        return {"reasoningContent": {"reasoningText": {"text": block.text, **signed}}}
    tool_use = {"input": dict(block.arguments), "name": block.name, "toolUseId": block.tool_use_id}
    if dialect is Dialect.CLAUDE:
        tool_use["type"] = "tool_use"
    return {"toolUse": tool_use}


def _deltas(block: ReplyBlock, dialect: Dialect) -> Iterator[dict[str, Any]]:
    if isinstance(block, Text):
        for text in word_deltas(block.text):
            yield {"text": text}
    elif isinstance(block, Reasoning):
        for text in word_deltas(block.text):
            yield {"reasoningContent": {"text": text}}
        if block.signature:
            yield {"reasoningContent": {"signature": block.signature}}
    else:
        for piece in _argument_pieces(block.arguments, dialect):
            yield {"toolUse": {"input": piece}}


def _argument_pieces(arguments: Mapping[str, Any], dialect: Dialect) -> Iterator[str]:
    # Recorded: Claude begins with an empty piece and sends nothing else for no arguments; Nova sends all in one.
    packed = orjson.dumps(arguments).decode()
    if dialect is not Dialect.CLAUDE:
        yield packed
        return
    yield ""
    if arguments:
        for start in range(0, len(packed), _ARGUMENT_PIECE_CHARS):
            yield packed[start : start + _ARGUMENT_PIECE_CHARS]


def _response_fields(reply: Reply, field_paths: Sequence[str]) -> dict[str, Any]:
    return {"stop_sequence": reply.stop_sequence} if "/stop_sequence" in field_paths else {}
