from __future__ import annotations

import asyncio
from base64 import b64encode
from dataclasses import replace

import orjson
import pytest

from gateway.bedrock.client import InvokeAnswer
from gateway.bounds import IMAGE_TOKENS
from gateway.catalog.prices import Price, PriceRow, TokenPrices
from gateway.catalog.shipped_prices import price_table
from gateway.errors import BedrockError, BedrockUnreachable
from gateway.pricing import Pricing
from gateway.routes.edge import IGNORED_PARAMS_HEADER
from gateway.routes.embeddings import CALLS_AT_ONCE
from tenants.event import UsageStatus
from tenants.usage import NO_TOKENS, TokenCounts
from tests.gateway.fakes import KEY, TENANT, until
from tests.gateway.routes.service import Service

TITAN = "amazon.titan-embed-text-v2:0"
NOVA = "amazon.nova-2-multimodal-embeddings-v1:0"
UNPRICED_IMAGES = "cohere.embed-v4:0"
THROTTLED = BedrockError("ThrottlingException", 429, "slow down")


def vector(tokens: int | None = 3) -> InvokeAnswer:
    return InvokeAnswer({"embedding": [0.5, 0.25]}, tokens)


def texts(count: int) -> dict[str, object]:
    return {"model": TITAN, "input": [f"text {number}" for number in range(count)], "encoding_format": "float"}


async def test_the_counts_of_all_calls_are_charged() -> None:
    service = Service(vector(3), vector(4), vector(5))
    answer = await service.post("/embeddings", texts(3))
    assert [each["index"] for each in answer.json()["data"]] == [0, 1, 2]
    assert answer.json()["usage"] == {"prompt_tokens": 12, "total_tokens": 12}
    assert await service.settled() == [(UsageStatus.OK, TokenCounts(input_tokens=12))]


async def test_every_call_is_marked_for_bedrocks_log() -> None:
    service = Service(vector())
    answer = await service.post("/embeddings", {**texts(2), "user": "jo"})
    assert (
        service.bedrock.invoke_metadata
        == [
            {
                "sluice_user": "jo",
                "sluice_request_id": answer.headers["x-request-id"],
                "sluice_key_id": KEY.id,
                "sluice_tenant_id": TENANT.id,
            }
        ]
        * 2
    )


async def test_token_arrays_are_embedded_as_the_text_they_stand_for() -> None:
    service = Service(vector())
    answer = await service.post("/embeddings", {**texts(1), "input": [[9906, 11, 1917, 0], [15339]]})
    assert answer.status_code == 200
    assert [orjson.loads(body)["inputText"] for _, _, body in service.bedrock.sent] == ["Hello, world!", "hello"]


async def test_tokens_of_no_text_are_a_400_before_money_is_held() -> None:
    service = Service(vector())
    answer = await service.post("/embeddings", {**texts(1), "input": [100257]})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "input[0]")
    assert service.bedrock.sent == []


async def test_what_has_no_effect_is_named_in_the_header() -> None:
    answer = await Service(vector()).post("/embeddings", {**texts(1), "priority": 1, "input_type": "search_query"})
    assert answer.headers[IGNORED_PARAMS_HEADER] == "priority,input_type"


def image(pixels: bytes) -> str:
    return "data:image/png;base64," + b64encode(b"\x89PNG\r\n\x1a\n" + pixels).decode()


async def bound_of(given: str) -> int:
    """Input tokens of the hold while the request has one."""
    service = Service(BedrockUnreachable("broke", may_have_run=True))
    ledger = service.door.ledger
    ledger.gates["settle"] = gate = asyncio.Event()
    asking = asyncio.create_task(service.post("/embeddings", {"model": NOVA, "input": ["text", given]}))
    await until(lambda: "settle" in ledger.calls)
    (hold,) = ledger.holds.values()
    gate.set()
    await asking
    return hold.bound.input_tokens


async def test_an_image_is_bounded_by_its_pixels_and_not_by_its_bytes() -> None:
    small, large = await bound_of(image(b"")), await bound_of(image(b"pixels" * 1_000))
    assert small == large
    assert IMAGE_TOKENS < small < IMAGE_TOKENS + 500


async def test_a_failed_call_fails_the_request_and_what_the_others_used_is_charged() -> None:
    service = Service(vector(3), THROTTLED)
    assert (await service.post("/embeddings", texts(2))).status_code == 429
    assert await service.settled() == [(UsageStatus.ERROR, TokenCounts(input_tokens=3))]


async def test_after_a_failure_no_further_call_is_made() -> None:
    service = Service(THROTTLED)
    await service.post("/embeddings", texts(5 * CALLS_AT_ONCE))
    assert len(service.bedrock.sent) <= CALLS_AT_ONCE
    assert await service.settled() == [(UsageStatus.ERROR, NO_TOKENS)]


@pytest.mark.parametrize("answer", [vector(None), BedrockUnreachable("broke", may_have_run=True)])
async def test_an_unknown_count_is_estimated(answer: object) -> None:
    service = Service(answer)
    await service.post("/embeddings", texts(2))
    ((status, tokens),) = await service.settled()
    assert (status, tokens.output_tokens) == (UsageStatus.ESTIMATED, 0)
    assert tokens.input_tokens > 0


async def test_so_many_calls_run_at_once_and_no_more() -> None:
    running = most = 0

    async def invoke() -> InvokeAnswer:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return vector()

    service = Service(invoke)
    assert (await service.post("/embeddings", texts(3 * CALLS_AT_ONCE))).status_code == 200
    assert most == CALLS_AT_ONCE


async def hang() -> InvokeAnswer:
    await asyncio.Event().wait()
    return vector()


async def test_a_request_past_its_deadline_is_a_504_and_an_estimate() -> None:
    service = Service(hang)
    service.hurry(0.02)
    assert (await service.post("/embeddings", texts(1))).status_code == 504
    ((status, tokens),) = await service.settled()
    assert status is UsageStatus.ESTIMATED
    assert tokens.input_tokens > 0


async def test_a_shutdown_while_bedrock_runs_is_an_estimate() -> None:
    service = Service(hang)
    asking = asyncio.create_task(service.post("/embeddings", texts(1)))
    await until(lambda: service.bedrock.sent)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    ((status, _),) = await service.settled()
    assert status is UsageStatus.ESTIMATED


@pytest.mark.parametrize(("answers", "images"), [((vector(3), THROTTLED), 1), ((vector(3), vector(4)), 2)])
async def test_of_images_those_are_charged_that_were_embedded(answers: tuple[object, ...], images: int) -> None:
    service = Service(*answers)
    price = PriceRow((NOVA,), ("*",), Price(TokenPrices(5, 0), text_only=True, image=1_000))
    service.app.state.data_plane = replace(service.plane, pricing=Pricing(price_table(price), "us-east-1"))
    await service.post("/embeddings", {"model": NOVA, "input": [image(b"one"), image(b"two")]})
    ((_, tokens),) = await service.settled()
    (settled,) = service.door.ledger.settled
    assert settled.settlement.cost_pico_usd == tokens.input_tokens * 5 + images * 1_000


@pytest.mark.parametrize("ending", ["refused", "answered"])
async def test_an_answer_that_counts_no_token_of_an_unpriced_image_has_no_known_cost(ending: str) -> None:
    service = Service(vector(0) if ending == "answered" else THROTTLED)
    await service.post("/embeddings", {"model": UNPRICED_IMAGES, "input": [image(b"one")]})
    assert (await service.settled())[0][1] == NO_TOKENS
    assert service.door.ledger.settled[0].settlement.cost_pico_usd == (None if ending == "answered" else 0)
