"""Extension: the deployment's models, with what they can do and cost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from admin.operations.models import CatalogModel, ModelCapabilities, ModelPrice, ModelTokenPrices
from admin.schemas.wire import ListedObject, ResponseBody


class TokenPricesFields(ResponseBody):
    """Pico-USD (10^-12 US dollars) per token; null is not known, and never free."""

    input: int
    output: int | None
    cache_read: int | None
    cache_write_5m: int | None
    cache_write_1h: int | None

    @classmethod
    def from_prices(cls, prices: ModelTokenPrices) -> TokenPricesFields:
        return cls(
            input=prices.input,
            output=prices.output,
            cache_read=prices.cache_read,
            cache_write_5m=prices.cache_write_5m,
            cache_write_1h=prices.cache_write_1h,
        )


class PriceTierFields(TokenPricesFields):
    """Of all tokens of a request whose prompt has more than `above_prompt_tokens`."""

    above_prompt_tokens: int


class PriceFields(TokenPricesFields):
    """`image` is pico-USD for each image, besides its tokens."""

    unit: Literal["pico_usd_per_token"] = "pico_usd_per_token"
    tiers: list[PriceTierFields]
    image: int | None
    source: str

    @classmethod
    def from_price(cls, price: ModelPrice) -> PriceFields:
        tiers = [
            PriceTierFields(
                **dict(TokenPricesFields.from_prices(tier.prices)), above_prompt_tokens=tier.above_prompt_tokens
            )
            for tier in price.tiers
        ]
        prices = dict(TokenPricesFields.from_prices(price.prices))
        return cls(**prices, tiers=tiers, image=price.image_pico_usd, source=price.source)


class CapabilitiesFields(ResponseBody):
    """As `GET /v1/models` has them."""

    max_output_tokens: int
    tools: bool
    images: bool | None
    documents: bool | None
    video: bool | None
    audio: bool | None
    reasoning_efforts: list[str]
    json_schema: bool
    prompt_caching: bool

    @classmethod
    def from_capabilities(cls, can: ModelCapabilities) -> CapabilitiesFields:
        return cls(
            max_output_tokens=can.max_output_tokens,
            tools=can.tools,
            images=can.images,
            documents=can.documents,
            video=can.video,
            audio=can.audio,
            reasoning_efforts=list(can.reasoning_efforts),
            json_schema=can.json_schema,
            prompt_caching=can.prompt_caching,
        )


class ModelObject(ListedObject):
    """`capabilities` is null for a model that embeds, `price` where it is not known."""

    object: Literal["organization.model"] = "organization.model"
    bedrock_id: str
    owned_by: str
    capabilities: CapabilitiesFields | None
    price: PriceFields | None

    @classmethod
    def from_model(cls, model: CatalogModel) -> ModelObject:
        can, price = model.capabilities, model.price
        return cls(
            id=model.id,
            bedrock_id=model.bedrock_id,
            owned_by=model.owned_by,
            capabilities=None if can is None else CapabilitiesFields.from_capabilities(can),
            price=None if price is None else PriceFields.from_price(price),
        )


class ModelList(ResponseBody):
    """All of them: the list is not long enough for pages."""

    object: Literal["list"] = "list"
    data: list[ModelObject]

    @classmethod
    def of(cls, models: Iterable[CatalogModel]) -> ModelList:
        return cls(data=[ModelObject.from_model(model) for model in models])
