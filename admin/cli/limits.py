"""Limits: as options of commands, as the bodies that the admin API takes, as people read them. Pure but for typer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer

from admin.cli.amounts import NONE, count, parse_cents, parse_count, usd_of_cents
from admin.cli.exact_json import Json
from admin.cli.table import Cell

_RATES = {
    "max_requests_per_1_minute": "requests a minute",
    "max_tokens_per_1_minute": "tokens a minute",
    "max_parallel_requests": "at a time",
}


class BudgetMode(StrEnum):
    REJECT = "reject"
    CLAMP = "clamp"
    NONE = "none"


@dataclass(frozen=True)
class LimitOptions:
    """Shared by tenants and keys. What is not given stays as it is; `none` lifts it."""

    monthly_usd: Annotated[str | None, typer.Option(help="Budget of a month in US dollars.", metavar="USD")] = None
    daily_usd: Annotated[str | None, typer.Option(help="Budget of a day (UTC) in US dollars.", metavar="USD")] = None
    monthly_tokens: Annotated[str | None, typer.Option(help="Budget of a month in tokens.", metavar="N")] = None
    daily_tokens: Annotated[str | None, typer.Option(help="Budget of a day (UTC) in tokens.", metavar="N")] = None
    rpm: Annotated[str | None, typer.Option(help="Requests a minute.", metavar="N")] = None
    tpm: Annotated[str | None, typer.Option(help="Tokens a minute.", metavar="N")] = None
    parallel: Annotated[str | None, typer.Option(help="Requests at the same time.", metavar="N")] = None
    model: Annotated[
        str | None,
        typer.Option(help="The rates (rpm, tpm, parallel) are of this model, as clients name it.", metavar="MODEL"),
    ] = None
    budget_mode: Annotated[
        BudgetMode | None, typer.Option(help="A request that could cost too much is refused, or its answer shortened.")
    ] = None


def to_limits_body(options: LimitOptions, current: Mapping[str, Any]) -> Json:
    """The fields to send so that `current` limits have what the options say. Raises BadUsage."""
    body: Json = {}
    spend = _changed_spend(options, current.get("spend_limits") or [])
    if spend is not None:
        body["spend_limits"] = spend
    rates = _given_rates(options)
    if rates and options.model is None:
        body["rate_limits"] = _without_nothing({**(current.get("rate_limits") or {}), **rates})
    elif rates:
        body["model_rate_limits"] = _changed_models(options.model, rates, current.get("model_rate_limits") or [])
    if options.budget_mode is not None:
        body["budget_mode"] = None if options.budget_mode is BudgetMode.NONE else options.budget_mode.value
    return body


def to_fields(limits: Mapping[str, Any]) -> list[tuple[str, Cell]]:
    """Only those that are set; none at all says so."""
    fields = [
        (f"{_currency(each)} a {each['interval']}", Cell(_amount(each["currency"], each["threshold_amount"])))
        for each in limits.get("spend_limits") or []
    ]
    rate = limits.get("rate_limits")
    if rate:
        fields.append(("Rate", Cell(_rate_text(rate))))
    fields += [(f"Rate of {each['model']}", Cell(_rate_text(each))) for each in limits.get("model_rate_limits") or []]
    fields += [
        (f"Alert a {each['interval']}", Cell(_amount(each["currency"], each["threshold_amount"])))
        for each in limits.get("spend_alerts") or []
    ]
    for name, title in (("budget_mode", "Budget mode"), ("enforcement", "Enforcement")):
        if limits.get(name):
            fields.append((title, Cell(str(limits[name]))))
    return fields or [("Limits", Cell(NONE))]


def _changed_spend(options: LimitOptions, current: list[Json]) -> list[Json] | None:
    """None where no budget is given."""
    spend = {(each["interval"], each["currency"]): each["threshold_amount"] for each in current}
    changed = False
    for interval, currency, text, option in (
        ("month", "usd", options.monthly_usd, "--monthly-usd"),
        ("day", "usd", options.daily_usd, "--daily-usd"),
        ("month", "tokens", options.monthly_tokens, "--monthly-tokens"),
        ("day", "tokens", options.daily_tokens, "--daily-tokens"),
    ):
        if text is None:
            continue
        changed = True
        amount = parse_cents(text, option) if currency == "usd" else parse_count(text, option)
        spend.pop((interval, currency), None)
        if amount is not None:
            spend[interval, currency] = amount
    if not changed:
        return None
    return [
        {"interval": interval, "currency": currency, "threshold_amount": amount}
        for (interval, currency), amount in spend.items()
    ]


def _given_rates(options: LimitOptions) -> dict[str, int | None]:
    given = zip(_RATES, (options.rpm, options.tpm, options.parallel), ("--rpm", "--tpm", "--parallel"), strict=True)
    return {field: parse_count(text, option) for field, text, option in given if text is not None}


def _changed_models(model: str | None, rates: dict[str, int | None], current: list[Json]) -> list[Json]:
    former = next((each for each in current if each["model"] == model), {})
    others = [each for each in current if each["model"] != model]
    changed = _without_nothing({**{field: former.get(field) for field in _RATES}, **rates})
    return others if changed is None else [*others, {"model": model, **changed}]


def _without_nothing(rates: Mapping[str, Any]) -> Json | None:
    """None where nothing is limited."""
    return dict(rates) if any(value is not None for value in rates.values()) else None


def _currency(limit: Json) -> str:
    return "US dollars" if limit["currency"] == "usd" else "Tokens"


def _amount(currency: str, amount: int) -> str:
    return usd_of_cents(amount) if currency.lower() == "usd" else f"{count(amount)} tokens"


def _rate_text(rate: Mapping[str, Any]) -> str:
    return ", ".join(f"{count(rate[field])} {words}" for field, words in _RATES.items() if rate.get(field) is not None)
