from __future__ import annotations

import re
from datetime import date
from importlib.resources import files

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.catalog.globs import matches
from gateway.catalog.model_ids import base_id_of
from gateway.catalog.prices import Price, PriceRow, PriceTable, PriceTier, TierFactor, TokenPrices
from gateway.catalog.shipped_prices import price_table, shipped_price_rows

USD_PER_MILLION = 1_000_000
SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"
APPLICATION_PROFILE = "arn:aws:bedrock:us-east-1:000000000000:application-inference-profile/abc123"


def find(bedrock_id: str, region: str = "us-east-1") -> Price | None:
    return price_table().find(bedrock_id, base_id_of(bedrock_id), region)


def test_claude_sonnet_4_5_costs_what_anthropic_and_aws_publish() -> None:
    found = find(f"global.{SONNET}")
    assert found is not None
    assert found.prices == TokenPrices(
        input=3 * USD_PER_MILLION,
        output=15 * USD_PER_MILLION,
        cache_read=300_000,
        cache_write_5m=3_750_000,
        cache_write_1h=6 * USD_PER_MILLION,
    )


@pytest.mark.parametrize("called", [SONNET, f"us.{SONNET}", f"eu.{SONNET}", f"apac.{SONNET}"])
def test_regional_inference_costs_a_tenth_more(called: str) -> None:
    found = find(called)
    assert found is not None
    assert found.prices == TokenPrices(3_300_000, 16_500_000, 330_000, 4_125_000, 6_600_000)


@pytest.mark.parametrize(
    ("model", "input_price", "output_price"),
    [
        ("amazon.nova-micro-v1:0", 35_000, 140_000),
        ("us.amazon.nova-lite-v1:0", 60_000, 240_000),
        ("anthropic.claude-3-haiku-20240307-v1:0", 250_000, 1_250_000),
        ("amazon.titan-embed-text-v2:0", 20_000, None),
        ("cohere.embed-v4:0", 120_000, 0),
    ],
)
def test_published_prices_are_shipped(model: str, input_price: int, output_price: int | None) -> None:
    found = find(model)
    assert found is not None
    assert (found.prices.input, found.prices.output) == (input_price, output_price)


@pytest.mark.parametrize(
    "model", ["nobody.knows-v1:0", "arn:aws:bedrock:us-east-1:000000000000:imported-model/abc", ""]
)
def test_an_unknown_price_is_none_and_never_zero(model: str) -> None:
    assert find(model) is None


@pytest.mark.parametrize("region", ["us-gov-west-1", "us-gov-east-1", "cn-north-1"])
def test_no_price_is_told_for_partitions_that_the_source_does_not_have(region: str) -> None:
    assert find("amazon.titan-embed-text-v2:0", region) is None


def test_an_arn_has_the_price_of_its_model() -> None:
    profile = f"arn:aws:bedrock:us-east-1:000000000000:inference-profile/global.{SONNET}"
    assert find(profile) == find(f"global.{SONNET}")
    assert find(f"arn:aws:bedrock:us-east-1::foundation-model/{SONNET}") == find(SONNET)


def test_an_application_profile_has_the_price_of_the_bare_id() -> None:
    assert price_table().find(APPLICATION_PROFILE, SONNET, "us-east-1") == find(SONNET)


def test_no_bare_claude_is_cheaper_than_its_profiles() -> None:
    for row in shipped_price_rows():
        for glob in row.globs:
            bare = find(base_id_of(glob).removesuffix("*"))
            if glob.startswith("global.anthropic.") and bare is not None:
                assert bare.prices.input >= row.price.prices.input, glob


def test_each_shipped_id_has_one_row() -> None:
    rows = shipped_price_rows()
    for row in rows:
        for glob in row.globs:
            named = glob.strip("*")
            assert [each.globs for each in rows if matches(each.globs, named)] == [row.globs], named


def test_shipped_prices_say_where_they_are_from() -> None:
    for row in shipped_price_rows():
        assert re.search(r"\d", row.price.source), row.globs
    assert len(shipped_price_rows()) > 100


