"""What the control plane is told of the catalog."""

from __future__ import annotations

from gateway.catalog.listings import from_listings
from gateway.catalog.price_rows import PICO_USD_PER_TOKEN
from gateway.catalog.prices import Price, PriceRow, PriceTable, PriceTier, TokenPrices
from gateway.catalog.shipped import known_models
from gateway.model_listing import ModelListing
from gateway.pricing import Pricing
from tenants.policy import Policy
from tests.gateway.catalog.listed import APPLICATION_ARN, NOVA, application, model
from tests.gateway.fakes import FakeCatalog

EMBEDDER = "amazon.titan-embed-text-v2:0"
SNAPSHOT = from_listings(
    [model(NOVA), model(EMBEDDER, outputs=("EMBEDDING",))], [application("vendor.secret")], "us-east-1", known_models()
)
PRICE = Price(
    TokenPrices(PICO_USD_PER_TOKEN, 4 * PICO_USD_PER_TOKEN),
    tiers=(PriceTier(1000, TokenPrices(2 * PICO_USD_PER_TOKEN)),),
    image=7,
    source="a list",
)


def listing(policy: Policy) -> ModelListing:
    table = PriceTable([PriceRow((NOVA,), ("us-*",), PRICE)])
    return ModelListing(FakeCatalog(SNAPSHOT, policy), Pricing(table, "us-east-1"))


async def test_models_come_with_what_they_can_do_and_cost() -> None:
    models = {each.id: each for each in await listing(Policy()).list_models()}
    nova, embedder = models[NOVA], models[EMBEDDER]
    assert nova.price is not None
    assert (nova.price.prices.input, nova.price.prices.output) == (PICO_USD_PER_TOKEN, 4 * PICO_USD_PER_TOKEN)
    assert [(tier.above_prompt_tokens, tier.prices.input) for tier in nova.price.tiers] == [
        (1000, 2 * PICO_USD_PER_TOKEN)
    ]
    assert (nova.price.image_pico_usd, nova.price.source) == (7, "a list")
    assert nova.capabilities is not None
    assert nova.capabilities.images is True
    assert (embedder.capabilities, embedder.price) == (None, None)


async def test_an_alias_of_the_deployment_is_listed_with_what_is_called() -> None:
    models = {each.id: each for each in await listing(Policy(aliases={"fast": NOVA})).list_models()}
    assert models["fast"].bedrock_id == NOVA
    assert models["fast"].price == models[NOVA].price


async def test_what_an_unknown_model_reads_is_not_known_rather_than_true() -> None:
    models = await listing(Policy(aliases={"theirs": APPLICATION_ARN.replace("a1b2c3", "unlisted")})).list_models()
    (theirs,) = [each for each in models if each.id == "theirs"]
    assert theirs.capabilities is not None
    assert theirs.capabilities.images is None
