"""A client may leave at any moment: it is charged what Bedrock counted all the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.wire.ledger import Bedrock, Ledger, assert_balanced
from tests.wire.polling import eventually
from tests.wire.raw_client import RawRequest, open_chat
from tests.wire.stack import CHAT_MODEL, Gateway, Stack
from tests.wire.tenancy import IssuedKey

COUNTED = "input_tokens=123 tokens=20"

# How far into the answer a client reads before it leaves: a marker, and how often it has to have come.
STAGES: dict[str, tuple[bytes, int] | None] = {
    "before anything came": None,
    "with the headers": (b"\r\n\r\n", 1),
    "after the first text": (b'"content":"alpha"', 1),
    "after five chunks": (b"chat.completion.chunk", 5),
    "after fifteen chunks": (b"chat.completion.chunk", 15),
    "after the last text": (b"chat.completion.chunk", 21),
    "with the finish": (b'finish_reason":"stop"', 1),
    "after the end": (b"[DONE]", 1),
}


@pytest.mark.parametrize("leave", [RawRequest.leave, RawRequest.reset])
@pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES.keys())
def test_a_client_that_leaves_is_charged_exactly_what_bedrock_counted(
    stack: Stack,
    key: IssuedKey,
    ledger: Ledger,
    bedrock: Bedrock,
    stage: tuple[bytes, int] | None,
    leave: Callable[[RawRequest], None],
) -> None:
    with open_chat(stack.base_url, key.value, CHAT_MODEL, f"Hi [[sim:{COUNTED} first_ms=100 gap_ms=5]]") as request:
        if stage is None:
            eventually(lambda: ledger.totals(key).in_flight, bool)
        else:
            request.read_until(*stage)
        leave(request)
    totals = ledger.settled(key)
    (served,) = bedrock.served(key, lambda seen: all(each.complete for each in seen))
    events = ledger.delivered(key)
    assert_balanced(totals, events)
    assert totals.tokens == served.tokens
    assert [event.status for event in events] == ["ok"]


def test_a_client_that_leaves_an_unstreamed_chat_is_charged_too(
    stack: Stack, key: IssuedKey, ledger: Ledger, bedrock: Bedrock
) -> None:
    body = {"model": CHAT_MODEL, "messages": [{"role": "user", "content": f"Hi [[sim:{COUNTED} first_ms=200]]"}]}
    with RawRequest(f"{stack.base_url}/chat/completions", key.value, body) as request:
        eventually(lambda: ledger.totals(key).in_flight, bool)
        request.reset()
    totals = ledger.settled(key)
    (served,) = bedrock.served(key)
    assert totals.tokens == served.tokens
    assert_balanced(totals, ledger.delivered(key))


def test_past_the_drain_the_upstream_is_closed_and_the_event_is_an_estimate(
    second: Gateway, key: IssuedKey, ledger: Ledger, bedrock: Bedrock
) -> None:
    with open_chat(second.base_url, key.value, CHAT_MODEL, "Hi [[sim:tokens=400 gap_ms=20]]") as request:
        request.read_until(b"chat.completion.chunk", 3)
        request.reset()
    totals = ledger.settled(key)
    (served,) = bedrock.served(key, lambda seen: 0 < seen[0].events_sent < 400)
    assert not served.complete
    events = ledger.delivered(key)
    assert_balanced(totals, events)
    assert [event.status for event in events] == ["estimated"]
    assert 0 < events[0].tokens.output_tokens < 400
