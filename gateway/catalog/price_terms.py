"""What goes with a price per token: factors of service tiers, and prices of images. Values, and how files say them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from gateway.catalog.prices import PriceRow, TierFactor

PICO_USD: Final = 10**12
SERVICE_TIERS: Final = ("flex", "priority", "reserved", "optimized")
"""Tiers of Converse's `serviceTier`, and `optimized` for its `performanceConfig.latency`."""
MOST_TIMES: Final = 100


@dataclass(frozen=True, slots=True)
class PriceTerms:
    """`images` is pico-USD for each image, by the glob of a row of prices."""

    tier_factors: tuple[TierFactor, ...]
    images: Mapping[str, int]

    def with_images(self, rows: Iterable[PriceRow]) -> tuple[PriceRow, ...]:
        """The rows, with the image's price in those that have one of the globs."""
        return tuple(self._with_image(row) for row in rows)

    def with_tiers(self, rows: Iterable[PriceRow]) -> tuple[PriceRow, ...]:
        """The rows, with these factors in those that say none themselves."""
        return tuple(
            row
            if row.price.tier_factors is not None
            else replace(row, price=replace(row.price, tier_factors=self.tier_factors))
            for row in rows
        )

    def _with_image(self, row: PriceRow) -> PriceRow:
        found = [self.images[glob] for glob in row.globs if glob in self.images]
        return replace(row, price=replace(row.price, image=max(found))) if found else row


def from_terms_file(text: str) -> PriceTerms:
    """What price_terms.toml says. Raises ValueError for factors and prices that cannot be, KeyError where something is
    missing."""
    file = tomllib.loads(text, parse_float=Decimal)
    images = {glob: to_pico_usd(Decimal(row["usd"])) for row in file["image"] for glob in row["match"]}
    return PriceTerms(to_tier_factors(file["service_tiers"]), images)


def to_tier_factors(factors: Mapping[str, Decimal]) -> tuple[TierFactor, ...]:
    """Raises ValueError for what is no tier, or no factor, or one with more than three decimals."""
    return tuple(_to_tier_factor(tier, factor) for tier, factor in factors.items())


def _to_tier_factor(tier: str, factor: Decimal) -> TierFactor:
    if tier not in SERVICE_TIERS:
        raise ValueError(f"{tier} is none of the service tiers: {', '.join(SERVICE_TIERS)}")
    if not isinstance(factor, int | Decimal) or not 0 < factor <= MOST_TIMES:
        raise ValueError(f"{tier} has to be a number over 0, and at most {MOST_TIMES}")
    return TierFactor(tier, _to_whole(Decimal(factor) * 1000))


def to_pico_usd(usd: Decimal) -> int:
    """Raises ValueError for an amount finer than a pico-USD."""
    return _to_whole(usd * PICO_USD)


def _to_whole(number: Decimal) -> int:
    if number != int(number):
        raise ValueError(f"{number.normalize()} is no whole number: too many decimals")
    return int(number)
