"""What is noted of an alert that was reached is read back as it was noted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tenants.periods import account_expiry
from tenants.reached_alerts import (
    Crossing,
    UntoldAlert,
    crossing_from_mark,
    mark_prefix,
    raise_transaction,
    untold_from_item,
)
from tenants.tables import TableNames
from tests.tenants.samples import DAY, MONTH, NOW_MS, TENANT

TABLES = TableNames("t")
crossings = st.builds(
    Crossing,
    tenant_id=st.from_regex(r"proj_[0-9A-Za-z]{1,24}", fullmatch=True),
    period=st.sampled_from([DAY, MONTH]),
    alert_id=st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=30),
    threshold=st.integers(1, 2**63),
)
times = st.integers(0, 2**42)


@given(st.builds(UntoldAlert, crossings, st.text(min_size=1), times, times))
def test_an_untold_alert_and_its_mark_are_read_as_they_were_noted(untold: UntoldAlert) -> None:
    mark, waiting = (step["Put"]["Item"] for step in raise_transaction(TABLES, untold)["TransactItems"])
    assert crossing_from_mark(mark) == untold.crossing
    assert untold_from_item(waiting) == untold


def test_a_months_marks_are_told_from_those_of_its_days() -> None:
    assert not Crossing(TENANT.id, DAY, "alert_1", 5).sort.startswith(mark_prefix(MONTH))
    assert Crossing(TENANT.id, MONTH, "alert_1", 5).sort.startswith(mark_prefix(MONTH))


def test_a_mark_is_kept_longer_than_its_period_lasts() -> None:
    noted = UntoldAlert(Crossing(TENANT.id, MONTH, "alert_1", 5), "{}", NOW_MS, NOW_MS)
    mark, _ = (step["Put"]["Item"] for step in raise_transaction(TABLES, noted)["TransactItems"])
    assert mark["ttl"] == {"N": str(account_expiry(MONTH))}
