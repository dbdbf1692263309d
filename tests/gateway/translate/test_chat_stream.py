from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import orjson
from openai.lib.streaming.chat import ChatCompletionStreamState
from openai.types.chat import ChatCompletionChunk

from gateway.openai.chunks import ChunkEncoder
from gateway.openai.completion import ChoiceDelta, Envelope
from gateway.translate.chat_stream import ChatStream

ENVELOPE = Envelope(id="chatcmpl-1", created=1_700_000_000, model="claude")
Event = tuple[str, dict[str, Any]]


def start(index: int, **tool_use: str) -> Event:
    return "contentBlockStart", {"contentBlockIndex": index, "start": {"toolUse": tool_use}}


def delta(index: int, **content: object) -> Event:
    return "contentBlockDelta", {"contentBlockIndex": index, "delta": content, "p": "abc"}


def stop(index: int) -> Event:
    return "contentBlockStop", {"contentBlockIndex": index}


def fed(*events: Event) -> tuple[ChatStream, list[ChoiceDelta]]:
    stream = ChatStream()
    return stream, [d for event_type, payload in events for d in stream.feed(event_type, payload)]


def to_chunks(stream: ChatStream, deltas: list[ChoiceDelta]) -> list[ChatCompletionChunk]:
    encoder = ChunkEncoder(ENVELOPE, include_usage=True)
    assert stream.finish_reason is not None
    assert stream.usage is not None
    frames = [encoder.delta(d) for d in deltas] + [encoder.finish(stream.finish_reason), encoder.usage(stream.usage)]
    return [
        ChatCompletionChunk.model_validate(orjson.loads(f.removeprefix(b"data: ").removesuffix(b"\n\n")), strict=True)
        for f in frames
    ]


def read_independently(events: list[dict[str, Any]]) -> tuple[str, str, list[tuple[str, str, Any]]]:
    """Text, reasoning and client tool calls, from the recorded events alone."""
    blocks: dict[int, dict[str, Any]] = {}
    for event in events:
        payload = event["payload"]
        if "contentBlockIndex" in payload:
            block = blocks.setdefault(payload["contentBlockIndex"], {"text": "", "reasoning": "", "json": ""})
            block |= {"tool": payload["start"].get("toolUse")} if "start" in payload else {}
            part = payload.get("delta", {})
            block["text"] += part.get("text", "")
            block["reasoning"] += part.get("reasoningContent", {}).get("text", "")
            block["json"] += part["toolUse"]["input"] if "toolUse" in part else ""
    tools = [b for b in blocks.values() if b.get("tool") and b["tool"].get("type") != "server_tool_use"]
    return (
        "".join(b["text"] for b in blocks.values()),
        "".join(b["reasoning"] for b in blocks.values()),
        [(b["tool"]["toolUseId"], b["tool"]["name"], json.loads(b["json"] or "{}")) for b in tools],
    )


def test_every_recorded_stream_comes_out_whole_through_the_sdks_own_accumulator(
    whole_streams: list[Mapping[str, Any]],
) -> None:
    for recording in whole_streams:
        events = recording["response"]["events"]
        stream, deltas = fed(*((e["event_type"], e["payload"]) for e in events))
        assert stream.finish_reason is not None
        state: ChatCompletionStreamState[None] = ChatCompletionStreamState()
        for chunk in to_chunks(stream, deltas):
            list(state.handle_chunk(chunk))
        completion = state.current_completion_snapshot
        message = completion.choices[0].message
        text, reasoning, calls = read_independently(events)
        assert (message.content or "") == text, recording["file"]
        assert getattr(message, "reasoning_content", "") == reasoning, recording["file"]
        got = [(c.id, c.function.name, json.loads(c.function.arguments)) for c in message.tool_calls or []]
        assert got == calls, recording["file"]
        assert completion.choices[0].finish_reason == stream.finish_reason
        recorded_usage = next(e["payload"]["usage"] for e in events if e["event_type"] == "metadata")
        assert completion.usage is not None
        assert completion.usage.total_tokens == recorded_usage["totalTokens"], recording["file"]
    print(f"{len(whole_streams)} recorded streams translated")  # noqa: T201 - how much was tried, shown by -s


