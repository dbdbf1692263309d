from __future__ import annotations

import datetime
import struct
import uuid
from itertools import pairwise
from typing import Any
from zlib import crc32

import pytest
from botocore.eventstream import EventStreamBuffer
from hypothesis import given, settings
from hypothesis import strategies as st

from awswire.eventstream import Frame, FrameCorrupt, FrameDecoder
from tests.awswire.frames import to_frame, to_string_headers
from tests.awswire.recordings import read_recordings

STREAMS = ("ConverseStream", "InvokeModelWithResponseStream")


def decode_by_botocore(stream: bytes) -> list[tuple[dict[str, str], bytes]]:
    buffer = EventStreamBuffer()
    buffer.add_data(stream)
    events: Any = buffer  # the stubs have the headers wrong
    return [({name: str(value) for name, value in event.headers.items()}, event.payload) for event in events]


def decode_cut_at(stream: bytes, cuts: list[int]) -> list[Frame]:
    decoder = FrameDecoder()
    edges = [0, *sorted(cuts), len(stream)]
    frames = [frame for start, end in pairwise(edges) for frame in decoder.feed(stream[start:end])]
    assert decoder.pending_bytes == 0
    return frames


header_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
frame_bytes = st.tuples(
    st.dictionaries(st.sampled_from([":event-type", ":message-type", ":content-type", "x"]), header_texts),
    st.binary(max_size=80),
)
streams = st.lists(frame_bytes, min_size=1, max_size=4)


def to_stream(frames: list[tuple[dict[str, str], bytes]]) -> bytes:
    return b"".join(to_frame(to_string_headers(headers), payload) for headers, payload in frames)


def test_decodes_recorded_streams_as_botocore_does_wherever_they_are_cut() -> None:
    recordings = [recording for recording in read_recordings(*STREAMS) if recording.stream]
    assert recordings
    for recording in recordings:
        expected = decode_by_botocore(recording.stream)
        boundaries = [0]
        for _ in expected:
            total_bytes = int.from_bytes(recording.stream[boundaries[-1] : boundaries[-1] + 4], "big")
            boundaries.append(boundaries[-1] + total_bytes)
        for offset in (0, 1, 4, 11, 12, 13, -1, -4, -5):
            cuts = [cut for edge in boundaries if 0 < (cut := edge + offset) < len(recording.stream)]
            assert [tuple(f) for f in decode_cut_at(recording.stream, cuts)] == expected, (recording.name, offset)
        assert [tuple(frame) for frame in FrameDecoder().feed(recording.stream)] == expected, recording.name


def test_decodes_a_recorded_stream_that_comes_byte_by_byte() -> None:
    stream = next(recording.stream for recording in read_recordings("ConverseStream") if recording.stream)
    cuts = list(range(1, len(stream)))
    assert [tuple(frame) for frame in decode_cut_at(stream, cuts)] == decode_by_botocore(stream)


@settings(max_examples=200)
@given(streams, st.data())
def test_any_split_gives_the_same_frames(frames: list[tuple[dict[str, str], bytes]], data: st.DataObject) -> None:
    stream = to_stream(frames)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=12))
    assert [(dict(headers), payload) for headers, payload in decode_cut_at(stream, cuts)] == frames


@settings(max_examples=400)
@given(streams, st.data())
def test_any_flipped_bit_is_noticed(frames: list[tuple[dict[str, str], bytes]], data: st.DataObject) -> None:
    stream = bytearray(to_stream(frames))
    bit = data.draw(st.integers(0, len(stream) * 8 - 1))
    stream[bit // 8] ^= 1 << bit % 8
    decoder = FrameDecoder()
    good: list[Frame] = []
    with pytest.raises(FrameCorrupt):
        good += decoder.feed(bytes(stream))
        assert decoder.pending_bytes
        decoder.feed(b"")
    assert [(dict(headers), payload) for headers, payload in good] == frames[: len(good)]


def test_good_frames_before_a_corrupt_one_are_not_lost() -> None:
    decoder = FrameDecoder()
    corrupt = bytearray(to_frame(b"", b"two"))
    corrupt[-1] ^= 1
    assert decoder.feed(to_frame(b"", b"one") + bytes(corrupt)) == [Frame({}, b"one")]
    assert decoder.pending_bytes
    with pytest.raises(FrameCorrupt):
        decoder.feed(to_frame(b"", b"three"))


def test_a_cut_stream_leaves_pending_bytes() -> None:
    frame = to_frame(b"", b"payload")
    decoder = FrameDecoder()
    for length in range(1, len(frame)):
        assert decoder.feed(frame[length - 1 : length]) == []
        assert decoder.pending_bytes == length
    assert decoder.feed(frame[-1:]) == [Frame({}, b"payload")]
    assert decoder.pending_bytes == 0


def test_a_frame_over_the_limit_is_refused_before_it_is_received() -> None:
    prelude = struct.pack("!II", 1001, 0)
    with pytest.raises(FrameCorrupt, match="over the limit"):
        FrameDecoder(max_frame_bytes=1000).feed(prelude + struct.pack("!I", crc32(prelude)))


def test_headers_longer_than_their_frame_are_refused() -> None:
    prelude = struct.pack("!II", 20, 5)
    with pytest.raises(FrameCorrupt, match="longer than the frame"):
        FrameDecoder().feed(prelude + struct.pack("!I", crc32(prelude)))


def test_header_values_of_every_type_are_given_as_text() -> None:
    moment = datetime.datetime(2026, 11, 20, tzinfo=datetime.UTC)
    identity = uuid.UUID("12345678-1234-5678-1234-567812345678")
    typed = [
        (b"\x00", "true"),
        (b"\x01", "false"),
        (b"\x02\xff", "-1"),
        (b"\x03\x01\x00", "256"),
        (b"\x04\xff\xff\xff\xfe", "-2"),
        (b"\x05" + (2**40).to_bytes(8, "big"), str(2**40)),
        (b"\x06\x00\x02\xff\x00", "/wA="),
        (b"\x07\x00\x02\xc3\xa9", "é"),
        (b"\x08" + int(moment.timestamp() * 1000).to_bytes(8, "big"), "1795132800000"),
        (b"\x09" + identity.bytes, str(identity)),
    ]
    block = b"".join(b"\x01" + bytes([97 + index]) + value for index, (value, _) in enumerate(typed))
    (frame,) = FrameDecoder().feed(to_frame(block, b""))
    assert list(frame.headers.values()) == [text for _, text in typed]


@pytest.mark.parametrize(
    "block",
    [
        b"\x05ab",
        b"\x01a\x00\x01a\x01",
        b"\x01a",
        b"\x01a\x0a",
        b"\x01a\x07\x00\x09x",
        b"\x01a\x04\x00",
        b"\x01a\x09\x00",
        b"\x01\xff\x00",
    ],
)
def test_header_blocks_that_cannot_be_read_are_corrupt(block: bytes) -> None:
    with pytest.raises(FrameCorrupt):
        FrameDecoder().feed(to_frame(block, b""))
