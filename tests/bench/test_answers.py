"""Whole and right answers are read; anything less is refused."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from bench.answers import Answered, WrongAnswer, read

ALPHA = Answered("alpha beta", "stop", 9, 2)


def chunk(**fields: Any) -> bytes:
    return b"data: " + json.dumps({"choices": [], "usage": None, **fields}).encode() + b"\n\n"


def delta(text: str | None, finish_reason: str | None = None) -> bytes:
    return chunk(choices=[{"delta": {} if text is None else {"content": text}, "finish_reason": finish_reason}])


USAGE = chunk(usage={"prompt_tokens": 9, "completion_tokens": 2})
DONE = b"data: [DONE]\n\n"
WHOLE = delta("alpha") + delta(" beta") + delta(None, "stop") + USAGE + DONE


def test_both_planes_words_for_the_same_answer_read_the_same() -> None:
    converse = {
        "output": {"message": {"content": [{"text": "alpha beta"}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 9, "outputTokens": 2},
    }
    completion = {
        "object": "chat.completion",
        "choices": [{"message": {"content": "alpha beta"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 2},
    }
    assert read("converse", 200, json.dumps(converse).encode()) == ALPHA
    assert read("completion", 200, json.dumps(completion).encode()) == ALPHA
    assert read("chunks", 200, WHOLE) == ALPHA


@pytest.mark.parametrize(
    "stream",
    [
        WHOLE.removesuffix(DONE),
        WHOLE + DONE[:-1],
        WHOLE.replace(USAGE, b""),
        WHOLE.replace(delta(None, "stop"), b""),
        delta("alpha") + chunk(error={"message": "broken"}) + USAGE + DONE,
        b"",
    ],
)
def test_a_stream_that_is_not_whole_is_refused(stream: bytes) -> None:
    with pytest.raises(WrongAnswer):
        read("chunks", 200, stream)


@pytest.mark.parametrize("form", ["converse", "completion", "chunks", "embeddings"])
def test_an_error_or_another_form_is_refused(form: str) -> None:
    with pytest.raises(WrongAnswer, match="status 429"):
        read(form, 429, WHOLE)
    with pytest.raises(WrongAnswer):
        read(form, 200, b'{"message": "something else"}')


def test_embeddings_are_counted_by_their_size_and_order() -> None:
    def body(*indices: int) -> bytes:
        vector = b64encode(bytes(4 * 8)).decode()
        data = [{"index": index, "embedding": vector} for index in indices]
        return json.dumps({"data": data, "usage": {"prompt_tokens": 5}}).encode()

    assert read("embeddings", 200, body(0, 1)) == Answered(input_tokens=5, vectors=(8, 8))
    with pytest.raises(WrongAnswer, match="order"):
        read("embeddings", 200, body(1, 0))
