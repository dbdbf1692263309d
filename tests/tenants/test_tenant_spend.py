"""What a tenant's keys used together is what is settled, of the month and of one day."""

from __future__ import annotations

from dataclasses import replace

from tenants.account import Account, Bound, DayCount
from tenants.limits import Currency, Interval
from tenants.tenant_spend import spent_by_events, spent_in_month, spent_on_day
from tenants.usage import TokenCounts
from tenants.usage_report import UsageCount
from tests.tenants.samples import MONTH, TENANT, a_hold

ACCOUNT = Account("key_1", MONTH, TENANT.id, committed_tokens=70, committed_pico_usd=700, day=DayCount(20, 50, 500))
HOLD = a_hold("req_1", bound=Bound(6, 4, 100))


def test_accounts_add_up_without_what_they_hold() -> None:
    holding = replace(ACCOUNT, holds={"req_1": HOLD})
    assert spent_in_month([ACCOUNT, holding]) == {
        (Interval.MONTH, Currency.TOKENS): 70 + 60,
        (Interval.MONTH, Currency.USD): 700 + 600,
    }
    assert spent_on_day([ACCOUNT, holding], 20) == {
        (Interval.DAY, Currency.TOKENS): 50 + 40,
        (Interval.DAY, Currency.USD): 500 + 400,
    }


def test_an_account_of_another_day_is_none_of_this_one() -> None:
    yesterday, ahead = (replace(ACCOUNT, day=DayCount(number, 1, 1)) for number in (19, 21))
    assert spent_on_day([yesterday, ahead], 20) == {
        (Interval.DAY, Currency.TOKENS): 0,
        (Interval.DAY, Currency.USD): 0,
    }


def test_a_days_events_count_every_category_and_nothing_for_what_has_no_price() -> None:
    counts = [UsageCount(1, TokenCounts(1, 2, 3, 4), 30), UsageCount(1, TokenCounts(5), unpriced_requests=1)]
    assert spent_by_events(counts) == {(Interval.DAY, Currency.TOKENS): 15, (Interval.DAY, Currency.USD): 30}
