"""The event-stream wire format: one event to one frame, and how frames are cut into writes.

A frame is `total length, headers length, CRC32 of those eight bytes, headers, payload, CRC32 of all before it`, all
numbers big-endian; a header is `name length, name, type 7, value length (2), value`.
Source: "Event stream encoding" in the AWS documentation; the header sets and their order are those of recorded streams.
"""

from __future__ import annotations

import random
import string
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import cycle
from typing import Any, Literal

import orjson

WritePattern = Literal["frame", "uneven", "burst"]
WRITE_PATTERNS: tuple[WritePattern, ...] = ("uneven", "frame", "burst")

# Sizes that put cuts inside preludes, headers, payloads and checksums, and join frames too.
_UNEVEN_SIZES_BYTES = (7, 190, 31, 420, 64, 3, 256, 1, 611, 12)
# Recorded padding is always a prefix of this alphabet, 2 to 61 characters long.
_PADDING_ALPHABET = string.ascii_lowercase + string.ascii_uppercase + string.digits
_PADDING_LENGTHS = (2, 61)


@dataclass(frozen=True, slots=True)
class Step:
    """One frame and the pause before it."""

    frame: bytes
    delay_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Write:
    """One write to the socket; `events_written` counts the frames that are complete once it is out."""

    body: bytes
    delay_seconds: float
    events_written: int


class Padding:
    """Gives the `p` of each event. Seeded: two simulators given the same seed send the same bytes."""

    def __init__(self, seed: int, enabled: bool = True) -> None:
        self._random = random.Random(seed)  # noqa: S311 - padding hides token lengths on the real wire; here it is a shape
        self._enabled = enabled

    def find_next(self) -> str | None:
        """The next padding, or None where padding is off."""
        return _PADDING_ALPHABET[: self._random.randint(*_PADDING_LENGTHS)] if self._enabled else None


def to_event_frame(event_type: str, payload: Mapping[str, Any], padding: str | None = None) -> bytes:
    """The frame of an ordinary event. Keys are sorted and `p` is among them, as recorded."""
    padded = payload if padding is None else {**payload, "p": padding}
    return _to_frame(_event_headers(event_type), orjson.dumps(padded, option=orjson.OPT_SORT_KEYS))


def to_exception_frame(exception_type: str, message: str) -> bytes:
    """The frame of an in-stream exception: `:exception-type` in lower camel case, no padding."""
    return _to_frame(_exception_headers(exception_type), orjson.dumps({"message": message}))


def with_broken_checksum(frame: bytes) -> bytes:
    """The same frame with its message checksum wrong."""
    return frame[:-1] + bytes([frame[-1] ^ 0xFF])


def to_writes(steps: Iterable[Step], pattern: WritePattern) -> Iterator[Write]:
    """Cuts frames into writes. What is due at one moment is one run; a pause always comes between two whole runs."""
    run: list[Step] = []
    written = 0
    for step in steps:
        if run and (step.delay_seconds > 0 or pattern == "frame"):
            yield from _cut(run, written, pattern)
            written += len(run)
            run = []
        run.append(step)
    if run:
        yield from _cut(run, written, pattern)


def _cut(run: list[Step], written_before: int, pattern: WritePattern) -> Iterator[Write]:
    body = b"".join(step.frame for step in run)
    delay_seconds = run[0].delay_seconds
    if pattern != "uneven":
        yield Write(body, delay_seconds, written_before + len(run))
        return
    ends: list[int] = []
    for step in run:
        ends.append((ends[-1] if ends else 0) + len(step.frame))
    sizes = cycle(_UNEVEN_SIZES_BYTES)
    start, complete = 0, 0
    while start < len(body):
        end = start + next(sizes)
        while complete < len(ends) and ends[complete] <= end:
            complete += 1
        yield Write(body[start:end], delay_seconds if start == 0 else 0.0, written_before + complete)
        start = end


def _to_frame(headers: bytes, payload: bytes) -> bytes:
    prelude = struct.pack("!II", len(headers) + len(payload) + 16, len(headers))
    body = b"".join((prelude, struct.pack("!I", zlib.crc32(prelude)), headers, payload))
    return body + struct.pack("!I", zlib.crc32(body))


@lru_cache(maxsize=64)
def _event_headers(event_type: str) -> bytes:
    return _to_headers({":event-type": event_type, ":content-type": "application/json", ":message-type": "event"})


@lru_cache(maxsize=64)
def _exception_headers(exception_type: str) -> bytes:
    names = {":exception-type": exception_type, ":content-type": "application/json", ":message-type": "exception"}
    return _to_headers(names)


def _to_headers(headers: Mapping[str, str]) -> bytes:
    encoded = b""
    for name, text in headers.items():
        encoded += struct.pack("!B", len(name)) + name.encode() + b"\x07" + struct.pack("!H", len(text)) + text.encode()
    return encoded
