from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from botocore.eventstream import ChecksumMismatch, EventStreamBuffer

from simulator.frames import (
    WRITE_PATTERNS,
    Padding,
    Step,
    WritePattern,
    to_event_frame,
    to_exception_frame,
    to_writes,
    with_broken_checksum,
)


def _decode(stream: bytes) -> list[Any]:
    buffer = EventStreamBuffer()
    buffer.add_data(stream)
    return list(buffer)


def test_botocore_decodes_an_event_frame_with_the_recorded_headers_in_the_recorded_order() -> None:
    (message,) = _decode(to_event_frame("messageStop", {"stopReason": "end_turn"}, "abc"))
    assert list(message.headers.items()) == [
        (":event-type", "messageStop"),
        (":content-type", "application/json"),
        (":message-type", "event"),
    ]
    assert message.payload == b'{"p":"abc","stopReason":"end_turn"}'


def test_an_exception_frame_names_its_exception_and_no_event() -> None:
    (message,) = _decode(to_exception_frame("throttlingException", "slow down"))
    assert message.headers == {
        ":exception-type": "throttlingException",
        ":content-type": "application/json",
        ":message-type": "exception",
    }
    assert json.loads(message.payload) == {"message": "slow down"}


def test_a_broken_checksum_is_noticed_by_botocore() -> None:
    with pytest.raises(ChecksumMismatch):
        _decode(with_broken_checksum(to_event_frame("messageStop", {})))


@pytest.mark.parametrize("pattern", WRITE_PATTERNS)
def test_every_write_pattern_carries_the_same_bytes(pattern: WritePattern) -> None:
    frames = [to_event_frame("contentBlockDelta", {"delta": {"text": "word" * size}}) for size in range(40)]
    writes = list(to_writes([Step(frame) for frame in frames], pattern))
    assert b"".join(write.body for write in writes) == b"".join(frames)
    assert writes[-1].events_written == 40


def test_uneven_writes_let_frames_span_writes_and_writes_hold_several_frames() -> None:
    frames = [to_event_frame("contentBlockDelta", {"delta": {"text": "x"}}) for _ in range(40)]
    counts = [write.events_written for write in to_writes([Step(frame) for frame in frames], "uneven")]
    steps = [after - before for before, after in zip([0, *counts], counts, strict=False)]
    assert 0 in steps
    assert max(steps) > 1


@pytest.mark.parametrize("pattern", WRITE_PATTERNS)
def test_nothing_due_before_a_pause_is_held_back_until_after_it(pattern: WritePattern) -> None:
    first, second = to_event_frame("messageStart", {"role": "assistant"}), to_event_frame("messageStop", {})
    writes = list(to_writes([Step(first), Step(second, delay_seconds=1.0)], pattern))
    paused_at = next(index for index, write in enumerate(writes) if write.delay_seconds)
    assert b"".join(write.body for write in writes[:paused_at]) == first
    assert sum(write.delay_seconds for write in writes) == 1.0


def test_padding_is_repeatable_and_within_the_recorded_lengths() -> None:
    one, other = Padding(seed=7), Padding(seed=7)
    drawn = [one.find_next() or "" for _ in range(500)]
    assert drawn == [other.find_next() for _ in range(500)]
    assert {len(padding) for padding in drawn} <= set(range(2, 62))
    assert Padding(seed=7, enabled=False).find_next() is None


def test_recorded_frames_are_rebuilt_byte_for_byte(corpus: list[tuple[str, dict[str, Any]]]) -> None:
    compared = 0
    for _stem, record in corpus:
        if record["request"]["operation"] != "ConverseStream" or "body_base64" not in record["response"]:
            continue
        raw = base64.b64decode(record["response"]["body_base64"])
        for message in _decode(raw):
            payload = message.payload.decode()
            # Frames whose JSON another writer spaced or escaped differently have the same content and other bytes.
            if ":event-type" in message.headers and payload == _compact(payload):
                assert to_event_frame(message.headers[":event-type"], json.loads(payload)) in raw
                compared += 1
    assert compared > 500


def _compact(payload: str) -> str:
    return json.dumps(json.loads(payload), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
