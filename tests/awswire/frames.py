"""Event-stream frames, built by hand: the decoder under test has no part in them."""

from __future__ import annotations

import struct
from zlib import crc32


def to_string_headers(headers: dict[str, str]) -> bytes:
    return b"".join(
        bytes([len(name)]) + name.encode() + b"\x07" + struct.pack("!H", len(value.encode())) + value.encode()
        for name, value in headers.items()
    )


def to_frame(header_block: bytes, payload: bytes) -> bytes:
    prelude = struct.pack("!II", 16 + len(header_block) + len(payload), len(header_block))
    checked = prelude + struct.pack("!I", crc32(prelude)) + header_block + payload
    return checked + struct.pack("!I", crc32(checked))
