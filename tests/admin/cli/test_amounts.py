from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.cli.amounts import parse_cents, parse_count, usd, usd_of_cents, usd_of_pico
from admin.cli.failures import BadUsage


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        ("0", "$0.00"),
        ("1234.5", "$1,234.50"),
        ("1.005", "$1.00"),
        ("0.5", "$0.50"),
        ("0.0123", "$0.012"),
        ("0.00000692", "$0.0000069"),
        ("0.000000000001", "$0.000000000001"),
        ("-0.03", "-$0.03"),
        ("-12", "-$12.00"),
        ("0.999", "$1.00"),
    ],
)
def test_money_has_cents_and_below_a_dollar_two_digits_that_say_something(amount: str, shown: str) -> None:
    assert usd(Decimal(amount)) == shown


@given(st.integers(min_value=1, max_value=10**21))
def test_what_is_not_zero_never_looks_like_zero_and_is_off_by_five_percent_at_most(pico_usd: int) -> None:
    shown = Decimal(usd_of_pico(pico_usd).replace("$", "").replace(",", ""))
    exact = Decimal(pico_usd).scaleb(-12)
    assert abs(shown - exact) <= exact / 20


def test_cents_are_dollars_with_two_places() -> None:
    assert usd_of_cents(5) == "$0.05"
    assert usd_of_cents(123_456) == "$1,234.56"


@pytest.mark.parametrize(
    ("text", "cents"), [("500", 50_000), ("12.5", 1250), ("$1,000.50", 100_050), ("none", None), ("0.01", 1)]
)
def test_money_is_read_exactly(text: str, cents: int | None) -> None:
    assert parse_cents(text, "--monthly-usd") == cents


@pytest.mark.parametrize("text", ["", "five", "1.234", "-5", "1e3", "1,00", "€5", "٣"])
def test_what_is_no_money_is_refused_by_the_name_of_its_option(text: str) -> None:
    with pytest.raises(BadUsage, match="--monthly-usd"):
        parse_cents(text, "--monthly-usd")


@pytest.mark.parametrize(
    ("text", "number"), [("60", 60), ("200k", 200_000), ("1.5M", 1_500_000), ("1,000", 1000), ("none", None)]
)
def test_counts_are_read_with_their_suffixes(text: str, number: int | None) -> None:
    assert parse_count(text, "--rpm") == number


@pytest.mark.parametrize("text", ["", "1.5", "x", "-1", "1kk"])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(BadUsage, match="--rpm"):
        parse_count(text, "--rpm")
