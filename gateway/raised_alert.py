"""An alert whose threshold was reached, and the event that tells of it. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tenants.addressed_alert import AddressedAlert, Notice
from tenants.limits import Currency, SpendAlert


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose alert it is: a key's, or with `key_id` None its project's."""

    project_id: str
    key_id: str | None = None

    @property
    def scope(self) -> str:
        return "project" if self.key_id is None else "key"


@dataclass(frozen=True, slots=True)
class RaisedAlert:
    """An alert whose threshold was reached in `period`: `2026-11-20` or `2026-11`. `used` is what was settled then."""

    subject: Subject
    alert: SpendAlert
    period: str
    used: int
    raised_at_ms: int

    @property
    def id(self) -> str:
        """The same for the same crossing: a receiver that has seen it knows it again."""
        return f"{self.subject.key_id or self.subject.project_id}:{self.alert.id}:{self.period}:{self.alert.threshold}"

    def to_payload(self) -> dict[str, Any]:
        """The webhook's body."""
        unit = "pico_usd" if self.alert.currency is Currency.USD else "tokens"
        data: dict[str, Any] = {
            "alert_id": self.alert.id,
            "project_id": self.subject.project_id,
            "api_key_id": self.subject.key_id,
            "interval": self.alert.interval.value,
            "period": self.period,
            f"threshold_{unit}": self.alert.threshold,
            f"used_{unit}": self.used,
        }
        if isinstance(self.alert, AddressedAlert):
            data["notification_channel"] = _to_channel(self.alert.notice)
        return {"id": self.id, "type": "spend_alert.reached", "created_at": self.raised_at_ms // 1000, "data": data}


def _to_channel(notice: Notice) -> dict[str, Any]:
    """As the alert's own object has it."""
    return {"type": "email", "recipients": list(notice.recipients), "subject_prefix": notice.subject_prefix}