def test_a_recorded_stream_broken_by_an_exception_is_not_complete(recordings: list[Mapping[str, Any]]) -> None:
    broken = [
        events
        for r in recordings
        if r["request"]["operation"] == "ConverseStream" and (events := r["response"].get("events"))
        if not any(e["event_type"] == "messageStop" for e in events)
    ]
    for events in broken:
        stream, _ = fed(*((e["event_type"], e["payload"]) for e in events))
        assert stream.finish_reason is None
    assert broken


def test_the_role_comes_first_and_once() -> None:
    _, deltas = fed(("messageStart", {"role": "assistant"}), delta(0, text="a"), delta(0, text="b"))
    assert deltas == [{"role": "assistant", "content": ""}, {"content": "a"}, {"content": "b"}]


def test_tool_calls_are_counted_from_zero_whatever_their_blocks_index() -> None:
    _, deltas = fed(
        delta(0, reasoningContent={"text": "hm"}),
        stop(0),
        start(1, toolUseId="t1", name="f"),
        delta(1, toolUse={"input": ""}),
        delta(1, toolUse={"input": '{"a"'}),
        delta(1, toolUse={"input": ":1}"}),
        stop(1),
        start(5, toolUseId="t2", name="g"),
        delta(5, toolUse={"input": "{}"}),
        stop(5),
    )
    assert deltas == [
        {"reasoning_content": "hm"},
        {"tool_calls": [{"index": 0, "id": "t1", "type": "function", "function": {"name": "f", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"a"'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]},
        {"tool_calls": [{"index": 1, "id": "t2", "type": "function", "function": {"name": "g", "arguments": ""}}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}]},
    ]


def test_a_call_without_arguments_ends_as_an_empty_object() -> None:
    _, deltas = fed(start(0, toolUseId="t1", name="f"), delta(0, toolUse={"input": ""}), stop(0))
    assert deltas[1:] == [{"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}]


def test_tools_that_bedrock_runs_itself_are_not_the_clients_calls() -> None:
    stream, deltas = fed(
        start(0, toolUseId="t1", name="nova_grounding", type="server_tool_use"),
        delta(0, toolUse={"input": '{"query":"x"}'}),
        stop(0),
        ("contentBlockStart", {"contentBlockIndex": 1, "start": {"toolResult": {"toolUseId": "t1"}}}),
        delta(1, toolResult=[{"text": "hidden"}]),
        stop(1),
        delta(2, text="answer"),
        ("messageStop", {"stopReason": "tool_use"}),
    )
    assert deltas == [{"content": "answer"}]
    assert stream.finish_reason == "stop"


def test_what_is_unknown_or_has_no_place_at_openai_gives_nothing() -> None:
    _, deltas = fed(
        delta(0, reasoningContent={"signature": "s"}),
        delta(0, reasoningContent={"redactedContent": "AAAA"}),
        delta(1, citation={"location": {}}),
        delta(1, brandNew={"a": 1}),
        delta(1, text=""),
        ("contentBlockStart", {"contentBlockIndex": 2, "start": {"image": {}}}),
        ("brandNewEvent", {"a": 1}),
        delta(9, toolUse={"input": "of a block never started"}),
    )
    assert deltas == []


def test_the_stop_reason_is_known_before_the_usage() -> None:
    stream, _ = fed(delta(0, text="a"), ("messageStop", {"stopReason": "max_tokens"}))
    assert stream.finish_reason == "length"
    assert stream.usage is None
    stream.feed("metadata", {"usage": {"inputTokens": 1, "outputTokens": 2, "totalTokens": 3}, "metrics": {}})
    assert stream.usage is not None
    assert stream.usage.total_tokens == 3


def test_output_is_counted_in_utf8_bytes_for_estimates() -> None:
    stream, _ = fed(
        delta(0, text="aé"),
        delta(1, reasoningContent={"text": "b"}),
        start(2, toolUseId="t", name="f"),
        delta(2, toolUse={"input": "{}"}),
    )
    assert stream.output_text_bytes == 3 + 1 + 2
