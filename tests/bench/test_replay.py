"""A recorded answer is replayed byte for byte, and its frames at the pace that was asked for."""

from __future__ import annotations

import httptools
import pytest

from bench.replay import Pace, ResponseReader, Write, to_writes


def response(content_type: str, body: bytes) -> ResponseReader:
    reader = ResponseReader()
    head = (
        f"HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\nconnection: close\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    reader.feed(head.encode() + body)
    return reader


def frame(event: bytes) -> bytes:
    return (4 + len(event)).to_bytes(4, "big") + event


STREAM = [frame(b"messageStart"), frame(b"contentBlockDelta 1"), frame(b"contentBlockDelta 2"), frame(b"metadata")]


def replayed(writes: tuple[Write, ...]) -> ResponseReader:
    reader = ResponseReader()
    for write in writes:
        reader.feed(write.chunk)
    return reader


def test_a_pace_is_read_from_the_directives() -> None:
    assert Pace.from_marker(b"tokens=100 first_ms=300 gap_ms=10") == Pace(0.3, 0.01)
    assert Pace.from_marker(b"tokens=100") == Pace()


def test_a_whole_answer_is_one_write_that_keeps_the_connection() -> None:
    writes = to_writes(response("application/json", b'{"a": 1}'), Pace(first_seconds=1.0))
    again = replayed(writes)
    assert [write.at_seconds for write in writes] == [0.0]
    assert (again.complete, again.body) == (True, b'{"a": 1}')
    assert b"connection" not in again.headers


@pytest.mark.parametrize(("pace", "times"), [(Pace(), [0.0]), (Pace(0.5, 0.25), [0.0, 0.5, 0.75, 1.0])])
def test_frames_that_are_due_together_are_one_write_and_none_is_lost(pace: Pace, times: list[float]) -> None:
    writes = to_writes(response("application/vnd.amazon.eventstream", b"".join(STREAM)), pace)
    again = replayed(writes)
    assert [write.at_seconds for write in writes] == times
    assert (again.complete, again.body) == (True, b"".join(STREAM))


def test_a_cut_answer_is_not_complete() -> None:
    reader = ResponseReader()
    reader.feed(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf")
    assert not reader.complete
    with pytest.raises(httptools.HttpParserError):
        ResponseReader().feed(b"no HTTP at all")
