from __future__ import annotations

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalog.capabilities import Capabilities
from gateway.catalog.model import Model
from gateway.catalog.prices import Price, PriceRow, PriceTable, PriceTier, TierFactor, TokenPrices
from gateway.catalog.shipped_prices import price_table
from gateway.pricing import (
    NO_TERMS,
    CacheWrites,
    Pricing,
    Terms,
    affordable_output_tokens,
    cost_bound,
    cost_of,
    served_tier,
    terms_of,
)
from tenants.account import Bound
from tenants.usage import TokenCounts

CLAUDE = Price(TokenPrices(3_000_000, 15_000_000, 300_000, 3_750_000, 6_000_000))
TIERED = Price(TokenPrices(7), tier_factors=(TierFactor("flex", 500), TierFactor("priority", 1750)))
SHIPPED = [row.price for row in price_table().rows]

PRICES = st.sampled_from(SHIPPED)
TIERS = st.sampled_from([None, "default", "flex", "priority"])
COUNTS = st.integers(0, 2_000_000)


@st.composite
def used_within(draw: st.DrawFn, bound: Bound, writes: CacheWrites, price: Price) -> TokenCounts:
    """Any counts that a request of this bound, which writes caches so, may come to."""
    read = draw(st.integers(0, bound.input_tokens))
    may_write = writes in ("5m", "1h") or (writes == "automatic" and price.prices.cache_write_5m is not None)
    written = draw(st.integers(0, bound.input_tokens - read)) if may_write else 0
    for_an_hour = draw(st.integers(0, written)) if writes == "1h" else 0
    plain = draw(st.integers(0, bound.input_tokens - read - written))
    return TokenCounts(plain, draw(st.integers(0, bound.output_tokens)), read, written, for_an_hour)


def test_a_request_costs_the_sum_of_its_categories_exactly() -> None:
    counts = TokenCounts(1_000, 300, 5_000, 900, 400)
    expected = 1_000 * 3_000_000 + 300 * 15_000_000 + 5_000 * 300_000 + 500 * 3_750_000 + 400 * 6_000_000
    assert cost_of(CLAUDE, counts, None) == expected


@given(PRICES, st.lists(COUNTS, min_size=4, max_size=4))
def test_the_cost_of_each_category_adds_up(price: Price, counts: list[int]) -> None:
    flat = Price(price.prices)
    fresh, out, read, written = counts
    parts = [TokenCounts(fresh), TokenCounts(0, out), TokenCounts(0, 0, read), TokenCounts(0, 0, 0, written)]
    costs = [cost_of(flat, part, None) for part in parts]
    if None in costs:
        assert price.prices.output is None
        assert cost_of(flat, TokenCounts(*counts), None) is None
    else:
        assert cost_of(flat, TokenCounts(*counts), None) == sum(cost for cost in costs if cost is not None)


@given(PRICES, COUNTS.filter(bool))
def test_a_category_without_a_price_is_never_free(price: Price, count: int) -> None:
    if price.prices.input == 0:
        return
    for counts in (TokenCounts(0, 0, count), TokenCounts(0, 0, 0, count), TokenCounts(0, 0, 0, count, count)):
        cost = cost_of(price, counts, None)
        assert cost is not None
        assert cost > 0


def test_missing_categories_fall_back_upwards_and_to_whole_pico_dollars() -> None:
    price = Price(TokenPrices(7, 9))
    assert cost_of(price, TokenCounts(cache_read_tokens=1), None) == 7
    assert cost_of(price, TokenCounts(cache_write_tokens=1), None) == 9
    assert cost_of(price, TokenCounts(cache_write_tokens=1, cache_write_1h_tokens=1), None) == 14


def test_more_hour_writes_than_writes_are_not_charged() -> None:
    told = TokenCounts(cache_write_tokens=5, cache_write_1h_tokens=50)
    assert cost_of(CLAUDE, told, None) == 5 * 6_000_000


def test_a_service_tier_is_a_factor_of_the_whole_rounded_up_once() -> None:
    assert [cost_of(TIERED, TokenCounts(3), tier) for tier in (None, "default", "flex", "priority")] == [21, 21, 11, 37]


