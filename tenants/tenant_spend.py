"""What a tenant's keys have used together: settled, never held. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tenants.account import Account
from tenants.limits import Currency, Interval
from tenants.usage_report import UsageCount
from tenants.window import Window

Spendings = Mapping[tuple[Interval, Currency], int]
"""What is settled of each interval in each currency, in pico-USD or tokens."""


def spent_in_month(accounts: Iterable[Account]) -> Spendings:
    """By accounts of one month."""
    return _sum(Interval.MONTH, accounts)


def spent_on_day(accounts: Iterable[Account], day_of_month: int) -> Spendings:
    """By accounts of the day's month: those that have gone on to another day tell nothing of it any more."""
    return _sum(Interval.DAY, (account for account in accounts if account.day.number == day_of_month))


def spent_by_events(counts: Iterable[UsageCount]) -> Spendings:
    """By sums over the events of a day."""
    kept = list(counts)
    return {
        (Interval.DAY, Currency.USD): sum(count.cost_pico_usd for count in kept),
        (Interval.DAY, Currency.TOKENS): sum(count.tokens.total_tokens for count in kept),
    }


def _sum(interval: Interval, accounts: Iterable[Account]) -> Spendings:
    kept = list(accounts)
    return {(interval, currency): sum(_settled(each, interval, currency) for each in kept) for currency in Currency}


def _settled(account: Account, interval: Interval, currency: Currency) -> int:
    its_own_day = Window(0, f"{account.month}-{account.day.number:02}")
    return account.spend(interval, currency, its_own_day).settled
