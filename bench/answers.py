"""Is an answer whole and right? A figure counts only if every answer behind it was. Pure."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import orjson

from awswire.eventstream import FrameDecoder

_FINISH_REASONS = {"end_turn": "stop", "max_tokens": "length"}
_BASE64_BYTES_PER_NUMBER = 4


class WrongAnswer(Exception):
    """An answer is not what the floor's was. The message says in what."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What an answer says, in OpenAI's words. For embeddings, `text` is empty and `vectors` their sizes."""

    text: str = ""
    finish_reason: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    vectors: tuple[int, ...] = ()


def from_converse(body: bytes) -> Answered:
    """Converse's JSON, as the floor relays it."""
    answer = orjson.loads(body)
    text = "".join([block["text"] for block in answer["output"]["message"]["content"]])
    return _answered(text, answer["stopReason"], answer["usage"])


def from_event_stream(body: bytes) -> Answered:
    """ConverseStream's frames, as the floor relays them. Raises FrameCorrupt for a wrong checksum."""
    parts: list[str] = []
    stop_reason, usage = "", {"inputTokens": -1, "outputTokens": -1}
    for headers, content in FrameDecoder().feed(body):
        event, payload = headers[":event-type"], orjson.loads(content)
        if event == "contentBlockDelta":
            parts.append(payload["delta"]["text"])
        elif event == "messageStop":
            stop_reason = payload["stopReason"]
        elif event == "metadata":
            usage = payload["usage"]
    return _answered("".join(parts), stop_reason, usage)


def from_completion(body: bytes) -> Answered:
    """A `chat.completion`."""
    answer = orjson.loads(body)
    (choice,) = answer["choices"]
    usage = answer["usage"]
    _require(answer["object"] == "chat.completion", f"object is {answer['object']}")
    return Answered(
        choice["message"]["content"], choice["finish_reason"], usage["prompt_tokens"], usage["completion_tokens"]
    )


def from_chunks(body: bytes) -> Answered:
    """Server-sent events: chunks, the usage chunk last of them, and `[DONE]` at the very end."""
    events = body.split(b"\n\n")
    _require(events[-2:] == [b"data: [DONE]", b""], "the stream does not end with [DONE]")
    chunks = [orjson.loads(event.removeprefix(b"data: ")) for event in events[:-2]]
    *told, last = chunks
    _require(all("error" not in chunk for chunk in chunks), "the stream holds an error")
    _require(last["choices"] == [] and last["usage"] is not None, "the last chunk is not the usage")
    text = "".join([choice["delta"].get("content") or "" for chunk in told for choice in chunk["choices"]])
    reasons = [choice["finish_reason"] for chunk in told for choice in chunk["choices"] if choice["finish_reason"]]
    _require(len(reasons) == 1, f"finish_reason comes {len(reasons)} times")
    return Answered(text, reasons[0], last["usage"]["prompt_tokens"], last["usage"]["completion_tokens"])


def from_embeddings(body: bytes) -> Answered:
    """An embedding list in base64 of 32-bit floats."""
    answer = orjson.loads(body)
    _require([each["index"] for each in answer["data"]] == list(range(len(answer["data"]))), "vectors out of order")
    sizes = tuple(len(b64decode(each["embedding"])) // _BASE64_BYTES_PER_NUMBER for each in answer["data"])
    return Answered(input_tokens=answer["usage"]["prompt_tokens"], vectors=sizes)


READERS: Mapping[str, Callable[[bytes], Answered]] = MappingProxyType(
    {
        "converse": from_converse,
        "event-stream": from_event_stream,
        "completion": from_completion,
        "chunks": from_chunks,
        "embeddings": from_embeddings,
    }
)


def read(form: str, status: int, body: bytes) -> Answered:
    """The answer in the form named. Raises WrongAnswer, for what cannot be read as well."""
    _require(status == 200, f"status {status}: {body[:300]!r}")
    try:
        return READERS[form](body)
    except (ValueError, LookupError, TypeError) as error:
        raise WrongAnswer(f"not of the form {form}: {error!r} in {body[:300]!r}") from error


def _answered(text: str, stop_reason: str, usage: Mapping[str, Any]) -> Answered:
    return Answered(text, _FINISH_REASONS.get(stop_reason, stop_reason), usage["inputTokens"], usage["outputTokens"])


def _require(right: bool, fault: str) -> None:
    if not right:
        raise WrongAnswer(fault)
