"""The upstream of a run: asks the simulator once for each distinct request, and from then on replays its answer.

The simulator takes 200 us a request: in front of it a relay that needs 25 us would be idle most of the time, and an
idle process pays more for each wake-up. A floor that is measured so is too high, and the ratios to it too good. The
replay takes about as long as the load generator. The first request of each kind still reaches the simulator byte for
byte, so its signature and body are verified.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httptools

from bench.wire import HOST, ServerConnection, run_server

_MARKER = re.compile(rb"\[\[sim:([^\]]*)\]\]")
_PACE = re.compile(rb"(first_ms|gap_ms)=([0-9.]+)")
_KEPT = frozenset({b"content-type", b"x-amzn-requestid", b"x-amzn-bedrock-input-token-count", b"x-simulated-by"})
_EVENT_STREAM = b"application/vnd.amazon.eventstream"


@dataclass(frozen=True, slots=True)
class Write:
    """Bytes that go out `at_seconds` after the request came."""

    at_seconds: float
    chunk: bytes


@dataclass(frozen=True, slots=True)
class Pace:
    """`first_seconds` before the first frame, `gap_seconds` before each delta, as the simulator's directives say."""

    first_seconds: float = 0.0
    gap_seconds: float = 0.0

    @classmethod
    def from_marker(cls, marker: bytes) -> Pace:
        asked = {name: float(number) / 1_000 for name, number in _PACE.findall(marker)}
        return cls(asked.get(b"first_ms", 0.0), asked.get(b"gap_ms", 0.0))


class ResponseReader:
    """Collects one response: `status`, `headers` by lower-case name, `body` without its chunking."""

    def __init__(self) -> None:
        self.headers: dict[bytes, bytes] = {}
        self.complete = False
        self._body: list[bytes] = []
        self._parser = httptools.HttpResponseParser(self)

    @property
    def status(self) -> int:
        return int(self._parser.get_status_code())

    @property
    def body(self) -> bytes:
        return b"".join(self._body)

    def feed(self, chunk: bytes) -> None:
        self._parser.feed_data(chunk)

    # What follows is called by httptools.

    def on_header(self, name: bytes, text: bytes) -> None:
        self.headers[name.lower()] = text

    def on_body(self, chunk: bytes) -> None:
        self._body.append(chunk)

    def on_message_complete(self) -> None:
        self.complete = True


def to_writes(response: ResponseReader, pace: Pace) -> tuple[Write, ...]:
    """How a recorded answer is written again: whole, or frame by frame where it is a stream with a pace.

    Frames that are due at the same moment go out as one write.
    """
    kept = {name: text for name, text in response.headers.items() if name in _KEPT}
    lines = b"".join([b"%b: %b\r\n" % line for line in kept.items()])
    if kept.get(b"content-type") != _EVENT_STREAM:
        head = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n%b\r\n" % (len(response.body), lines)
        return (Write(0.0, head + response.body),)
    writes = [Write(0.0, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n%b\r\n" % lines)]
    at_seconds = pace.first_seconds
    for frame in _frames(response.body):
        at_seconds += pace.gap_seconds if b"contentBlockDelta" in frame else 0.0
        _append(writes, Write(at_seconds, b"%x\r\n%b\r\n" % (len(frame), frame)))
    _append(writes, Write(at_seconds, b"0\r\n\r\n"))
    return tuple(writes)


def _append(writes: list[Write], write: Write) -> None:
    if writes[-1].at_seconds == write.at_seconds:
        write = Write(write.at_seconds, writes.pop().chunk + write.chunk)
    writes.append(write)


def _frames(stream: bytes) -> Iterator[bytes]:
    """Each begins with its own length, four bytes, big-endian."""
    start = 0
    while start < len(stream):
        end = start + int.from_bytes(stream[start : start + 4], "big")
        yield stream[start:end]
        start = end


class ReplayConnection(ServerConnection):
    """`recordings` is shared by all connections, by target and directives."""

    def __init__(self, simulator_port: int, recordings: dict[tuple[bytes, bytes], tuple[Write, ...]]) -> None:
        super().__init__()
        self._simulator_port = simulator_port
        self._recordings = recordings

    def answer(self, target: bytes, headers: dict[bytes, bytes], body: bytes) -> None:
        found = _MARKER.search(body)
        name = (target, found[1] if found else b"")
        writes = self._recordings.get(name)
        if writes is None:
            head = b"".join([b"%b: %b\r\n" % line for line in headers.items() if line[0] != b"connection"])
            request = b"POST %b HTTP/1.1\r\nconnection: close\r\n%b\r\n%b" % (target, head, body)
            self._recording = asyncio.ensure_future(self._record(name, request))
        else:
            self._play(writes, 0, asyncio.get_running_loop().time())

    async def _record(self, name: tuple[bytes, bytes], request: bytes) -> None:
        reader, writer = await asyncio.open_connection(HOST, self._simulator_port)
        try:
            writer.write(request)
            raw = await reader.read(-1)
        finally:
            writer.close()
        response = ResponseReader()
        response.feed(raw)
        if response.status != 200 or not response.complete:
            self.transport.write(raw)
            self.transport.close()
            return
        # Not `raw`: it says `connection: close`.
        writes = self._recordings[name] = to_writes(response, Pace.from_marker(name[1]))
        self._play(writes, 0, asyncio.get_running_loop().time())

    def _play(self, writes: tuple[Write, ...], position: int, started: float) -> None:
        if self.transport.is_closing():
            return
        self.transport.write(writes[position].chunk)
        following = position + 1
        if following < len(writes):
            at = started + writes[following].at_seconds
            asyncio.get_running_loop().call_at(at, self._play, writes, following, started)


def _main() -> None:
    def make_factory(fields: dict[str, Any]) -> Any:
        recordings: dict[tuple[bytes, bytes], tuple[Write, ...]] = {}
        return lambda: ReplayConnection(fields["simulator_port"], recordings)

    run_server(make_factory)


if __name__ == "__main__":
    _main()
