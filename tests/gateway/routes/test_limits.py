"""Budgets and rates as the client of a route meets them, over a ledger that refuses as it is told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import orjson
import pytest

from gateway.catalog.prices import Price, PriceRow, TokenPrices
from gateway.catalog.shipped import known_models
from gateway.catalog.shipped_prices import price_table
from gateway.catalog.snapshot import Snapshot
from gateway.errors import BedrockError
from gateway.pricing import Pricing, cost_of
from gateway.project_standings import KEPT_MS
from tenants.account import Account, Bound
from tenants.errors import GrantNeeded, LedgerUnavailable, Refusal
from tenants.limits import BudgetMode, Currency, Enforcement, Interval, Limits, RateLimit, SpendLimit
from tenants.policy import Policy
from tenants.principal import KeyRecord
from tenants.refusals import limit_exceeded
from tenants.standing import Allowance, Standing
from tenants.tenant import TenantStatus
from tenants.usage import TokenCounts
from tests.gateway.fakes import (
    KEY,
    MODEL,
    NOW_MS,
    START,
    STOP,
    TENANT,
    USAGE,
    WHOLE,
    FakeStream,
    event,
    text_delta,
    until,
)
from tests.gateway.routes.service import CHAT, Service
from tests.gateway.routes.test_chat_choices import whole
from tests.tenants.samples import a_hold

MONEY = SpendLimit(Interval.MONTH, Currency.USD, 10**12)
TIERED = "amazon.nova-pro-v1:0"
UNPRICED = "nobody.knows-its-price-v1:0"
KNOWN = Snapshot(known_models=known_models())
SPENT = limit_exceeded(Refusal("key", "spend", 10**12, 10**12, 10**9, NOW_MS + 1000, interval="month", currency="usd"))
BUSY = limit_exceeded(Refusal("project", "requests", 10, 10, 1, NOW_MS + 1500))


def with_limits(limits: Limits, tenant: Limits | None = None) -> KeyRecord:
    return KeyRecord(replace(KEY, limits=limits), TENANT if tenant is None else replace(TENANT, limits=tenant))


@pytest.mark.parametrize("body", [CHAT, {**CHAT, "stream": True}])
async def test_a_spent_budget_is_openais_insufficient_quota_and_not_to_be_tried_again(body: dict[str, Any]) -> None:
    service = Service(whole("x"))
    service.door.ledger.failures["reserve"] = [SPENT]
    answer = await service.post("/chat/completions", body)
    assert answer.status_code == 429
    assert answer.json()["error"]["type"] == "insufficient_quota"
    assert answer.json()["error"]["code"] == "insufficient_quota"
    assert answer.headers["x-should-retry"] == "false"
    assert service.bedrock.sent == []


async def test_a_rate_says_when_to_come_again() -> None:
    service = Service(whole("x"))
    service.door.ledger.failures["reserve"] = [BUSY]
    answer = await service.post("/embeddings", {"model": "amazon.titan-embed-text-v2:0", "input": "x"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (429, "rate_limit_exceeded")
    assert answer.headers["retry-after-ms"] == "1500"
    assert answer.headers["x-ratelimit-limit-requests"] == "10"


async def test_under_a_budget_in_money_a_model_without_a_price_is_refused_before_anything_is_held() -> None:
    for record in (with_limits(Limits(spend=(MONEY,))), with_limits(Limits(), Limits(spend=(MONEY,)))):
        service = Service(whole("x"), record=record)
        answer = await service.post("/chat/completions", {**CHAT, "model": UNPRICED})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "model_not_priced")
        assert "reserve" not in service.door.ledger.calls


async def test_without_a_budget_an_unknown_price_makes_an_unknown_cost_and_never_none_at_all() -> None:
    service = Service(whole("x"), whole("y"))
    await service.post("/chat/completions", {**CHAT, "model": UNPRICED})
    await service.post("/chat/completions", CHAT)
    await service.settled()
    costs = [event.settlement.cost_pico_usd for event in service.door.ledger.settled]
    assert costs[0] is None
    assert costs[1] == 11 * 60_000 + 7 * 240_000  # Nova Lite: 0.06 and 0.24 USD per million


async def test_a_tenants_gate_is_left_with_what_was_used() -> None:
    record = with_limits(Limits(), Limits(rates=(RateLimit(requests_per_minute=5),)))
    service = Service(whole("x"), record=record)
    await service.post("/chat/completions", CHAT)
    await until(lambda: service.door.gate.left)
    assert service.door.gate.left == [18]
    assert service.door.gate.inside == set()


async def test_whoever_the_account_refuses_is_not_left_in_the_tenants_gate() -> None:
    record = with_limits(Limits(), Limits(rates=(RateLimit(requests_per_minute=5),)))
    service = Service(whole("x"), record=record)
    await service.post("/chat/completions", CHAT)
    service.door.ledger.failures["reserve"] = [SPENT]
    await service.post("/chat/completions", CHAT)
    await until(lambda: not service.door.gate.inside)
    assert len(service.door.gate.left) == 1


async def test_an_account_that_has_too_little_of_its_tenants_budget_draws_more_and_goes_on() -> None:
    service = Service(whole("x"))
    await service.post("/chat/completions", CHAT)
    service.door.ledger.failures["reserve"] = [GrantNeeded(), GrantNeeded()]
    assert (await service.post("/chat/completions", CHAT)).status_code == 200
    assert service.door.budgets.draws == 2


async def test_a_soft_key_reserves_nothing_and_is_recorded_all_the_same() -> None:
    service = Service(whole("x"), record=with_limits(Limits(enforcement=Enforcement.SOFT)))
    assert (await service.post("/chat/completions", CHAT)).status_code == 200
    await service.door.admission.close(grace_seconds=1)
    assert "reserve" not in service.door.ledger.calls
    assert service.door.ledger.calls.count("settle_soft") == 1


async def test_where_any_limit_has_to_be_kept_a_soft_key_reserves() -> None:
    record = with_limits(Limits(enforcement=Enforcement.SOFT), Limits(spend=(MONEY,)))
    service = Service(whole("x"), record=record)
    await service.post("/chat/completions", CHAT)
    assert "reserve" in service.door.ledger.calls


CLAMPING = with_limits(Limits(spend=(MONEY,), budget_mode=BudgetMode.CLAMP))


def short_of_money(room_pico_usd: int) -> Exception:
    used = 10**12 - room_pico_usd
    return limit_exceeded(Refusal("key", "spend", 10**12, used, 10**11, NOW_MS, interval="month", currency="usd"))


@pytest.mark.parametrize("streamed", [False, True])
async def test_a_budget_that_clamps_shortens_the_answer_to_what_is_affordable(streamed: bool) -> None:
    service = Service(FakeStream(*WHOLE) if streamed else whole("x"), record=CLAMPING, snapshot=KNOWN)
    await service.post("/chat/completions", CHAT)
    service.door.ledger.failures["reserve"] = [short_of_money(60_000 * 2_000 + 240_000 * 100)]
    service.bedrock.answer_with(FakeStream(*WHOLE) if streamed else whole("x"))
    answer = await service.post("/chat/completions", {**CHAT, "stream": streamed})
    assert answer.status_code == 200
    most = orjson.loads(service.bedrock.sent[-1][2])["inferenceConfig"]["maxTokens"]
    assert answer.headers["x-sluice-clamped-max-tokens"] == str(most)
    assert 16 <= most < 8192


async def test_a_clients_own_limit_is_never_clamped() -> None:
    service = Service(whole("x"), record=CLAMPING, snapshot=KNOWN)
    service.door.ledger.failures["reserve"] = [short_of_money(10**9)]
    answer = await service.post("/chat/completions", {**CHAT, "max_tokens": 5000})
    assert (answer.status_code, service.bedrock.sent) == (429, [])


async def test_what_is_left_for_less_than_a_sentence_is_a_refusal() -> None:
    service = Service(whole("x"), record=CLAMPING, snapshot=KNOWN)
    service.door.ledger.failures["reserve"] = [short_of_money(1)]
    assert (await service.post("/chat/completions", CHAT)).status_code == 429


async def test_a_key_reads_its_own_limits_and_what_it_used() -> None:
    limits = Limits(spend=(MONEY,), rates=(RateLimit(requests_per_minute=7),))
    service = Service(whole("x"), record=with_limits(limits))
    answer = (await service.get("/me")).json()
    assert (answer["id"], answer["project_id"]) == (KEY.id, TENANT.id)
    assert answer["rate_limits"][0]["max_requests_per_1_minute"] == 7
    month = next(each for each in answer["budgets"] if (each["interval"], each["currency"]) == ("month", "usd"))
    assert (month["limit"], month["remaining"]) == (10**12, 10**12)
    assert answer["in_flight"] == 0


def of_a_limited_project() -> Service:
    """Another of its keys has used 600 of 1,000 tokens of the month, and holds 100."""
    tokens = SpendLimit(Interval.MONTH, Currency.TOKENS, 1_000)
    limits = Limits(spend=(tokens,), rates=(RateLimit(MODEL.name, parallel_requests=3),))
    service = Service(whole("x"), record=KeyRecord(KEY, replace(TENANT, limits=limits)))
    hold = a_hold("req_1", bound=Bound(60, 40))
    other = Account("key_of_somebody_else", "2026-11", TENANT.id, committed_tokens=700, holds={"req_1": hold})
    service.door.budgets.accounts = [other]
    return service


async def test_a_key_reads_its_projects_limits_apart_from_its_own_and_nothing_of_other_keys() -> None:
    answer = await of_a_limited_project().get("/me")
    project = answer.json()["project"]
    assert project["id"] == TENANT.id
    assert [(rate["model"], rate["max_parallel_requests"]) for rate in project["rate_limits"]] == [(MODEL.name, 3)]
    (month,) = project["budgets"]
    assert {name: month[name] for name in ("limit", "settled", "held", "remaining", "unit")} == {
        "limit": 1_000,
        "settled": 600,
        "held": 100,
        "remaining": 300,
        "unit": "tokens",
    }
    (own,) = (each for each in answer.json()["budgets"] if (each["interval"], each["currency"]) == ("month", "tokens"))
    assert (own["limit"], own["settled"], set(own)) == (None, 0, set(month))
    assert own["resets_at"] == month["resets_at"]
    assert "somebody_else" not in answer.text


async def test_however_often_a_key_asks_its_projects_accounts_are_read_seldom() -> None:
    service = of_a_limited_project()
    await asyncio.gather(*(service.get("/me") for _ in range(5)))
    service.door.now_ms += KEPT_MS - 1
    await service.get("/me")
    assert service.door.budgets.looks == 1
    service.door.now_ms += 1
    await service.get("/me")
    assert service.door.budgets.looks == 2


async def test_of_a_project_without_budgets_nothing_is_read() -> None:
    service = Service(whole("x"), record=with_limits(Limits()))
    assert (await service.get("/me")).json()["project"]["budgets"] == []
    assert service.door.budgets.looks == 0


async def test_a_look_that_failed_is_not_kept() -> None:
    service = of_a_limited_project()
    service.door.budgets.refusal = LedgerUnavailable()
    assert (await service.get("/me")).status_code == 503
    service.door.budgets.refusal = None
    assert (await service.get("/me")).status_code == 200


@pytest.mark.parametrize("served", [None, "default", "flex"])
@pytest.mark.parametrize("streamed", [False, True])
async def test_the_tier_that_bedrock_served_is_charged_and_where_it_tells_none_the_one_asked_for(
    streamed: bool, served: str | None
) -> None:
    told = {} if served is None else {"serviceTier": {"type": served}}
    usage = {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}
    stream = FakeStream([START, text_delta("x")], [STOP, event("metadata", usage=usage, **told)])
    service = Service(stream if streamed else {**whole("x"), **told}, snapshot=KNOWN)
    body = {**CHAT, "model": TIERED, "service_tier": "flex", "stream": streamed}
    assert (await service.post("/chat/completions", body)).status_code == 200
    assert orjson.loads(service.bedrock.sent[0][2])["serviceTier"] == {"type": "flex"}
    await service.settled()
    price = service.plane.pricing.price_of(KNOWN.resolve(TIERED))
    (settled,) = service.door.ledger.settled
    expected = cost_of(price, TokenCounts(11, 7), served or "flex")
    assert expected is not None
    assert settled.settlement.cost_pico_usd == expected


def short_of_tokens(room_tokens: int) -> Exception:
    refusal = Refusal("key", "spend", 10**6, 10**6 - room_tokens, 10**5, NOW_MS, interval="day", currency="tokens")
    return limit_exceeded(refusal)


CLAUDE, OTHER = "anthropic.claude-sonnet-4-5-20250929-v1:0", "amazon.nova-pro-v1:0"


@pytest.mark.parametrize("choices", [1, 3])
async def test_what_a_clamped_request_holds_with_all_its_fallbacks_fits_in_what_is_left(choices: int) -> None:
    tools = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]
    policy = Policy(fallbacks={MODEL.name: (CLAUDE, OTHER)})
    record = KeyRecord(replace(CLAMPING.key, policy=policy), TENANT)
    service = Service(whole("x"), record=record, snapshot=KNOWN)
    body = {**CHAT, "n": choices, "tools": tools, "top_k": 5}
    await service.post("/chat/completions", body)
    room = 4_000 * choices
    service.door.ledger.failures["reserve"] = [short_of_tokens(room)]
    bounds: list[int] = []

    async def look() -> dict[str, Any]:
        (hold,) = service.door.ledger.holds.values()
        bounds.append(hold.bound.input_tokens + hold.bound.output_tokens)
        return whole("x")

    service.bedrock.answer_with(look)
    assert (await service.post("/chat/completions", body)).status_code == 200
    assert room - choices < bounds[0] <= room


@pytest.mark.parametrize(
    "thinking", [{"reasoning_effort": "low"}, {"reasoning_config": {"type": "enabled", "budget_tokens": 1024}}]
)
async def test_an_answer_that_is_thought_about_is_not_clamped(thinking: dict[str, Any]) -> None:
    service = Service(whole("x"), record=CLAMPING, snapshot=KNOWN)
    body = {**CHAT, "model": CLAUDE, **thinking}
    assert (await service.post("/chat/completions", body)).status_code == 200
    asked = orjson.loads(service.bedrock.sent[0][2])["additionalModelRequestFields"]
    assert {"thinking", "reasoning_config"} & set(asked)
    service.door.ledger.failures["reserve"] = [short_of_money(3 * 10**10)]
    assert (await service.post("/chat/completions", body)).status_code == 429
    assert len(service.bedrock.sent) == 1


async def test_rules_that_change_after_a_clamp_begin_the_request_again_unclamped() -> None:
    service = Service(whole("x"), record=CLAMPING, snapshot=KNOWN)
    await service.post("/chat/completions", CHAT)
    service.door.ledger.failures["reserve"] = [short_of_money(60_000 * 2_000 + 240_000 * 100)]
    service.door.ledger.publish(replace(CLAMPING, key=replace(CLAMPING.key, limits=Limits(), version=2)))
    answer = await service.post("/chat/completions", CHAT)
    assert answer.status_code == 200
    assert "x-sluice-clamped-max-tokens" not in answer.headers
    sent = [orjson.loads(body)["inferenceConfig"]["maxTokens"] for _, _, body in service.bedrock.sent]
    assert sent[0] == sent[1]


async def test_of_a_clamped_request_that_ends_in_the_gate_nothing_is_left_there() -> None:
    rates = Limits(rates=(RateLimit(requests_per_minute=5),))
    record = replace(CLAMPING, tenant=replace(TENANT, limits=rates))
    service = Service(whole("x"), record=record, snapshot=KNOWN)
    await service.post("/chat/completions", CHAT)
    service.door.ledger.failures["reserve"] = [short_of_money(60_000 * 2_000 + 240_000 * 100)]
    assert (await service.post("/chat/completions", CHAT)).status_code == 200
    await service.settled()
    assert (service.door.gate.inside, service.door.gate.left) == (set(), [18, 18])


async def test_an_archived_projects_key_reads_nothing_of_itself() -> None:
    service = Service(whole("x"), record=replace(CLAMPING, tenant=replace(TENANT, status=TenantStatus.ARCHIVED)))
    assert (await service.get("/me")).status_code == 401


@pytest.mark.parametrize("streamed", [False, True])
async def test_what_is_left_is_told_with_errors_and_streams_as_well(streamed: bool) -> None:
    service = Service(BedrockError("ValidationException", 400, "no"))
    service.door.ledger.standing = Standing(requests=Allowance(10, 9, NOW_MS + 1000))
    answer = await service.post("/chat/completions", {**CHAT, "stream": streamed})
    assert answer.status_code == 400
    assert answer.headers["x-ratelimit-remaining-requests"] == "9"


@pytest.mark.parametrize("operation", ["reserve", "open_account"])
async def test_a_ledger_that_is_away_serves_nothing_and_asks_to_try_again(operation: str) -> None:
    service = Service(whole("x"))
    service.door.ledger.failures[operation] = [LedgerUnavailable()]
    answer = await service.post("/chat/completions", CHAT)
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "ledger_unavailable")
    assert answer.headers["x-should-retry"] == "true"
    assert service.bedrock.sent == []


async def test_a_fallback_whose_cost_is_not_known_on_these_terms_costs_nobody_the_model_that_was_asked_for() -> None:
    policy = Policy(fallbacks={TIERED: (CLAUDE,)})
    service = Service(
        BedrockError("ThrottlingException", 429, "no"),
        record=KeyRecord(replace(CLAMPING.key, policy=policy), TENANT),
        snapshot=KNOWN,
    )
    only_default = PriceRow((CLAUDE,), ("*",), Price(TokenPrices(3, 15), tier_factors=()))
    service.app.state.data_plane = replace(service.plane, pricing=Pricing(price_table(only_default), "us-east-1"))
    answer = await service.post("/chat/completions", {**CHAT, "model": TIERED, "service_tier": "flex"})
    assert answer.status_code == 429
    assert [model_id for _, model_id, _ in service.bedrock.sent] == [TIERED]


async def test_the_tier_is_known_where_any_of_the_choices_tells_it() -> None:
    usage = {"inputTokens": 11, "outputTokens": 7, "totalTokens": 18}
    told = event("metadata", usage=usage, serviceTier={"type": "default"})
    streams = FakeStream([START, text_delta("x")], [STOP, USAGE]), FakeStream([START, text_delta("x")], [STOP, told])
    service = Service(*streams, snapshot=KNOWN)
    body = {**CHAT, "model": TIERED, "service_tier": "flex", "stream": True, "n": 2}
    assert (await service.post("/chat/completions", body)).status_code == 200
    await service.settled()
    price = service.plane.pricing.price_of(KNOWN.resolve(TIERED))
    assert service.door.ledger.settled[0].settlement.cost_pico_usd == cost_of(price, TokenCounts(22, 14), "default")
