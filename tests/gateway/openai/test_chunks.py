from __future__ import annotations

import json
from typing import Any

import pytest

from gateway.openai.chunks import DONE, ChunkEncoder
from gateway.openai.completion import Envelope
from tenants.usage import TokenCounts

ENVELOPE = Envelope(id='chatcmpl-"1"', created=1_700_000_000, model="modèle\n")


def decoded(frame: bytes) -> dict[str, Any]:
    assert frame.startswith(b"data: ")
    assert frame.endswith(b"\n\n")
    assert frame.count(b"\n") == 2
    chunk: dict[str, Any] = json.loads(frame[6:])
    return chunk


def test_a_delta_chunk_is_openais_chunk() -> None:
    assert decoded(ChunkEncoder(ENVELOPE, include_usage=False).delta({"content": 'a"\nb'})) == {
        "id": 'chatcmpl-"1"',
        "object": "chat.completion.chunk",
        "created": 1_700_000_000,
        "model": "modèle\n",
        "choices": [{"index": 0, "delta": {"content": 'a"\nb'}, "logprobs": None, "finish_reason": None}],
    }


def test_the_finish_chunk_has_an_empty_delta() -> None:
    (choice,) = decoded(ChunkEncoder(ENVELOPE, include_usage=False).finish("tool_calls"))["choices"]
    assert choice == {"index": 0, "delta": {}, "logprobs": None, "finish_reason": "tool_calls"}


@pytest.mark.parametrize("include_usage", [True, False])
def test_chunks_before_the_usage_carry_a_null_usage_only_if_it_was_asked_for(include_usage: bool) -> None:
    encoder = ChunkEncoder(ENVELOPE, include_usage)
    for chunk in (decoded(encoder.delta({"content": "a"})), decoded(encoder.finish("stop"))):
        assert ("usage" in chunk) == include_usage
        assert chunk.get("usage") is None


def test_the_usage_chunk_has_no_choices() -> None:
    chunk = decoded(ChunkEncoder(ENVELOPE, include_usage=True).usage(TokenCounts(1, 2, 3, 4)))
    assert chunk["choices"] == []
    assert chunk["id"] == ENVELOPE.id
    assert chunk["usage"]["prompt_tokens"] == 8
    assert chunk["usage"]["total_tokens"] == 10


def test_there_is_no_usage_chunk_where_the_client_did_not_ask() -> None:
    assert ChunkEncoder(ENVELOPE, include_usage=False).usage(TokenCounts(1, 2, 3, 4)) == b""


def test_the_stream_ends_with_openais_marker() -> None:
    assert DONE == b"data: [DONE]\n\n"
