from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from gateway.catalog.model_rows import ModelFileError
from gateway.catalog.operator_file import load_operator_file, read_operator_file
from gateway.catalog.price_rows import to_pico_usd_per_token, to_price_rows
from gateway.catalog.prices import PriceTable, PriceTier, TierFactor, TokenPrices

WHOLE = """
prompt_caching = "5m"

[[model]]
match = ["anything"]

[[price]]
match = ["custom.*", "*imported-model/abc"]
regions = ["eu-*"]
input_usd_per_million = 3
output_usd_per_million = 15.0
cache_read_usd_per_million = 0.0825
cache_write_5m_usd_per_million = 3.75
cache_write_1h_usd_per_million = 6.0
text_only = true
tiers = [{ above_prompt_tokens = 200_000, input_usd_per_million = 6 }]
"""
PRICES = TokenPrices(3_000_000, 15_000_000, 82_500, 3_750_000, 6_000_000)


def test_an_operators_row_is_read_exactly() -> None:
    (row,) = read_operator_file(WHOLE, "models.toml").prices
    found = PriceTable([row]).find("custom.x", "custom.x", "eu-west-1")
    assert found is not None
    assert found.prices == PRICES
    assert found.tiers == (PriceTier(200_000, TokenPrices(6_000_000)),)
    assert (found.text_only, found.source) == (True, "models.toml: [[price]] 1")
    assert PriceTable([row]).find("custom.x", "custom.x", "us-east-1") is None


def test_floats_of_a_file_read_by_others_are_as_exact() -> None:
    (row,) = to_price_rows(tomllib.loads(WHOLE)["price"], "models.toml")
    assert row.price.prices == PRICES


def test_a_row_without_regions_holds_everywhere() -> None:
    (row,) = to_price_rows([{"match": ["a"], "input_usd_per_million": 0}], "f")
    found = PriceTable([row]).find("a", "a", "us-gov-west-1")
    assert found is not None
    assert found.prices == TokenPrices(0)


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"input_usd_per_million": 1}, "match"),
        ({"match": [], "input_usd_per_million": 1}, "match"),
        ({"match": "a", "input_usd_per_million": 1}, "match"),
        ({"match": ["a"]}, "input_usd_per_million"),
        ({"match": ["a"], "input_usd_per_million": -1}, "input_usd_per_million"),
        ({"match": ["a"], "input_usd_per_million": float("nan")}, "input_usd_per_million"),
        ({"match": ["a"], "input_usd_per_million": float("inf")}, "input_usd_per_million"),
        ({"match": ["a"], "input_usd_per_million": True}, "input_usd_per_million"),
        ({"match": ["a"], "input_usd_per_million": "3"}, "input_usd_per_million"),
        ({"match": ["a"], "input_usd_per_million": 0.0000001}, "finer than a pico-USD"),
        ({"match": ["a"], "input_usd_per_million": 1, "output": 1}, "output"),
        ({"match": ["a"], "input_usd_per_million": 1, "tiers": [{"input_usd_per_million": 1}]}, "above_prompt_tokens"),
        ({"match": ["a"], "input_usd_per_million": 1, "service_tiers": {"batch": 0.5}}, "service_tiers"),
        ({"match": ["a"], "input_usd_per_million": 1, "service_tiers": {"flex": 0}}, "service_tiers"),
        ({"match": ["a"], "input_usd_per_million": 1, "service_tiers": {"flex": 0.12345}}, "too many decimals"),
        ({"match": ["a"], "input_usd_per_million": 1, "service_tiers": 0.5}, "service_tiers"),
        ({"match": ["a"], "input_usd_per_million": 1, "image_usd": 1e-13}, "too many decimals"),
        ("a", "dictionary"),
    ],
)
def test_a_wrong_row_is_named_with_its_field(row: object, fault: str) -> None:
    with pytest.raises(ModelFileError, match=r"models\.toml: \[\[price\]\] 2") as caught:
        to_price_rows([{"match": ["b"], "input_usd_per_million": 1}, row], "models.toml")
    assert fault in str(caught.value)


def test_a_row_may_price_service_tiers_and_images() -> None:
    text = """
[[price]]
match = ["a"]
input_usd_per_million = 1
image_usd = 0.00006
service_tiers = { flex = 0.5, optimized = 1.25 }
"""
    (row,) = read_operator_file(text, "f").prices
    assert row.price.image == 60_000_000
    assert row.price.tier_factors == (TierFactor("flex", 500), TierFactor("optimized", 1250))


@pytest.mark.parametrize("text", ["[price]\nmatch = 1", "[[price", "price = 3"])
def test_what_is_no_list_of_rows_is_refused(text: str) -> None:
    with pytest.raises(ModelFileError, match="file"):
        read_operator_file(text, "file")


def test_a_file_is_read_and_its_absence_told(tmp_path: Path) -> None:
    path = tmp_path / "models.toml"
    with pytest.raises(ModelFileError, match="cannot be read"):
        load_operator_file(path)
    path.write_text(WHOLE)
    assert [row.globs for row in load_operator_file(path).prices] == [("custom.*", "*imported-model/abc")]
    assert load_operator_file(None).prices == ()


def test_a_dollar_per_million_is_a_million_pico_dollars_each() -> None:
    assert to_pico_usd_per_token(Decimal("0.00875")) == 8_750
    with pytest.raises(ValueError, match="finer"):
        to_pico_usd_per_token(Decimal("0.0000001"))