@pytest.mark.parametrize(
    ("price", "counts", "tier", "images"),
    [
        (None, TokenCounts(1), None, 0),
        (CLAUDE, TokenCounts(1), "flex", 0),
        (TIERED, TokenCounts(1), "reserved", 0),
        (TIERED, TokenCounts(1), "optimized", 0),
        (TIERED, TokenCounts(1, 1), None, 0),
        (Price(TokenPrices(1), text_only=True), TokenCounts(1), None, 1),
    ],
    ids=["model", "tier of a price", "reserved", "optimized", "output", "images"],
)
def test_what_has_no_price_at_all_is_unknown_and_never_zero(
    price: Price | None, counts: TokenCounts, tier: str | None, images: int
) -> None:
    assert cost_of(price, counts, tier, images) is None
    assert cost_bound(price, Bound(counts.input_tokens, counts.output_tokens), Terms(tier, images=images)) is None


def test_images_cost_by_the_piece_where_they_have_a_price() -> None:
    titan = price_table().find("amazon.titan-embed-image-v1", "amazon.titan-embed-image-v1", "us-east-1")
    assert cost_of(titan, TokenCounts(10), None, 2) == 10 * 800_000 + 2 * 60_000_000
    assert cost_of(CLAUDE, TokenCounts(10), None, 2) == 10 * 3_000_000  # there they are tokens


def test_a_long_prompt_is_charged_at_its_tier() -> None:
    price = Price(TokenPrices(1, 1), (PriceTier(100, TokenPrices(2, 3)),))
    assert cost_of(price, TokenCounts(50, 10, 50), None) == 110
    assert cost_of(price, TokenCounts(51, 10, 50), None) == 232


@given(
    price=PRICES,
    tier=TIERS,
    writes=st.sampled_from(get_args(CacheWrites)),
    bound=st.builds(Bound, COUNTS, COUNTS),
    data=st.data(),
)
def test_no_usage_within_a_bound_costs_more_than_the_bound(
    price: Price, tier: str | None, writes: CacheWrites, bound: Bound, data: st.DataObject
) -> None:
    counts = data.draw(used_within(bound, writes, price))
    most = cost_bound(price, bound, Terms(tier, writes))
    if most is None:
        assert price.prices.output is None
        assert bound.output_tokens
        return
    for served in (tier, None):
        cost = cost_of(price, counts, served)
        assert cost is not None
        assert cost <= most


@given(
    prices=st.lists(st.builds(TokenPrices, *[st.integers(0, 50)] * 5), min_size=1, max_size=3),
    starts=st.lists(st.integers(1, 60), min_size=3, max_size=3, unique=True),
    factor=st.integers(1, 3000),
    writes=st.sampled_from(get_args(CacheWrites)),
    data=st.data(),
)
def test_whatever_prices_are_no_usage_costs_more_than_its_bound(
    prices: list[TokenPrices], starts: list[int], factor: int, writes: CacheWrites, data: st.DataObject
) -> None:
    tiers = tuple(map(PriceTier, starts, prices[1:]))
    price = Price(prices[0], tiers, tier_factors=(TierFactor("flex", factor),))
    bound = data.draw(st.builds(Bound, st.integers(0, 100), st.integers(0, 100)))
    counts = data.draw(used_within(bound, writes, price))
    most = cost_bound(price, bound, Terms("flex", writes))
    costs = [cost_of(price, counts, served) for served in ("flex", None)]
    assert most is not None
    assert all(cost is not None and cost <= most for cost in costs)


@given(PRICES, TIERS, st.builds(Bound, COUNTS, COUNTS), COUNTS)
def test_more_tokens_never_lower_the_bound(price: Price, tier: str | None, bound: Bound, more: int) -> None:
    smaller = cost_bound(price, bound, Terms(tier))
    larger = cost_bound(price, Bound(bound.input_tokens + more, bound.output_tokens), Terms(tier))
    assert (smaller is None) == (larger is None)
    assert smaller is None or larger is None or smaller <= larger


@given(PRICES, TIERS, st.builds(Bound, COUNTS, COUNTS), st.integers(0, 10**14), st.none() | st.integers(0, 5_000_000))
def test_what_is_affordable_fits_and_one_token_more_does_not(
    price: Price, tier: str | None, bound: Bound, room: int, room_tokens: int | None
) -> None:
    terms = Terms(tier)

    def fits(output_tokens: int) -> bool:
        tried = Bound(bound.input_tokens, output_tokens)
        cost = cost_bound(price, tried, terms)
        return cost is not None and cost <= room and (room_tokens is None or tried.tokens <= room_tokens)

    found = affordable_output_tokens(price, bound, room, room_tokens, terms)
    assert 0 <= found <= bound.output_tokens
    assert found == 0 or fits(found)
    if price.prices.output is not None and found < bound.output_tokens:
        assert not fits(found + 1)


