"""prices.json, as `scripts/generate_prices.py` writes it. It is shipped, and a test holds it to its form: reading it
with pydantic would be a fiftieth of a cold start on Lambda."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from gateway.catalog.prices import Price, PriceRow, PriceTier, TokenPrices

CATEGORIES = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")


def from_price_file(text: str) -> tuple[PriceRow, ...]:
    """Raises KeyError where something is missing, ValueError for what is no JSON."""
    file = orjson.loads(text)
    regions = tuple(file["regions"])
    return tuple(PriceRow(tuple(row["match"]), regions, _to_price(row)) for row in file["prices"])


def _to_price(row: Mapping[str, Any]) -> Price:
    tiers = tuple(PriceTier(tier["above_prompt_tokens"], _to_prices(tier)) for tier in row.get("tiers", ()))
    return Price(_to_prices(row), tiers, row.get("text_only", False), row["source"])


def _to_prices(row: Mapping[str, Any]) -> TokenPrices:
    return TokenPrices(row["input"], *(row.get(category) for category in CATEGORIES[1:]))
