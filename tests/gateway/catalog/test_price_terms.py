from __future__ import annotations

from decimal import Decimal

import pytest

from gateway.catalog.price_terms import PriceTerms, from_terms_file, to_pico_usd, to_tier_factors
from gateway.catalog.prices import Price, PriceRow, TierFactor, TokenPrices
from gateway.catalog.shipped_prices import shipped_price_rows, shipped_price_terms

FILE = """
[service_tiers]
flex = 0.5

[[image]]
match = ["a*"]
usd = 0.00006
"""


def test_a_file_is_read_exactly() -> None:
    assert from_terms_file(FILE) == PriceTerms((TierFactor("flex", 500),), {"a*": 60_000_000})


@pytest.mark.parametrize("wrong", ["flex = 0", "flex = 0.0001", "batch = 0.5", 'flex = "half"'])
def test_a_wrong_factor_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"flex|batch|decimals"):
        from_terms_file(FILE.replace("flex = 0.5", wrong))


def test_amounts_finer_than_a_pico_dollar_are_refused() -> None:
    assert to_pico_usd(Decimal("1e-12")) == 1
    with pytest.raises(ValueError, match="decimals"):
        to_pico_usd(Decimal("1e-13"))
    assert to_tier_factors({"flex": Decimal("1.75")}) == (TierFactor("flex", 1750),)


def test_only_rows_with_the_glob_have_the_price_of_images() -> None:
    rows = [PriceRow((glob,), ("*",), Price(TokenPrices(1))) for glob in ("a*", "b*")]
    assert [row.price.image for row in from_terms_file(FILE).with_images(rows)] == [60_000_000, None]


def test_every_price_of_images_is_of_a_row_that_is_shipped() -> None:
    globs = {glob for row in shipped_price_rows() for glob in row.globs}
    assert shipped_price_terms().images.keys() <= globs
