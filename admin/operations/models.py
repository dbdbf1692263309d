"""Which models the deployment has, what they can do and cost, for whoever grants and pays for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class ModelTokenPrices:
    """Pico-USD (10^-12 USD) per token, by Bedrock's categories. None: not known, or the model has no such thing."""

    input: int
    output: int | None
    cache_read: int | None
    cache_write_5m: int | None
    cache_write_1h: int | None


@dataclass(frozen=True, slots=True)
class ModelPriceTier:
    """The prices of all tokens of a request whose prompt has more than `above_prompt_tokens`."""

    above_prompt_tokens: int
    prices: ModelTokenPrices


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """The price on demand. `image_pico_usd` is for each image besides its tokens; `source` says where it is from."""

    prices: ModelTokenPrices
    tiers: tuple[ModelPriceTier, ...]
    image_pico_usd: int | None
    source: str


@dataclass(frozen=True, slots=True)
class ModelCapabilities:
    """What a chat model can do. None: nobody here knows."""

    max_output_tokens: int
    tools: bool
    images: bool | None
    documents: bool | None
    video: bool | None
    audio: bool | None
    reasoning_efforts: tuple[str, ...]
    json_schema: bool
    prompt_caching: bool


@dataclass(frozen=True, slots=True)
class CatalogModel:
    """`id` is what clients ask for, `bedrock_id` what is called then. `capabilities` None: it embeds, does not chat;
    `price` None: not known, so that budgets in US dollars refuse it."""

    id: str
    bedrock_id: str
    owned_by: str
    capabilities: ModelCapabilities | None
    price: ModelPrice | None


class ModelCatalog(Protocol):
    """What the data plane has to tell. It is given at the composition root: the planes do not know each other."""

    async def list_models(self) -> Sequence[CatalogModel]:
        """By id, in order. May raise what the data plane raises where Bedrock's own list cannot be read."""
        ...
