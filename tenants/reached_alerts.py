"""The record of a tenant's alerts that were reached: told to somebody, and by one process. Pure.

    N#<tenant>  <period>#<alert>#<threshold>            the mark: it was reached in this period. There is one at most
    N#UNTOLD    <tenant>#<period>#<alert>#<threshold>   nobody was told yet: `text` the event, `at` when it was made,
                                                        `until` whose turn it is till then

Both are written at once, on condition that there is no mark: so of all processes that see a threshold reached one tells
of it. The second is removed once it was told. What a process left there when it died is another one's turn, after
`until`: it is told again, perhaps, but not lost. Times are milliseconds since 1970.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tenants.account_item import Item, item_key, to_number
from tenants.periods import account_expiry
from tenants.tables import PARTITION_KEY, SORT_KEY, TTL_ATTRIBUTE, UNTOLD_PARTITION, TableNames, alert_partition
from tenants.update_draft import UpdateDraft

TURN_MS = 20 * 60 * 1000
"""How long a process has to tell of an alert: longer than it tries to reach a webhook."""

_UNTOLD_KEPT_SECONDS = 8 * 24 * 3600


@dataclass(frozen=True, slots=True, order=True)
class Crossing:
    """A threshold of a tenant's alert, in pico-USD or tokens, and the day or month in which it was reached."""

    tenant_id: str
    period: str
    alert_id: str
    threshold: int

    @property
    def sort(self) -> str:
        return f"{self.period}#{self.alert_id}#{self.threshold}"

    @property
    def untold_key(self) -> Item:
        return item_key(UNTOLD_PARTITION, f"{self.tenant_id}#{self.sort}")


@dataclass(frozen=True, slots=True)
class UntoldAlert:
    """What somebody has to be told of, by whoever takes his turn after `until_ms`. `text` is the event."""

    crossing: Crossing
    text: str
    made_at_ms: int
    until_ms: int


def mark_prefix(period: str) -> str:
    """What the sort keys of a period's marks begin with. A day's does not begin as its month's: see the `#`."""
    return f"{period}#"


def crossing_from_mark(item: Mapping[str, Mapping[str, Any]]) -> Crossing:
    """From the primary key of a mark."""
    tenant_id = item[PARTITION_KEY]["S"].removeprefix(alert_partition(""))
    return _to_crossing(tenant_id, item[SORT_KEY]["S"])


def untold_from_item(item: Mapping[str, Mapping[str, Any]]) -> UntoldAlert:
    tenant_id, _, sort = item[SORT_KEY]["S"].partition("#")
    at_ms, until_ms = int(item["at"]["N"]), int(item["until"]["N"])
    return UntoldAlert(_to_crossing(tenant_id, sort), item["text"]["S"], at_ms, until_ms)


def raise_transaction(tables: TableNames, untold: UntoldAlert) -> dict[str, Any]:
    """The TransactWriteItems that notes a crossing. Its first step is the mark, on condition that there is none."""
    crossing = untold.crossing
    mark = {
        **item_key(alert_partition(crossing.tenant_id), crossing.sort),
        TTL_ATTRIBUTE: to_number(account_expiry(crossing.period[:7])),
    }
    waiting = {
        **crossing.untold_key,
        "text": {"S": untold.text},
        "at": to_number(untold.made_at_ms),
        "until": to_number(untold.until_ms),
        TTL_ATTRIBUTE: to_number(untold.made_at_ms // 1000 + _UNTOLD_KEPT_SECONDS),
    }
    unmarked = {"ConditionExpression": f"attribute_not_exists({PARTITION_KEY})"}
    return {
        "TransactItems": [
            {"Put": {"TableName": tables.usage, "Item": mark, **unmarked}},
            {"Put": {"TableName": tables.usage, "Item": waiting}},
        ]
    }


def turn_update(tables: TableNames, untold: UntoldAlert, now_ms: int) -> dict[str, Any]:
    """The UpdateItem that takes the next turn, on condition that it is nobody's and that nobody was told meanwhile."""
    draft = UpdateDraft(tables.usage, untold.crossing.untold_key)
    draft.require_present(PARTITION_KEY)
    draft.require_behind("until", now_ms + 1)
    draft.set_number("until", now_ms + TURN_MS)
    return draft.to_request()


def _to_crossing(tenant_id: str, sort: str) -> Crossing:
    period, _, rest = sort.partition("#")
    alert_id, _, threshold = rest.rpartition("#")
    return Crossing(tenant_id, period, alert_id, int(threshold))
