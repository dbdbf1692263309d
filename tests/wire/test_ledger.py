"""Every token that Bedrock counted stands on the key's ledger, once, however the request ended."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import openai
import pytest
from openai import AsyncOpenAI, OpenAI
from openai.types import CompletionUsage

from tenants.usage import NO_TOKENS, TokenCounts
from tests.wire.ledger import Bedrock, Ledger, assert_balanced, sum_of
from tests.wire.messages import ask
from tests.wire.stack import CHAT_MODEL, CLAUDE_MODEL, Gateway, Stack
from tests.wire.tenancy import IssuedKey, Tenancy

COUNTED = "input_tokens=123 tokens=20"


CONCURRENT_REQUESTS = 50


def chat(client: OpenAI, directives: str, model: str = CHAT_MODEL) -> None:
    client.chat.completions.create(model=model, messages=ask(f"Hi [[sim:{directives}]]"))


def stream(client: OpenAI, directives: str, model: str = CHAT_MODEL) -> None:
    for _ in client.chat.completions.create(model=model, messages=ask(f"Hi [[sim:{directives}]]"), stream=True):
        pass


Ask = Callable[[OpenAI, str, str], None]


@pytest.mark.parametrize("ask", [chat, stream])
@pytest.mark.parametrize(
    ("model", "directives"),
    [(CHAT_MODEL, COUNTED), (CLAUDE_MODEL, COUNTED), (CLAUDE_MODEL, f"{COUNTED} cache_read=1000 cache_write=70")],
)
def test_what_bedrock_counted_is_on_the_ledger_when_the_answer_ends(
    client: OpenAI, key: IssuedKey, ledger: Ledger, bedrock: Bedrock, ask: Ask, model: str, directives: str
) -> None:
    ask(client, directives, model)
    totals = ledger.totals(key)  # at once: it has to be durable before the last byte
    (served,) = bedrock.served(key)
    assert served.tokens is not None
    assert served.tokens.total_tokens > 0
    assert (totals.requests, totals.tokens) == (1, served.tokens)
    events = ledger.delivered(key)
    assert_balanced(totals, events)
    assert [(e.request_id, e.status, e.operation, e.model) for e in events] == [
        (served.sluice_request_id, "ok", "chat", model)
    ]


@pytest.mark.parametrize(
    ("model", "texts"),
    [
        ("amazon.titan-embed-text-v2:0", ["one", "two words", "and three words"]),
        ("cohere.embed-v4:0", ["one", "two words"]),
    ],
)
def test_embeddings_are_counted_over_all_their_calls(
    client: OpenAI, key: IssuedKey, ledger: Ledger, bedrock: Bedrock, model: str, texts: list[str]
) -> None:
    before = len(bedrock.journal())
    answer = client.embeddings.create(model=model, input=texts)
    totals = ledger.totals(key)
    counted = sum_of([each.tokens for each in bedrock.journal()[before:] if each.tokens is not None])
    assert totals.tokens == counted
    assert totals.tokens.input_tokens == answer.usage.prompt_tokens > 0
    events = ledger.delivered(key)
    assert_balanced(totals, events)
    assert [(event.operation, event.status) for event in events] == [("embeddings", "ok")]


@pytest.mark.parametrize("ask", [chat, stream])
@pytest.mark.parametrize(
    "directives",
    ["error=ModelErrorException", "throttle=day", "error=ValidationException", "error=AccessDeniedException"],
)
def test_a_refusal_is_an_event_without_tokens(
    client: OpenAI, key: IssuedKey, ledger: Ledger, ask: Callable[[OpenAI, str], None], directives: str
) -> None:
    with pytest.raises(openai.APIStatusError):
        ask(client, directives)
    totals = ledger.totals(key)
    assert (totals.requests, totals.tokens) == (1, NO_TOKENS)
    events = ledger.delivered(key)
    assert_balanced(totals, events)
    assert [event.status for event in events] == ["error"]


def test_a_refusal_inside_the_stream_has_no_tokens(client: OpenAI, key: IssuedKey, ledger: Ledger) -> None:
    with pytest.raises(openai.APIError):
        stream(client, "tokens=9 stream_error=validationException after=0")
    assert_balanced(ledger.totals(key), ledger.delivered(key))
    assert [(event.status, event.tokens) for event in ledger.events(key)] == [("error", NO_TOKENS)]


def test_a_fault_inside_the_stream_before_any_text_is_an_estimate_of_the_input(
    client: OpenAI, key: IssuedKey, ledger: Ledger
) -> None:
    with pytest.raises(openai.APIError):
        stream(client, "tokens=9 stream_error=throttlingException after=0")
    (event,) = ledger.delivered(key)
    assert_balanced(ledger.totals(key), [event])
    assert event.status == "estimated"
    assert event.tokens.input_tokens > 0
    assert event.tokens.output_tokens == 0


@pytest.mark.parametrize(
    "directives",
    [
        "tokens=20 gap_ms=5 stream_error=modelStreamErrorException after=6",
        "tokens=20 gap_ms=5 cut after=6",
        "tokens=20 gap_ms=5 bad_crc after=6",
        "tokens=20 no_metadata",
    ],
)
def test_a_count_that_never_came_is_estimated_and_says_so(
    client: OpenAI, key: IssuedKey, ledger: Ledger, directives: str
) -> None:
    if "no_metadata" in directives:
        stream(client, directives)
    else:
        with pytest.raises(openai.APIError):
            stream(client, directives)
    events = ledger.delivered(key)
    assert_balanced(ledger.totals(key), events)
    assert [event.status for event in events] == ["estimated"]
    assert events[0].tokens.input_tokens > 0
    assert 0 < events[0].tokens.output_tokens <= 40


def test_an_answer_that_is_cut_half_way_is_estimated(client: OpenAI, key: IssuedKey, ledger: Ledger) -> None:
    with pytest.raises(openai.APIStatusError):
        chat(client, "tokens=20 cut")
    events = ledger.delivered(key)
    assert_balanced(ledger.totals(key), events)
    assert [event.status for event in events] == ["estimated"]
    assert events[0].tokens.input_tokens > 0


def test_fifty_requests_at_once_through_two_processes_add_up(
    stack: Stack, second: Gateway, key: IssuedKey, ledger: Ledger, bedrock: Bedrock
) -> None:
    usages = asyncio.run(_ask_at_once((stack, second), key))
    totals = ledger.totals(key)
    assert totals.requests == CONCURRENT_REQUESTS
    assert totals.tokens.prompt_tokens == sum(usage.prompt_tokens for usage in usages)
    assert totals.tokens.output_tokens == sum(usage.completion_tokens for usage in usages)
    assert totals.tokens == sum_of([each.tokens or NO_TOKENS for each in bedrock.served(key)])
    assert_balanced(totals, ledger.delivered(key, CONCURRENT_REQUESTS))


async def _ask_at_once(gateways: tuple[Gateway, Gateway], key: IssuedKey) -> list[CompletionUsage]:
    """Half of them streamed, half of them through each gateway; every one of another length."""

    async def use(client: AsyncOpenAI, number: int) -> CompletionUsage:
        messages = ask(f"Hi [[sim:tokens={number + 1} gap_ms=1]]")
        completions = client.chat.completions
        if number % 4 < 2:
            usage = (await completions.create(model=CHAT_MODEL, messages=messages)).usage
        else:
            chunks = await completions.create(
                model=CHAT_MODEL, messages=messages, stream=True, stream_options={"include_usage": True}
            )
            usage = [chunk.usage async for chunk in chunks][-1]
        assert usage is not None
        return usage

    async with gateways[0].async_openai(key.value) as one, gateways[1].async_openai(key.value) as other:
        clients = (one, other)
        return await asyncio.gather(*(use(clients[number % 2], number) for number in range(CONCURRENT_REQUESTS)))


def test_usage_of_the_keys_of_a_project_is_kept_apart(
    stack: Stack, tenancy: Tenancy, key: IssuedKey, ledger: Ledger
) -> None:
    other = tenancy.issue(key.project_id)
    for each, tokens in ((key, 3), (other, 5)):
        with stack.openai(each.value) as client:
            chat(client, f"input_tokens=7 tokens={tokens}")
    assert ledger.totals(key).tokens == TokenCounts(7, 3)
    assert ledger.totals(other).tokens == TokenCounts(7, 5)
    by_key = {event.key_id: event.tokens for event in ledger.delivered(key, 2)}
    assert by_key == {key.id: TokenCounts(7, 3), other.id: TokenCounts(7, 5)}
