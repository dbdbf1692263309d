from __future__ import annotations

import json

import pytest

from awswire.http import ConnectionBroken, ReadTimedOut
from gateway.bedrock.stream import AwsConverseStream, ConverseEvent
from gateway.errors import BedrockError, StreamBroken
from tests.awswire.fakes import FakeResponse
from tests.awswire.frames import to_frame, to_string_headers
from tests.awswire.recordings import read_recordings


def to_event_frame(event_type: str, payload: object) -> bytes:
    headers = {":event-type": event_type, ":content-type": "application/json", ":message-type": "event"}
    return to_frame(to_string_headers(headers), json.dumps(payload).encode())


def to_exception_frame(exception_type: str, message: str) -> bytes:
    headers = {":exception-type": exception_type, ":message-type": "exception"}
    return to_frame(to_string_headers(headers), json.dumps({"message": message}).encode())


START = to_event_frame("messageStart", {"role": "assistant"})
STOP = to_event_frame("messageStop", {"stopReason": "end_turn"})
START_EVENT = ConverseEvent("messageStart", {"role": "assistant"})
STOP_EVENT = ConverseEvent("messageStop", {"stopReason": "end_turn"})


async def collect(*parts: bytes | Exception) -> tuple[list[list[ConverseEvent]], Exception | None]:
    """The batches, and what ended them."""
    batches: list[list[ConverseEvent]] = []
    try:
        async for batch in AwsConverseStream(FakeResponse(200, parts)).batches():
            batches.append(batch)
    except (BedrockError, StreamBroken) as error:
        return batches, error
    return batches, None


async def test_a_batch_is_what_one_read_completed_and_never_empty() -> None:
    batches, failure = await collect(START + STOP[:5], STOP[5:9], STOP[9:] + START + STOP)
    assert failure is None
    assert batches == [[START_EVENT], [STOP_EVENT, START_EVENT, STOP_EVENT]]


async def test_an_exception_comes_after_the_events_before_it() -> None:
    batches, failure = await collect(START + to_exception_frame("modelStreamErrorException", "it broke") + STOP)
    assert batches == [[START_EVENT]]
    assert isinstance(failure, BedrockError)
    assert (failure.name, failure.status, failure.message) == ("ModelStreamErrorException", 0, "it broke")


@pytest.mark.parametrize("failure", [ConnectionBroken("cut"), ReadTimedOut("silent")])
async def test_a_connection_that_fails_breaks_the_stream(failure: Exception) -> None:
    batches, error = await collect(START, failure)
    assert batches == [[START_EVENT]]
    assert isinstance(error, StreamBroken)


async def test_an_end_within_a_frame_breaks_the_stream() -> None:
    batches, error = await collect(START + STOP[:-1])
    assert batches == [[START_EVENT]]
    assert isinstance(error, StreamBroken)


async def test_a_damaged_frame_breaks_the_stream() -> None:
    batches, error = await collect(START, STOP[:-1] + bytes([STOP[-1] ^ 1]))
    assert batches == [[START_EVENT]]
    assert isinstance(error, StreamBroken)


async def test_an_event_that_is_no_json_breaks_the_stream() -> None:
    headers = to_string_headers({":event-type": "messageStop", ":message-type": "event"})
    batches, error = await collect(START + to_frame(headers, b"{"))
    assert batches == [[START_EVENT]]
    assert isinstance(error, StreamBroken)


async def test_closing_lets_go_of_the_connection() -> None:
    response = FakeResponse(200, [START])
    stream = AwsConverseStream(response)
    await stream.aclose()
    assert response.closed


@pytest.mark.parametrize("read_bytes", [100_000, 1000, 61])
async def test_recorded_streams_give_their_recorded_events(read_bytes: int) -> None:
    recordings = [r for r in read_recordings("ConverseStream") if r.status == 200 and r.stream]
    assert recordings
    for recording in recordings:
        stream = recording.stream
        parts = [stream[start : start + read_bytes] for start in range(0, len(stream), read_bytes)]
        batches, failure = await collect(*parts)
        events = [(event.event_type, event.payload) for batch in batches for event in batch]
        recorded = [(e["event_type"], e["payload"]) for e in recording.events if e["message_type"] == "event"]
        assert events == recorded, recording.name
        assert (failure is not None) == any(e["message_type"] != "event" for e in recording.events), recording.name