def test_a_long_prompt_has_the_prices_of_its_tier() -> None:
    found = find("global.openai.gpt-5.6-luna")
    assert found is not None
    assert found.at(272_000) == found.prices
    long = found.at(272_001)
    assert long.output is not None
    assert found.prices.output is not None
    assert (long.input, long.output * 2) == (2 * found.prices.input, 3 * found.prices.output)


def test_the_highest_tier_that_is_reached_counts() -> None:
    low, high = (PriceTier(tokens, TokenPrices(tokens)) for tokens in (10, 20))
    price = Price(TokenPrices(1), (high, low))
    assert [price.at(tokens).input for tokens in (0, 10, 11, 20, 21)] == [1, 1, 10, 10, 20]


@given(st.builds(TokenPrices, st.integers(0, 10**9), st.none(), *[st.none() | st.integers(0, 10**9)] * 3))
def test_a_missing_price_is_charged_no_lower_than_the_input(prices: TokenPrices) -> None:
    charged = (prices.charged_read, prices.charged_write_5m, prices.charged_write_1h)
    known = (prices.cache_read, prices.cache_write_5m, prices.cache_write_1h)
    for each, price in zip(charged, known, strict=True):
        assert each >= prices.input if price is None else each == price


def test_no_known_price_of_the_cache_is_above_what_a_missing_one_is_charged_at() -> None:
    for row in shipped_price_rows():
        for known in (row.price.prices, *(tier.prices for tier in row.price.tiers)):
            missing = TokenPrices(known.input)
            assert known.charged_read <= missing.charged_read, row.globs
            assert known.charged_write_5m <= missing.charged_write_5m, row.globs
            assert known.charged_write_1h <= missing.charged_write_1h, row.globs


@given(st.integers(0, 100), st.lists(st.integers(1, 100), max_size=4, unique=True))
def test_all_prices_that_fewer_tokens_come_to_are_within_reach_of_more(tokens: int, starts: list[int]) -> None:
    price = Price(TokenPrices(0), tuple(PriceTier(start, TokenPrices(start)) for start in starts))
    assert {price.at(fewer) for fewer in range(tokens + 1)} <= set(price.within(tokens))


def test_the_shipped_tiers_hold_for_rows_that_say_nothing_of_tiers() -> None:
    own = (TierFactor("priority", 2000),)
    rows = [
        PriceRow(("a",), ("*",), Price(TokenPrices(1))),
        PriceRow(("b",), ("*",), Price(TokenPrices(1), tier_factors=own)),
    ]
    found = [price_table(*rows).find(name, name, "us-east-1") for name in ("a", "b", "amazon.nova-pro-v1:0")]
    factors = [[price.find_factor(tier) for tier in (None, "flex", "priority")] for price in found if price is not None]
    assert factors == [[1000, 500, 1750], [1000, None, 2000], [1000, 500, 1750]]


def test_capacity_that_is_paid_otherwise_has_no_factor() -> None:
    for row in price_table().rows:
        assert row.price.find_factor("reserved") is None
        assert row.price.find_factor("optimized") is None


def test_images_have_the_price_that_aws_publishes() -> None:
    for model in ("amazon.titan-embed-image-v1", "amazon.nova-2-multimodal-embeddings-v1:0"):
        found = find(model)
        assert found is not None
        assert found.image == 60_000_000


def test_of_rows_about_one_model_the_last_wins_whole_where_it_holds() -> None:
    first, second = (Price(TokenPrices(price)) for price in (1, 2))
    table = PriceTable([PriceRow(("a.*",), ("*",), first), PriceRow(("a.b",), ("eu-*",), second)])
    assert table.find("a.b", "a.b", "eu-west-1") == second
    assert table.find("a.b", "a.b", "us-east-1") == first
    assert table.find("a.c", "a.c", "eu-west-1") == first


def test_a_row_may_name_a_whole_arn() -> None:
    price = Price(TokenPrices(7))
    table = PriceTable([PriceRow((APPLICATION_PROFILE,), ("*",), price)])
    assert table.find(APPLICATION_PROFILE, SONNET, "us-east-1") == price


def test_the_day_of_the_shipped_prices_is_told() -> None:
    head = orjson.loads(files("gateway.catalog").joinpath("prices.json").read_bytes())
    assert date.fromisoformat(head["generated"]) >= date(2026, 11, 20)
    assert head["unit"] == "pico-USD per token"
