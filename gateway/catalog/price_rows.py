"""An operator's `[[price]]` rows, read strictly."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from gateway.catalog.model_rows import ModelFileError
from gateway.catalog.price_terms import MOST_TIMES, SERVICE_TIERS, to_pico_usd, to_tier_factors
from gateway.catalog.prices import Price, PriceRow, PriceTier, TokenPrices

# USD per million tokens x 10^12 pico-USD / 10^6 tokens.
PICO_USD_PER_TOKEN: Final = 1_000_000

_Pattern = Annotated[str, Field(min_length=1, max_length=512)]
_Globs = Annotated[tuple[_Pattern, ...], Field(strict=False, min_length=1)]


def _to_decimal(value: object) -> object:
    """A float as the shortest decimal that names it, which is what its file says."""
    return Decimal(repr(value)) if type(value) in (int, float) else value


def _to_decimals(values: object) -> object:
    return {name: _to_decimal(value) for name, value in values.items()} if isinstance(values, dict) else values


_Usd = Annotated[Decimal, BeforeValidator(_to_decimal), Field(ge=0, le=1_000_000)]
_TokenCount = Annotated[int, Field(ge=1)]
_Tier = Annotated[str, Field(pattern=f"^({'|'.join(SERVICE_TIERS)})$")]
_TierFactors = dict[_Tier, Annotated[Decimal, Field(gt=0, le=MOST_TIMES)]]


class _Form(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _UsdPrices(_Form):
    input_usd_per_million: _Usd
    output_usd_per_million: _Usd | None = None
    cache_read_usd_per_million: _Usd | None = None
    cache_write_5m_usd_per_million: _Usd | None = None
    cache_write_1h_usd_per_million: _Usd | None = None

    def to_prices(self) -> TokenPrices:
        """Raises ValueError for prices finer than a pico-USD a token."""
        return TokenPrices(
            to_pico_usd_per_token(self.input_usd_per_million),
            _find_pico(self.output_usd_per_million),
            _find_pico(self.cache_read_usd_per_million),
            _find_pico(self.cache_write_5m_usd_per_million),
            _find_pico(self.cache_write_1h_usd_per_million),
        )


class _UsdTier(_UsdPrices):
    above_prompt_tokens: _TokenCount


class _UsdRow(_UsdPrices):
    match: _Globs
    regions: _Globs = ("*",)
    tiers: Annotated[tuple[_UsdTier, ...], Field(strict=False)] = ()
    text_only: bool = False
    image_usd: _Usd | None = None
    service_tiers: Annotated[_TierFactors | None, BeforeValidator(_to_decimals)] = None

    def to_price(self, source: str) -> Price:
        """Raises ValueError for what is finer than a pico-USD or a thousandth."""
        return Price(
            self.to_prices(),
            _tiers(self.tiers),
            self.text_only,
            source,
            image=None if self.image_usd is None else to_pico_usd(self.image_usd),
            tier_factors=None if self.service_tiers is None else to_tier_factors(self.service_tiers),
        )


def to_pico_usd_per_token(usd_per_million: Decimal) -> int:
    """Pico-USD per token of USD per million tokens. Raises ValueError where that is no whole number."""
    pico = usd_per_million * PICO_USD_PER_TOKEN
    if pico != int(pico):
        raise ValueError(f"{usd_per_million} USD per million tokens is finer than a pico-USD a token")
    return int(pico)


def to_price_rows(tables: object, file: str) -> tuple[PriceRow, ...]:
    """The rows of what an operator's TOML has under `price`. `file` is named in errors. Raises ModelFileError.

    They are for a table's end, where they win over the shipped ones: `PriceTable((*shipped, *operators))`.
    """
    if not isinstance(tables, list):
        raise ModelFileError(f"{file}: `price` has to be rows: write [[price]], with two brackets.")
    return tuple(_to_row(table, f"{file}: [[price]] {number}") for number, table in enumerate(tables, 1))


def _to_row(table: object, where: str) -> PriceRow:
    try:
        row = _UsdRow.model_validate(table)
        price = row.to_price(where)
    except ValidationError as error:
        raise ModelFileError(_explain(error, where)) from error
    except ValueError as error:
        raise ModelFileError(f"{where}: {error}.") from error
    return PriceRow(row.match, row.regions, price)


def _tiers(tiers: tuple[_UsdTier, ...]) -> tuple[PriceTier, ...]:
    return tuple(PriceTier(tier.above_prompt_tokens, tier.to_prices()) for tier in tiers)


def _find_pico(usd_per_million: Decimal | None) -> int | None:
    return None if usd_per_million is None else to_pico_usd_per_token(usd_per_million)


def _explain(error: ValidationError, where: str) -> str:
    faults = error.errors(include_url=False, include_input=False)
    return "\n".join(f"{where}: {'.'.join(map(str, fault['loc']))}: {fault['msg']}." for fault in faults)
