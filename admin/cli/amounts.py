"""Money, tokens and counts as people write and read them. Pure."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_EVEN, Decimal

from admin.cli.failures import BadUsage

NONE = "none"
"""What a person writes to lift a limit."""

_CENTS = Decimal("0.01")
_PICO = Decimal("1e-12")
_MONEY = re.compile(r"\$?(\d{1,3}(?:,\d{3})+|\d+)(\.\d{1,2})?", re.ASCII)
_SUFFIXES = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}
_COUNT = re.compile(r"(\d+(?:\.\d+)?)([kmb]?)", re.ASCII | re.IGNORECASE)


def usd(amount: Decimal) -> str:
    """US dollars: whole cents from a dollar on, below it as many places as two digits need: `$1,234.50`, `$0.0012`.

    What is not zero never looks like zero.
    """
    size = abs(amount)
    decimals = _CENTS
    if 0 < size < 1:
        decimals = min(_CENTS, Decimal(1).scaleb(size.adjusted() - 1))
    shown = size.quantize(max(decimals, _PICO), ROUND_HALF_EVEN)
    if shown == shown.quantize(_CENTS):
        shown = shown.quantize(_CENTS)
    return f"{'-' if amount < 0 and shown else ''}${shown:,f}"


def usd_of_pico(pico_usd: int) -> str:
    return usd(Decimal(pico_usd).scaleb(-12))


def usd_of_cents(cents: int) -> str:
    return usd(Decimal(cents).scaleb(-2))


def count(number: int) -> str:
    """With thousands apart."""
    return f"{number:,}"


def parse_cents(text: str, option: str) -> int | None:
    """`500`, `$1,000.50` -> whole cents; `none` -> None. Raises BadUsage."""
    if text.lower() == NONE:
        return None
    match = _MONEY.fullmatch(text)
    if match is None:
        raise BadUsage(f"{option}: '{text}' is no amount of US dollars. Write 500, 12.50 or {NONE}.")
    return int(Decimal(match[1].replace(",", "") + (match[2] or "")).scaleb(2))


def parse_count(text: str, option: str) -> int | None:
    """`60`, `200k`, `1.5M` -> the number; `none` -> None. Raises BadUsage."""
    if text.lower() == NONE:
        return None
    match = _COUNT.fullmatch(text.replace(",", "").replace("_", ""))
    number = None if match is None else Decimal(match[1]) * _SUFFIXES[match[2].lower()]
    if number is None or number != int(number):
        raise BadUsage(f"{option}: '{text}' is no whole number. Write 60, 200k, 1.5M or {NONE}.")
    return int(number)
