"""`n` choices are as many calls of Bedrock, on one hold."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from gateway.errors import BedrockError, BedrockUnreachable
from tenants.account import Bound
from tenants.event import UsageStatus
from tenants.usage import TokenCounts
from tests.gateway.fakes import START, STOP, USAGE, FakeStream, event, text_delta
from tests.gateway.routes.service import CHAT, Service

TWO = {**CHAT, "n": 2}
THROTTLED = BedrockError("ThrottlingException", 429, "Too many requests")
BROKEN = BedrockUnreachable("the connection broke", may_have_run=True)


def whole(text: str) -> dict[str, Any]:
    return {
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18},
    }


def stream_of(text: str) -> FakeStream:
    return FakeStream([START, text_delta(text)], [STOP, USAGE])


async def hang() -> None:
    await asyncio.Event().wait()


def chunks_of(text: str) -> list[Any]:
    frames = [frame.removeprefix("data: ") for frame in text.split("\n\n") if frame.startswith("data")]
    assert frames[-1] == "[DONE]"
    return [json.loads(frame) for frame in frames[:-1]]


async def test_every_choice_is_an_answer_of_its_own_and_all_are_charged() -> None:
    service = Service(whole("one"), whole("two"))
    answer = (await service.post("/chat/completions", TWO)).json()
    assert [choice["index"] for choice in answer["choices"]] == [0, 1]
    assert sorted(choice["message"]["content"] for choice in answer["choices"]) == ["one", "two"]
    assert answer["usage"]["completion_tokens"] == 14
    assert await service.settled() == [(UsageStatus.OK, TokenCounts(22, 14))]


async def test_a_hold_covers_all_choices() -> None:
    bounds: list[Bound] = []

    async def look() -> dict[str, Any]:
        (hold,) = service.door.ledger.holds.values()
        bounds.append(hold.bound)
        return whole("x")

    service = Service(look)
    await service.post("/chat/completions", CHAT)
    await service.post("/chat/completions", TWO)
    assert bounds[-1].tokens == 2 * bounds[0].tokens


async def test_streamed_choices_come_together_each_with_one_role_and_one_finish() -> None:
    service = Service(stream_of("one"), stream_of("two"))
    options = {"stream": True, "stream_options": {"include_usage": True}}
    chunks = chunks_of((await service.post("/chat/completions", {**TWO, **options})).text)
    roles = [c["choices"][0]["index"] for c in chunks if c["choices"] and "role" in c["choices"][0]["delta"]]
    finishes = [c["choices"][0]["index"] for c in chunks if c["choices"] and c["choices"][0]["finish_reason"]]
    assert (roles, finishes) == ([0, 1], [0, 1])
    texts = {0: "", 1: ""}
    for chunk in chunks:
        for choice in chunk["choices"]:
            texts[choice["index"]] += choice["delta"].get("content") or ""
    assert sorted(texts.values()) == ["one", "two"]
    assert chunks[-1]["usage"]["completion_tokens"] == 14
    assert await service.settled() == [(UsageStatus.OK, TokenCounts(22, 14))]


async def test_a_choice_whose_stream_breaks_breaks_the_answer_and_all_is_charged() -> None:
    service = Service(stream_of("one"), FakeStream([START, text_delta("two")]))
    text = (await service.post("/chat/completions", {**TWO, "stream": True})).text
    assert '"error"' in text
    assert text.endswith("data: [DONE]\n\n")
    ((status, tokens),) = await service.settled()
    assert status is UsageStatus.ESTIMATED
    assert tokens.input_tokens > 11


@pytest.mark.parametrize(
    ("failure", "status"), [(THROTTLED, UsageStatus.ERROR), (BROKEN, UsageStatus.ESTIMATED)], ids=["refused", "lost"]
)
async def test_when_one_choice_fails_what_the_others_used_is_charged(failure: Exception, status: UsageStatus) -> None:
    service = Service(whole("one"), failure)
    assert (await service.post("/chat/completions", TWO)).status_code in (429, 504)
    ((settled_as, tokens),) = await service.settled()
    assert settled_as is status
    assert tokens.output_tokens >= 7


async def test_a_stream_that_was_opened_beside_a_refused_one_is_closed_and_charged() -> None:
    opened = stream_of("one")
    service = Service(opened, THROTTLED)
    assert (await service.post("/chat/completions", {**TWO, "stream": True})).status_code == 429
    assert opened.closed
    ((status, tokens),) = await service.settled()
    assert status is UsageStatus.ESTIMATED
    assert tokens.input_tokens > 0


async def test_a_client_that_takes_one_choice_gets_the_streams_own_events() -> None:
    service = Service(FakeStream([START], [text_delta("Hello")], [event("unknown")], [STOP, USAGE]))
    chunks = chunks_of((await service.post("/chat/completions", {**CHAT, "n": 1, "stream": True})).text)
    assert [chunk["choices"][0]["index"] for chunk in chunks] == [0, 0, 0]


async def test_a_choice_that_is_throttled_at_once_does_not_lose_what_the_others_used() -> None:
    running = FakeStream([START, text_delta("one")], hang)
    service = Service(FakeStream(BedrockError("ThrottlingException", 0, "Too many requests")), running)
    answer = await service.post("/chat/completions", {**TWO, "stream": True})
    assert answer.status_code == 429
    assert answer.headers["x-should-retry"] == "false"
    assert running.closed
    ((status, tokens),) = await service.settled()
    assert status is UsageStatus.ESTIMATED
    assert tokens.input_tokens > 0


async def test_no_task_of_a_stream_outlives_a_request_whose_time_is_up_before_it_begins() -> None:
    service = Service(FakeStream(hang), FakeStream(hang))
    service.hurry(request_seconds=0.02)
    assert (await service.post("/chat/completions", {**TWO, "stream": True})).status_code == 504
    ((status, _),) = await service.settled()
    assert status is UsageStatus.ESTIMATED
    names = {task.get_coro().__qualname__ for task in asyncio.all_tasks()}  # type: ignore[union-attr]  # every task here is a coroutine's
    assert not [name for name in names if "MeteredChat" in name or "athrow" in name or "anext" in name]


async def test_a_stream_that_was_opened_while_another_never_was_is_closed_when_time_is_up() -> None:
    opened = FakeStream([START], hang)
    service = Service(opened, hang)
    service.hurry(request_seconds=0.02)
    assert (await service.post("/chat/completions", {**TWO, "stream": True})).status_code == 504
    assert opened.closed
    ((status, _),) = await service.settled()
    assert status is UsageStatus.ESTIMATED


async def test_counts_in_hand_are_kept_when_time_is_up() -> None:
    service = Service(whole("one"), hang)
    service.hurry(request_seconds=0.5)
    assert (await service.post("/chat/completions", {**TWO, "max_tokens": 1000})).status_code == 504
    ((status, tokens),) = await service.settled()
    assert (status, tokens.output_tokens) == (UsageStatus.ESTIMATED, 1007)
