"""Frames of `application/vnd.amazon.eventstream`, decoded without any I/O.

A frame on the wire, integers big-endian:

    total length (4) | header block length (4) | CRC32 of these 8 bytes (4) | header block | payload |
    CRC32 of all before (4)

and a header: name length (1) | name | value type (1) | value. The layout is AWS's, published with the Smithy
specification "Amazon Event Stream"; botocore's `EventStreamBuffer`, at ten times the cost, is the oracle of the tests.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from functools import lru_cache
from struct import Struct
from struct import error as StructError
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID
from zlib import crc32

_PRELUDE = Struct("!III")
_CRC = Struct("!I")
_PRELUDE_BYTES = 12
_FRAME_OVERHEAD_BYTES = 16

# The limits that botocore enforces.
MAX_HEADER_BLOCK_BYTES = 128 * 1024
MAX_PAYLOAD_BYTES = 24 * 1024 * 1024


class FrameCorrupt(Exception):
    """The bytes are no event stream, or were damaged: nothing after this point can be trusted."""


class Frame(NamedTuple):
    """One message. Header values that are not strings on the wire are given as text: Bedrock sends strings alone."""

    headers: Mapping[str, str]
    payload: bytes


class FrameDecoder:
    """Bytes in, whole frames out, however the bytes were cut. After FrameCorrupt the decoder is of no more use."""

    def __init__(self, max_frame_bytes: int = MAX_PAYLOAD_BYTES) -> None:
        self._max_frame_bytes = max_frame_bytes
        self._parts: list[bytes] = []
        self._pending_bytes = 0
        self._wanted_bytes = _PRELUDE_BYTES
        self._corrupt: FrameCorrupt | None = None

    @property
    def pending_bytes(self) -> int:
        """Bytes of a frame that is not complete yet. A stream that ends while this is not 0 was cut."""
        return self._pending_bytes

    def feed(self, received: bytes) -> list[Frame]:
        """The frames that `received` completes, in order.

        Raises FrameCorrupt; where good frames came before the corrupt one they are given out first, and the next call
        raises. `pending_bytes` is never 0 from then on.
        """
        if self._corrupt is not None:
            raise self._corrupt
        pending_bytes = self._pending_bytes + len(received)
        if pending_bytes < self._wanted_bytes:
            # Joined only once a frame is whole: joining on every read is quadratic in the length of a large frame.
            self._parts.append(received)
            self._pending_bytes = pending_bytes
            return []
        if self._parts:
            self._parts.append(received)
            received = b"".join(self._parts)
            self._parts.clear()
        frames: list[Frame] = []
        try:
            offset = self._take_frames(received, frames)
        except FrameCorrupt as error:
            self._corrupt = error
            self._pending_bytes = len(received)
            if not frames:
                raise
            return frames
        self._pending_bytes = len(received) - offset
        if self._pending_bytes:
            self._parts.append(received[offset:])
        return frames

    def _take_frames(self, received: bytes, frames: list[Frame]) -> int:
        """Appends to `frames`, and returns where the first incomplete frame begins."""
        offset = 0
        available = len(received)
        while available - offset >= _PRELUDE_BYTES:
            total_bytes, header_bytes, prelude_crc = _PRELUDE.unpack_from(received, offset)
            if crc32(received[offset : offset + 8]) != prelude_crc:
                raise FrameCorrupt("the checksum of a frame's prelude is wrong")
            if total_bytes > self._max_frame_bytes or header_bytes > MAX_HEADER_BLOCK_BYTES:
                raise FrameCorrupt(f"a frame of {total_bytes} bytes with {header_bytes} of headers is over the limit")
            if header_bytes + _FRAME_OVERHEAD_BYTES > total_bytes:
                raise FrameCorrupt("a frame's headers are longer than the frame")
            end = offset + total_bytes
            if end > available:
                self._wanted_bytes = total_bytes
                return offset
            # The prelude's checksum is part of what the frame's own one covers; crc32 goes on from a given value.
            covered = crc32(received[offset + 8 : end - 4], prelude_crc)
            if covered != _CRC.unpack_from(received, end - 4)[0]:
                raise FrameCorrupt("the checksum of a frame is wrong")
            payload_start = offset + _PRELUDE_BYTES + header_bytes
            headers = _to_headers(received[offset + _PRELUDE_BYTES : payload_start])
            frames.append(Frame(headers, received[payload_start : end - 4]))
            offset = end
        self._wanted_bytes = _PRELUDE_BYTES
        return offset


# A stream's frames repeat a handful of header blocks, so the cache hits for all but the first of each kind.
@lru_cache(maxsize=64)
def _to_headers(block: bytes) -> Mapping[str, str]:
    headers: dict[str, str] = {}
    offset = 0
    try:
        while offset < len(block):
            name_end = offset + 1 + block[offset]
            name = block[offset + 1 : name_end].decode()
            value, offset = _to_header_value(block, name_end)
            if name in headers:
                raise FrameCorrupt(f"the header {name} is repeated in a frame")
            headers[name] = value
    except (IndexError, StructError, UnicodeDecodeError) as error:
        raise FrameCorrupt("a frame's headers cannot be read") from error
    return MappingProxyType(headers)


_INTEGER_FORMATS = {2: Struct("!b"), 3: Struct("!h"), 4: Struct("!i"), 5: Struct("!q"), 8: Struct("!q")}
_LENGTH = Struct("!H")


def _to_header_value(block: bytes, offset: int) -> tuple[str, int]:
    """The value whose type byte is at `offset`, and where it ends. A timestamp, type 8, is in milliseconds."""
    value_type = block[offset]
    offset += 1
    if value_type in (0, 1):
        return ("true" if value_type == 0 else "false"), offset
    if value_type in _INTEGER_FORMATS:
        integer = _INTEGER_FORMATS[value_type]
        return str(integer.unpack_from(block, offset)[0]), offset + integer.size
    if value_type in (6, 7):
        start = offset + _LENGTH.size
        end = start + _LENGTH.unpack_from(block, offset)[0]
        if end > len(block):
            raise FrameCorrupt("a header's value is longer than the headers")
        value = block[start:end]
        return (value.decode() if value_type == 7 else b64encode(value).decode()), end
    if value_type == 9 and offset + 16 <= len(block):
        return str(UUID(bytes=block[offset : offset + 16])), offset + 16
    raise FrameCorrupt(f"a header's value has the unknown type {value_type}")
