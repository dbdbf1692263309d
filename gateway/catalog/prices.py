"""What models cost. Money is integer pico-USD, 10^-12 USD: a dollar per million tokens is a million of it per token."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.catalog.globs import matches
from gateway.catalog.model_ids import hides_its_model, is_arn


@dataclass(frozen=True, slots=True)
class TokenPrices:
    """Pico-USD per token, by the category Bedrock counts it in. None: not known, which is never 0; models without a
    prompt cache have none for it.

    `cache_write_5m` is a write of the default lifetime, whatever the model's is.
    """

    input: int
    output: int | None = None
    cache_read: int | None = None
    cache_write_5m: int | None = None
    cache_write_1h: int | None = None

    @property
    def charged_read(self) -> int:
        """What a cache read is charged at: where its price is not known, as input, which is never below it."""
        return self.input if self.cache_read is None else self.cache_read

    @property
    def charged_write_5m(self) -> int:
        """Where its price is not known, 1.25 times the input, rounded up: Anthropic's and OpenAI's, the dearest of
        those whose prices are known."""
        return -(-self.input * 5 // 4) if self.cache_write_5m is None else self.cache_write_5m

    @property
    def charged_write_1h(self) -> int:
        """Where its price is not known, twice the input, which is Anthropic's, or that of five minutes if dearer."""
        return max(self.input * 2, self.charged_write_5m) if self.cache_write_1h is None else self.cache_write_1h


@dataclass(frozen=True, slots=True)
class PriceTier:
    """The prices of all tokens of a request whose prompt has more than `above_prompt_tokens`."""

    above_prompt_tokens: int
    prices: TokenPrices


@dataclass(frozen=True, slots=True)
class TierFactor:
    """A service tier's prices, in thousandths of the default tier's."""

    tier: str
    per_mille: int


@dataclass(frozen=True, slots=True)
class Price:
    """A model's price on demand. `source` says where it is from.

    `text_only`: images and sound cost something else, by the piece or by another price a token. `image` is pico-USD
    for each image, besides its tokens if it has any; None is not known, or nothing where it is not `text_only`.
    `tier_factors` None: those that come with the gateway hold.
    """

    prices: TokenPrices
    tiers: tuple[PriceTier, ...] = ()
    text_only: bool = False
    source: str = ""
    image: int | None = None
    tier_factors: tuple[TierFactor, ...] | None = None

    def find_factor(self, tier: str | None) -> int | None:
        """Thousandths of the prices that a service tier costs; None is the default tier, too. None for a tier whose
        price is not known."""
        if tier is None or tier == "default":
            return 1000
        return next((each.per_mille for each in self.tier_factors or () if each.tier == tier), None)

    def within(self, prompt_tokens: int) -> tuple[TokenPrices, ...]:
        """All prices that a request of at most this many prompt tokens may come to have."""
        return (self.prices, *(tier.prices for tier in self.tiers if prompt_tokens > tier.above_prompt_tokens))

    def at(self, prompt_tokens: int) -> TokenPrices:
        """The prices of a request. `prompt_tokens` are all of its input, reads and writes of the cache included."""
        reached = [tier for tier in self.tiers if prompt_tokens > tier.above_prompt_tokens]
        return max(reached, key=lambda tier: tier.above_prompt_tokens).prices if reached else self.prices


@dataclass(frozen=True, slots=True)
class PriceRow:
    """The price of the models that one of `globs` matches, in the regions that one of `regions` matches."""

    globs: tuple[str, ...]
    regions: tuple[str, ...]
    price: Price


class PriceTable:
    """Prices by model and region. Of several rows about one model the last wins, and wins whole."""

    def __init__(self, rows: Iterable[PriceRow] = ()) -> None:
        self.rows = tuple(rows)

    def find(self, bedrock_id: str, base_id: str, region: str) -> Price | None:
        """The price of a model as it is called; None where it is not known.

        `bedrock_id` and `base_id` are those of a resolved Model, `region` the one that is called, whose price holds for
        a profile too. The id's geographic prefix counts: `us.x`, `global.x` and `x` have prices of their own. An
        application inference profile does not say which of them it is over, so it has the price of the bare id, which
        is never below the others'.
        """
        called = base_id if hides_its_model(bedrock_id) else bedrock_id.rsplit("/", 1)[-1]
        for row in reversed(self.rows):
            about = matches(row.globs, called) or (is_arn(bedrock_id) and matches(row.globs, bedrock_id))
            if about and matches(row.regions, region):
                return row.price
        return None
