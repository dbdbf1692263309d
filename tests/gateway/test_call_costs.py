"""A call costs what the price list says of its own model, region and tier."""

from __future__ import annotations

from gateway.amending import PricedCall
from gateway.call_costs import cost_by
from gateway.catalog.prices import Price, PriceRow, PriceTable, TokenPrices
from tenants.usage import TokenCounts

TOKENS = TokenCounts(1_000, 100)
TABLE = PriceTable(
    [
        PriceRow(("vendor.model-v1:0",), ("us-*",), Price(TokenPrices(3, 15))),
        PriceRow(("vendor.model-v1:0",), ("eu-*",), Price(TokenPrices(4, 20))),
        PriceRow(("us.vendor.model-v1:0",), ("us-*",), Price(TokenPrices(2, 10))),
    ]
)
cost_of = cost_by(TABLE, "eu-west-1")


def test_a_call_costs_what_its_region_and_profile_say() -> None:
    assert cost_of(PricedCall("vendor.model-v1:0", TOKENS, "us-east-1")) == 4_500
    assert cost_of(PricedCall("us.vendor.model-v1:0", TOKENS, "us-east-1")) == 3_000
    profile = "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.vendor.model-v1:0"
    assert cost_of(PricedCall(profile, TOKENS, "us-east-1")) == 3_000


def test_a_call_that_does_not_say_where_it_was_made_was_made_here() -> None:
    assert cost_of(PricedCall("vendor.model-v1:0", TOKENS)) == 6_000


def test_what_has_no_price_has_no_cost() -> None:
    assert cost_of(PricedCall("vendor.other-v1:0", TOKENS)) is None
    assert cost_of(PricedCall("vendor.model-v1:0", TOKENS, service_tier="unheard-of")) is None
