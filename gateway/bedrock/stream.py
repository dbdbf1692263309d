"""ConverseStream's events, as they come."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NamedTuple, Protocol

import orjson

from awswire.eventstream import Frame, FrameCorrupt, FrameDecoder
from awswire.http import HttpResponse, TransportError
from gateway.bedrock.errors import from_exception_frame
from gateway.errors import BedrockError, StreamBroken


class ConverseEvent(NamedTuple):
    """`event_type` is a member of ConverseStreamOutput, `contentBlockDelta`; `payload` holds unmodelled fields, too."""

    event_type: str
    payload: dict[str, Any]


class ConverseStream(Protocol):
    """An open stream: Bedrock has accepted the request and may already be generating. `aclose` it, always."""

    def batches(self) -> AsyncIterator[list[ConverseEvent]]:
        """The events, once; each list holds what one read of the socket completed, and is never empty.

        Ends when the body ends on the end of a frame: whether `messageStop` and `metadata` came is for the caller to
        see. Raises BedrockError for an exception inside the stream (status 0), after the events before it, and
        StreamBroken for a stream that was cut, damaged or silent for too long.
        """
        ...

    async def aclose(self) -> None:
        """Lets go of the connection. May be called more than once, and in the middle of a stream."""
        ...


class AwsConverseStream:
    """A stream over one HTTP answer, whose status is 200."""

    def __init__(self, response: HttpResponse) -> None:
        self._response = response

    async def batches(self) -> AsyncIterator[list[ConverseEvent]]:
        decoder = FrameDecoder()
        try:
            async for chunk in self._response.chunks():
                events, failure = _to_events(decoder.feed(chunk))
                if events:
                    yield events
                if failure is not None:
                    raise failure
        except FrameCorrupt as error:
            raise StreamBroken("Bedrock's stream was damaged on the way.") from error
        except TransportError as error:
            raise StreamBroken("The connection to Bedrock ended in the middle of a stream.") from error
        if decoder.pending_bytes:
            raise StreamBroken("Bedrock's stream ended in the middle of an event.")

    async def aclose(self) -> None:
        await self._response.aclose()


def _to_events(frames: list[Frame]) -> tuple[list[ConverseEvent], BedrockError | StreamBroken | None]:
    """The events up to the first exception, and that exception."""
    events: list[ConverseEvent] = []
    for headers, payload in frames:
        event_type = headers.get(":event-type")
        if event_type is None or headers.get(":message-type") != "event":
            return events, from_exception_frame(headers, payload)
        try:
            events.append(ConverseEvent(event_type, orjson.loads(payload)))
        except orjson.JSONDecodeError:
            return events, StreamBroken("Bedrock's stream holds an event that is no JSON.")
    return events, None
