"""The answer to a prompt, before it takes either wire form. Deterministic: the same prompt gives the same reply."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

from simulator.directives import Directives
from simulator.prompt import Prompt
from simulator.schema_sample import sample
from simulator.tokens import split_tokens
from simulator.traits import Dialect, Traits

_WORD = re.compile(r"\s*\S+|\s+")
_FILLER = ("alpha", "beta", "gamma", "delta", "kappa", "sigma", "omega", "theta")


@dataclass(frozen=True, slots=True)
class Text:
    """A text block."""

    text: str


@dataclass(frozen=True, slots=True)
class Reasoning:
    """A reasoning block; only Claude signs."""

    text: str
    signature: str | None


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A toolUse block."""

    tool_use_id: str
    name: str
    arguments: Mapping[str, Any]


ReplyBlock = Text | Reasoning | ToolCall


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts as Bedrock reports them: `input_tokens` leaves out what the cache read or wrote."""

    input_tokens: int
    output_tokens: int
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cache_ttl: str = "5m"

    def to_wire(self, dialect: Dialect) -> dict[str, Any]:
        """`usage` with the twin fields of newer services; Claude reports them even when they are zero."""
        cached = self.cache_read_tokens + self.cache_write_tokens
        wire: dict[str, Any] = {
            "inputTokens": self.input_tokens,
            "outputTokens": self.output_tokens,
            "serverToolUsage": {},
            "totalTokens": self.input_tokens + self.output_tokens + cached,
        }
        if cached or dialect is Dialect.CLAUDE:
            wire["cacheReadInputTokens"] = wire["cacheReadInputTokenCount"] = self.cache_read_tokens
            wire["cacheWriteInputTokens"] = wire["cacheWriteInputTokenCount"] = self.cache_write_tokens
        if self.cache_write_tokens:
            wire["cacheDetails"] = [{"inputTokens": self.cache_write_tokens, "ttl": self.cache_ttl}]
        return wire


@dataclass(frozen=True, slots=True)
class Reply:
    """Blocks, why they end, and what they cost."""

    blocks: tuple[ReplyBlock, ...]
    stop_reason: str
    stop_sequence: str | None
    usage: Usage


def compose(prompt: Prompt, traits: Traits, directives: Directives) -> Reply:
    """The reply: what the directives ask, else forced or named tools, else tool results told, else an echo."""
    reasoning: tuple[ReplyBlock, ...] = (_reason(prompt.text, traits),) if prompt.thinks else ()
    calls = _to_calls(prompt, directives) if directives.tokens is None and not directives.empty else ()
    stop_reason, stop_sequence = "tool_use" if calls else "end_turn", None
    wanted: tuple[ReplyBlock, ...] = calls
    if not calls and not directives.empty:
        text, stop_sequence = _until_stop_sequence(_text(prompt, directives), prompt.stop_sequences)
        stop_reason = "stop_sequence" if stop_sequence is not None else stop_reason
        wanted = (Text(text),) if text else ()
    blocks, output_tokens, complete = _fit((*reasoning, *wanted), prompt.max_tokens)
    usage = Usage(
        input_tokens=prompt.input_tokens,
        output_tokens=output_tokens,
        cache_read_tokens=directives.cache_read,
        cache_write_tokens=directives.cache_write,
        cache_ttl=directives.cache_ttl,
    )
    if complete:
        return Reply(blocks, stop_reason, stop_sequence, usage)
    return Reply(blocks, "max_tokens", None, usage)


def _text(prompt: Prompt, directives: Directives) -> str:
    if directives.tokens is not None:
        return " ".join(islice(cycle(_FILLER), directives.tokens))
    if directives.reply is not None:
        return directives.reply
    if prompt.answer_schema is not None:
        return json.dumps(sample(prompt.answer_schema), ensure_ascii=False)
    if prompt.tool_results:
        return "The tool answered: " + "; ".join(prompt.tool_results)
    return " ".join(part for part in ("echo:", prompt.text, *prompt.media) if part)


def _reason(text: str, traits: Traits) -> Reasoning:
    thought = f"The user wrote {len(text)} characters. An echo answers them."
    signature = base64.b64encode(hashlib.sha512(thought.encode()).digest()).decode()
    return Reasoning(thought, signature if traits.dialect is Dialect.CLAUDE else None)


def _to_calls(prompt: Prompt, directives: Directives) -> tuple[ToolCall, ...]:
    calls = []
    for index, tool in enumerate(prompt.calls):
        seed = f"{0 if directives.duplicate_tool_ids else index} {prompt.text}".encode()
        arguments = sample(tool.schema) if tool.schema else {}
        tool_use_id = "tooluse_" + hashlib.sha256(seed).hexdigest()[:22]
        calls.append(ToolCall(tool_use_id, tool.name, arguments if isinstance(arguments, dict) else {}))
    return tuple(calls)


def _until_stop_sequence(text: str, stop_sequences: tuple[str, ...]) -> tuple[str, str | None]:
    """The text before the earliest stop sequence, which is itself not part of the answer."""
    found = [(text.index(sequence), sequence) for sequence in stop_sequences if sequence in text]
    if not found:
        return text, None
    position, sequence = min(found)
    return text[:position], sequence


def _fit(blocks: tuple[ReplyBlock, ...], max_tokens: int) -> tuple[tuple[ReplyBlock, ...], int, bool]:
    """The blocks that fit, their tokens, and whether all did. A call that does not fit is left out whole."""
    kept: list[ReplyBlock] = []
    left = max_tokens
    for block in blocks:
        pieces = split_tokens(_counted_text(block))
        if len(pieces) <= left:
            kept.append(block)
            left -= len(pieces)
            continue
        cut = "".join(pieces[:left])
        if cut and isinstance(block, Text):
            kept.append(Text(cut))
        elif cut and isinstance(block, Reasoning):
            kept.append(Reasoning(cut, None))
        return tuple(kept), max_tokens, False
    return tuple(kept), max_tokens - left, True


def _counted_text(block: ReplyBlock) -> str:
    if isinstance(block, ToolCall):
        return block.name + json.dumps(block.arguments)
    return block.text


def word_deltas(text: str) -> list[str]:
    """The text word by word, each with the blank before it."""
    return _WORD.findall(text)
