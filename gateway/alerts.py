"""Soft alerts: a budget's threshold was reached. Somebody is told; nothing is refused. How those of keys are seen:

What counts is what is settled, not what is held: holds come and go, settled amounts only grow. Each settle moves the
amount from one value to the next, in one write on one item, so that the settles of an interval follow one another
without a gap or an overlap, in whichever process they are made:

    0 ──settle──► 40 ──settle──► 90 ──settle──► 130        a threshold of 100 is crossed by the third alone

That is how each crossing is seen exactly once without a write or a read added. It is told once at most: not by a
process that dies before it did, nor where the settle was made by somebody who did not know the key's alerts, as
whoever finishes an abandoned hold. A threshold that is set below what is used already is not crossed, and a signed
correction that lowers an amount lets it cross once more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from gateway.metrics import Metrics
from gateway.raised_alert import RaisedAlert, Subject
from gateway.webhooks import Message
from tenants.account import Account, Hold
from tenants.event import Settlement
from tenants.limits import Currency, Interval, SpendAlert
from tenants.window import Window

if TYPE_CHECKING:  # it is with the sums of reports
    from tenants.tenant_spend import Spendings

logger = logging.getLogger("sluice.alerts")

Watch = Callable[[Sequence[SpendAlert], Hold, Settlement, Account], None]
"""Told of the settles of keys that have alerts: `Alerts.after_settle`. It may not wait for anything."""


def watch_nothing(alerts: Sequence[SpendAlert], hold: Hold, settlement: Settlement, account: Account) -> None:
    """A Watch that tells nobody."""


def find_crossed(alerts: Iterable[SpendAlert], before: Spendings, after: Spendings) -> tuple[SpendAlert, ...]:
    """The alerts whose threshold lies between the two: not reached before, reached after. Pure."""
    return tuple(
        alert
        for alert in alerts
        if before.get((alert.interval, alert.currency), 0)
        < alert.threshold
        <= after.get((alert.interval, alert.currency), 0)
    )


@dataclass(frozen=True, slots=True)
class Step:
    """What one settle moved on its account. `day` is the account's, `2026-11-20`: the one that `after` counts."""

    before: Spendings
    after: Spendings
    day: str


def step_of(account: Account, settlement: Settlement, counted_day: int) -> Step:
    """What a settle moved. Pure.

    `account` is the item as exactly this settle left it, which DynamoDB returns for nothing (`ALL_NEW`).
    `counted_day` is the day of the month that the request was counted in; where the account has another by now, the
    settle moved nothing of that.
    """
    day = f"{account.month}-{account.day.number:02}"
    moved = {
        Currency.TOKENS: settlement.tokens.total_tokens,
        Currency.USD: settlement.cost_pico_usd or 0,
    }
    before, after = {}, {}
    for interval in Interval:
        moves = interval is Interval.MONTH or account.day.number == counted_day
        for currency, amount in moved.items():
            settled = account.spend(interval, currency, Window(0, day)).settled
            after[interval, currency] = settled
            before[interval, currency] = settled - amount if moves else settled
    return Step(before, after, day)


def raised_by(subject: Subject, alerts: Iterable[SpendAlert], step: Step, now_ms: int) -> tuple[RaisedAlert, ...]:
    """The alerts that a step raises. Pure."""
    return tuple(
        RaisedAlert(
            subject=subject,
            alert=alert,
            period=step.day if alert.interval is Interval.DAY else step.day[:7],
            used=step.after[alert.interval, alert.currency],
            raised_at_ms=now_ms,
        )
        for alert in find_crossed(alerts, step.before, step.after)
    )


class Alerts:
    """Tells of alerts: a line in the log, a count in the metrics, and where there is one a webhook.

    Never on the path of a request: nothing here waits, nor may `offer` (`Webhooks.offer`; None where there is no
    webhook). `clock_ms` is wall time in milliseconds.
    """

    def __init__(self, metrics: Metrics, offer: Callable[[Message], None] | None, clock_ms: Callable[[], int]) -> None:
        self._metrics = metrics
        self._offer = offer
        self._clock_ms = clock_ms

    def after_settle(self, alerts: Sequence[SpendAlert], hold: Hold, settlement: Settlement, account: Account) -> None:
        """Tell what a settle crossed of the alerts of its key; see `step_of` for `account`."""
        if not alerts:
            return
        entered = None if hold.entry is None else hold.entry.day
        # One that reserved nothing (`settle_soft`) was counted in whatever day the account has.
        step = step_of(account, settlement, account.day.number if entered is None else entered)
        subject = Subject(hold.call.tenant_id, hold.call.key_id)
        for raised in raised_by(subject, alerts, step, self._clock_ms()):
            self.tell(raised)

    def tell(self, raised: RaisedAlert, delivered: Callable[[], None] | None = None) -> None:
        """Of one alert, a project's for example, whose crossing somebody else has seen (`raised_by`). `delivered` is
        called once the webhook was taken, or at once where there is none."""
        self._metrics.alerts.add(raised.subject.scope, raised.alert.interval, raised.alert.currency)
        self.tell_again(raised.to_payload(), delivered)

    def tell_again(self, payload: Mapping[str, Any], delivered: Callable[[], None] | None = None) -> None:
        """As `tell`, of an alert (`RaisedAlert.to_payload`) that is counted already."""
        # `type` and `created_at` are what the line's own message and time say; people's addresses are for no log.
        told = {name: value for name, value in payload["data"].items() if name != "notification_channel"}
        logger.warning("a spend alert was reached", extra={"alert_event_id": payload["id"], **told})
        if self._offer is not None:
            self._offer(Message(payload["id"], orjson.dumps(payload), delivered))
        elif delivered is not None:
            delivered()
