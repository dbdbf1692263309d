"""The catalog and its prices as the control plane lists them: part of the composition, for the planes do not know each
other."""

from __future__ import annotations

from dataclasses import dataclass

from admin.operations.models import CatalogModel, ModelCapabilities, ModelPrice, ModelPriceTier, ModelTokenPrices
from gateway.catalog.model import Model
from gateway.catalog.prices import Price, TokenPrices
from gateway.catalog.source import Catalog
from gateway.pricing import Pricing


@dataclass(frozen=True, slots=True)
class ModelListing:
    """The `ModelCatalog` of the control plane."""

    catalog: Catalog
    pricing: Pricing

    async def list_models(self) -> list[CatalogModel]:
        """What Bedrock lists and the deployment's aliases, by id. Raises BedrockError, BedrockUnreachable."""
        snapshot = await self.catalog.load()
        entries = snapshot.list_for(self.catalog.policy)
        return [
            CatalogModel(
                id=name,
                bedrock_id=listed.model.bedrock_id,
                owned_by=listed.owned_by,
                capabilities=to_capabilities(listed.model) if listed.chats else None,
                price=to_model_price(self.pricing.price_of(listed.model)),
            )
            for name, listed in sorted(entries.items())
        ]


def to_capabilities(model: Model) -> ModelCapabilities:
    """Of a model that nobody here knows, what it reads is None: all of it is let through, and Bedrock decides."""
    capabilities, known = model.capabilities, not model.opaque
    return ModelCapabilities(
        max_output_tokens=capabilities.max_output_tokens,
        tools=capabilities.tools,
        images=capabilities.images if known else None,
        documents=capabilities.documents if known else None,
        video=capabilities.video if known else None,
        audio=capabilities.audio if known else None,
        reasoning_efforts=capabilities.reasoning.accepted_efforts,
        json_schema=capabilities.json_schema,
        prompt_caching=bool(capabilities.cache_places),
    )


def to_model_price(price: Price | None) -> ModelPrice | None:
    if price is None:
        return None
    tiers = tuple(ModelPriceTier(tier.above_prompt_tokens, _to_prices(tier.prices)) for tier in price.tiers)
    return ModelPrice(_to_prices(price.prices), tiers, price.image, price.source)


def _to_prices(prices: TokenPrices) -> ModelTokenPrices:
    return ModelTokenPrices(
        input=prices.input,
        output=prices.output,
        cache_read=prices.cache_read,
        cache_write_5m=prices.cache_write_5m,
        cache_write_1h=prices.cache_write_1h,
    )