def test_without_a_limit_all_that_was_asked_for_is_affordable() -> None:
    assert affordable_output_tokens(None, Bound(10, 500), None, None) == 500
    assert affordable_output_tokens(None, Bound(10, 500), None, 100) == 90
    assert affordable_output_tokens(None, Bound(10, 500), 10**15, None) == 0
    assert affordable_output_tokens(CLAUDE, Bound(10, 500), 10 * 3_000_000 - 1, None) == 0


def test_cache_points_make_input_as_dear_as_writing_it() -> None:
    bound = Bound(1_000, 0)
    dearest = [cost_bound(CLAUDE, bound, Terms(cache_writes=writes)) for writes in ("none", "5m", "1h")]
    assert dearest == [1_000 * rate for rate in (3_000_000, 3_750_000, 6_000_000)]


def test_a_discount_is_not_relied_on() -> None:
    assert cost_bound(TIERED, Bound(2, 0), Terms("flex")) == cost_bound(TIERED, Bound(2, 0))


def body(**fields: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [{"text": "Hi"}]}], **fields}


POINT = {"cachePoint": {"type": "default"}}
HOUR = {"cachePoint": {"type": "default", "ttl": "1h"}}
CACHING = Capabilities(cache_places=("system", "messages"))


@pytest.mark.parametrize(
    ("converse", "capabilities", "writes"),
    [
        (body(), CACHING, "none"),
        (body(), Capabilities(), "automatic"),
        (body(system=[{"text": "a"}, POINT]), CACHING, "5m"),
        (body(toolConfig={"tools": [HOUR]}, system=[POINT]), CACHING, "1h"),
        ({"messages": [{"role": "user", "content": [{"text": "a"}, HOUR]}]}, CACHING, "1h"),
    ],
)
def test_the_terms_tell_which_caches_may_be_written(
    converse: dict[str, Any], capabilities: Capabilities, writes: CacheWrites
) -> None:
    assert terms_of(converse, capabilities) == Terms(cache_writes=writes)


def test_the_terms_count_images_and_sounds_in_tool_results_too() -> None:
    result = {"toolResult": {"toolUseId": "1", "content": [{"image": {}}, {"text": "a"}]}}
    converse = {"messages": [{"role": "user", "content": [{"image": {}}, {"audio": {}}, result, {"video": {}}]}]}
    assert terms_of(converse, CACHING).images == 3


@pytest.mark.parametrize(
    ("fields", "tier"),
    [
        ({}, None),
        ({"serviceTier": {"type": "default"}}, None),
        ({"serviceTier": {"type": "priority"}}, "priority"),
        ({"performanceConfig": {"latency": "optimized"}}, "optimized"),
        ({"performanceConfig": {"latency": "standard"}, "serviceTier": {"type": "flex"}}, "flex"),
    ],
)
def test_the_tier_is_what_the_body_asks_for(fields: dict[str, Any], tier: str | None) -> None:
    assert terms_of(body(**fields), CACHING).tier == tier


def test_the_tier_that_served_is_charged_and_the_one_asked_for_where_none_is_told() -> None:
    assert served_tier("priority", {"serviceTier": {"type": "default"}}) is None
    assert served_tier("optimized", {"performanceConfig": {"latency": "standard"}}) is None
    assert served_tier("priority", {"usage": {}}) == "priority"


class Counting(PriceTable):
    """Counts how often it is asked."""

    asked = 0

    def find(self, bedrock_id: str, base_id: str, region: str) -> Price | None:
        self.asked += 1
        return super().find(bedrock_id, base_id, region)


def row(price: Price, glob: str, region: str) -> PriceRow:
    return PriceRow((glob,), (region,), price)


def test_a_price_is_that_of_the_region_that_is_called_and_looked_up_once() -> None:
    table = Counting([row(CLAUDE, "a.b", "eu-*"), row(TIERED, "a.b", "us-*")])
    model = Model("alias", "a.b", "a.b", "a.b", Capabilities())
    pricing = Pricing(table, "eu-west-1")
    assert [pricing.price_of(model) for _ in range(3)] == [CLAUDE] * 3
    assert table.asked == 1
    assert Pricing(table, "us-east-1").price_of(model) == TIERED
    assert cost_of(pricing.price_of(Model("x", "x", "x", "x", Capabilities())), TokenCounts(1), NO_TERMS.tier) is None
