"""Sends an event stream: pauses, cuts and broken frames as asked, and notice of a client that leaves."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from simulator.converse_form import Event
from simulator.directives import Directives
from simulator.frames import Padding, Step, Write, to_event_frame, to_exception_frame, with_broken_checksum
from simulator.http import Receive, Send, to_raw_headers

EVENT_STREAM = "application/vnd.amazon.eventstream"


@dataclass(frozen=True, slots=True)
class Sent:
    """How far a stream got: frames written while the client was there, and whether that was all of them."""

    events: int
    to_the_end: bool


def to_steps(events: Iterable[Event], directives: Directives, padding: Padding) -> Iterator[Step]:
    """The frames of a stream as the directives bend it. `after=k` keeps messageStart and k events, then it happens."""
    kept = (directives.after or 0) + 1
    for position, (event_type, payload) in enumerate(events):
        if event_type == "metadata" and directives.no_metadata:
            continue
        past_kept = position == kept
        if past_kept and directives.stream_error is not None:
            yield Step(to_exception_frame(directives.stream_error, directives.stream_error_message()))
            return
        if past_kept and (directives.cut or directives.hang):
            return
        frame = to_event_frame(event_type, payload, padding.find_next())
        if past_kept and directives.bad_crc:
            frame = with_broken_checksum(frame)
        yield Step(frame, _delay_seconds(position, event_type, directives))


def _delay_seconds(position: int, event_type: str, directives: Directives) -> float:
    if position == 0:
        return directives.first_ms / 1_000
    return directives.gap_ms / 1_000 if event_type == "contentBlockDelta" else 0.0


async def send_stream(send: Send, receive: Receive, writes: Iterable[Write], request_id: str) -> Sent:
    """Sends status 200 and the writes, but not the end of the body: the caller ends it, hangs, or drops it."""
    headers = to_raw_headers({}, EVENT_STREAM, request_id)
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    gone = asyncio.ensure_future(wait_until_gone(receive))
    events = 0
    try:
        for write in writes:
            if write.delay_seconds > 0:
                await asyncio.wait((gone,), timeout=write.delay_seconds)
            if gone.done():
                return Sent(events, to_the_end=False)
            await send({"type": "http.response.body", "body": write.body, "more_body": True})
            events = write.events_written
        # A client that left while the last bytes were buffered is noticed here at the latest.
        await asyncio.sleep(0)
        return Sent(events, to_the_end=not gone.done())
    finally:
        gone.cancel()


async def end_stream(send: Send) -> None:
    """Ends the body: the last chunk."""
    await send({"type": "http.response.body", "body": b"", "more_body": False})


async def wait_until_gone(receive: Receive) -> None:
    """Returns once the client has left."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def sleep_unless_gone(receive: Receive, seconds: float) -> None:
    """Waits, but not for a client that has left."""
    gone = asyncio.ensure_future(wait_until_gone(receive))
    await asyncio.wait((gone,), timeout=seconds)
    gone.cancel()
