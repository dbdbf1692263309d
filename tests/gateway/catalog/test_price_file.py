from __future__ import annotations

from importlib.resources import files
from typing import Any

import orjson
import pytest

from gateway.catalog.price_file import CATEGORIES, from_price_file
from gateway.catalog.prices import Price, PriceRow, PriceTier, TokenPrices
from gateway.catalog.shipped_prices import PRICE_FILE

SHIPPED: dict[str, Any] = orjson.loads(files("gateway.catalog").joinpath(PRICE_FILE).read_bytes())


def is_price(fields: dict[str, Any]) -> bool:
    return "input" in fields and all(type(fields[name]) is int and fields[name] >= 0 for name in fields)


@pytest.mark.parametrize("row", SHIPPED["prices"], ids=lambda row: row["match"][0])
def test_what_is_shipped_has_the_form_that_it_is_read_in(row: dict[str, Any]) -> None:
    of_row = {"match", "source", "text_only", "tiers"}
    assert row.keys() <= {*CATEGORIES, *of_row}
    assert is_price({name: row[name] for name in row.keys() - of_row})
    assert row["match"]
    assert all(isinstance(glob, str) and glob for glob in row["match"])
    assert isinstance(row["source"], str)
    assert isinstance(row.get("text_only", False), bool)
    for tier in row.get("tiers", ()):
        assert tier.keys() <= {*CATEGORIES, "above_prompt_tokens"}
        assert is_price(tier)
        assert tier["above_prompt_tokens"] > 0


def test_the_file_says_what_it_holds_and_for_where() -> None:
    assert SHIPPED["unit"] == "pico-USD per token"
    assert SHIPPED["regions"]
    assert all(isinstance(region, str) for region in SHIPPED["regions"])


def test_a_row_is_read_exactly() -> None:
    tier = {"above_prompt_tokens": 200_000, "input": 2, "output": 3}
    row = {"match": ["a*", "b"], "input": 1, "cache_write_5m": 4, "tiers": [tier], "text_only": True, "source": "x"}
    assert from_price_file(orjson.dumps({"regions": ["us-*"], "prices": [row]}).decode()) == (
        PriceRow(
            ("a*", "b"),
            ("us-*",),
            Price(TokenPrices(1, cache_write_5m=4), (PriceTier(200_000, TokenPrices(2, 3)),), True, "x"),
        ),
    )


@pytest.mark.parametrize("text", ["{}", "", '{"regions": [], "prices": [{"match": ["a"], "source": "x"}]}'])
def test_a_damaged_file_gives_no_prices(text: str) -> None:
    with pytest.raises((KeyError, ValueError)):
        from_price_file(text)
