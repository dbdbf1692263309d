"""The prices that come with the gateway, read when they are first asked for, and once."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from gateway.catalog.price_file import from_price_file
from gateway.catalog.price_terms import PriceTerms, from_terms_file
from gateway.catalog.prices import PriceRow, PriceTable

PRICE_FILE = "prices.json"
TERMS_FILE = "price_terms.toml"


def price_table(*more: PriceRow) -> PriceTable:
    """The shipped prices, and an operator's over them. Rows that say nothing of service tiers have the shipped ones."""
    return PriceTable(shipped_price_terms().with_tiers((*shipped_price_rows(), *more)))


@cache
def shipped_price_rows() -> tuple[PriceRow, ...]:
    """The rows of prices.json, with the prices of images."""
    return shipped_price_terms().with_images(from_price_file(_read(PRICE_FILE)))


@cache
def shipped_price_terms() -> PriceTerms:
    """What price_terms.toml says."""
    return from_terms_file(_read(TERMS_FILE))


def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text("utf-8")
