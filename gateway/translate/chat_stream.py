"""ConverseStream to Chat Completions: the streamed answer.

Theory of operation. A ChatStream belongs to one stream and does no I/O: it is fed events, in their order, and gives
back the deltas that each is worth, most often one or none. What it knows from outside:

- messageStart, then per block [contentBlockStart] deltas contentBlockStop, then messageStop, and metadata last. Only
  tool blocks have a contentBlockStart; text and reasoning begin with their first delta. Blocks carry an index.
- Bedrock numbers blocks, OpenAI numbers tool calls: a call's index is the count of calls before it.
- A call's id, type and name are sent once, since accumulators join what is repeated. Arguments follow as the model
  splits them. A call without arguments comes as `""` from Claude and has to end as `{}`, so it is known to be empty
  only when its block stops.
- Tools that Bedrock runs itself (`server_tool_use`) and their results are no business of the client.
- The usage comes after the stop reason. A stream that ends without a stop reason was cut off, and is not complete.
- Unknown events, blocks and fields (`p`, random padding, is on every event) mean nothing here.
"""

from __future__ import annotations

from typing import Any

from gateway.openai.completion import ChoiceDelta, FinishReason
from gateway.translate.stop_reason import to_finish_reason
from gateway.translate.usage import from_converse_usage
from tenants.usage import TokenCounts


class ChatStream:
    """One stream's state. Not thread-safe; made for one answer."""

    __slots__ = ("_open_calls", "_stop_reason", "_tool_calls", "output_text_bytes", "usage")

    def __init__(self) -> None:
        self._open_calls: dict[int, _OpenCall] = {}
        self._tool_calls = 0
        self._stop_reason: str | None = None
        self.usage: TokenCounts | None = None
        """Known once metadata came."""
        self.output_text_bytes = 0
        """Text, reasoning and tool arguments so far, in UTF-8: what an estimate rests on where the usage never came."""

    @property
    def finish_reason(self) -> FinishReason | None:
        """None until messageStop; still None when the stream ends: it broke off, which is an error."""
        return None if self._stop_reason is None else to_finish_reason(self._stop_reason, self._tool_calls > 0)

    def feed(self, event_type: str, payload: dict[str, Any]) -> list[ChoiceDelta]:
        """The deltas of one event. `event_type` is the frame's `:event-type`, `payload` its JSON."""
        # First and alone, since it is nearly every event of a stream.
        if event_type == "contentBlockDelta":
            delta = payload["delta"]
            text = delta.get("text")
            if text:
                self.output_text_bytes += _utf8_bytes(text)
                return [{"content": text}]
            return self._feed_other_delta(payload.get("contentBlockIndex", 0), delta)
        match event_type:
            case "messageStart":
                return [{"role": "assistant", "content": ""}]
            case "contentBlockStart":
                return self._start_block(payload.get("contentBlockIndex", 0), payload.get("start", {}))
            case "contentBlockStop":
                return self._stop_block(payload.get("contentBlockIndex", 0))
            case "messageStop":
                self._stop_reason = payload.get("stopReason", "end_turn")
            case "metadata":
                self.usage = from_converse_usage(payload.get("usage"))
        return []

    def _feed_other_delta(self, block_index: int, delta: dict[str, Any]) -> list[ChoiceDelta]:
        if "reasoningContent" in delta:
            # A signature or redacted content comes in a delta of its own, and has no place in OpenAI's chunks.
            reasoning = delta["reasoningContent"].get("text")
            if reasoning:
                self.output_text_bytes += _utf8_bytes(reasoning)
                return [{"reasoning_content": reasoning}]
        elif "toolUse" in delta:
            arguments = delta["toolUse"].get("input")
            call = self._open_calls.get(block_index)
            if arguments and call is not None:
                self.output_text_bytes += _utf8_bytes(arguments)
                call.has_arguments = True
                return [_to_arguments_delta(call.index, arguments)]
        return []

    def _start_block(self, block_index: int, start: dict[str, Any]) -> list[ChoiceDelta]:
        tool_use = start.get("toolUse")
        if tool_use is None or tool_use.get("type") == "server_tool_use":
            return []
        call = self._open_calls[block_index] = _OpenCall(self._tool_calls)
        self._tool_calls += 1
        return [
            {
                "tool_calls": [
                    {
                        "index": call.index,
                        "id": tool_use["toolUseId"],
                        "type": "function",
                        "function": {"name": tool_use["name"], "arguments": ""},
                    }
                ]
            }
        ]

    def _stop_block(self, block_index: int) -> list[ChoiceDelta]:
        call = self._open_calls.pop(block_index, None)
        return [] if call is None or call.has_arguments else [_to_arguments_delta(call.index, "{}")]


class _OpenCall:
    """A tool call whose block has not stopped; `index` is OpenAI's, from 0."""

    __slots__ = ("has_arguments", "index")

    def __init__(self, index: int) -> None:
        self.index = index
        self.has_arguments = False


def _to_arguments_delta(index: int, arguments: str) -> ChoiceDelta:
    return {"tool_calls": [{"index": index, "function": {"arguments": arguments}}]}


def _utf8_bytes(text: str) -> int:
    # isascii reads a flag of the string; encoding would copy it.
    return len(text) if text.isascii() else len(text.encode())
