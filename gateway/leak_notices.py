"""Who is told of keys that were found in public: the log, the metrics, and where there is one the alerts' webhook."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import orjson

from gateway.metrics import Metrics
from gateway.webhooks import Message
from tenants.leak import LeakedKey

logger = logging.getLogger("sluice.leaks")


class LeakNotices:
    """Never waits, nor may `offer` (`Webhooks.offer`; None where there is no webhook). `clock_ms` is wall time."""

    def __init__(self, metrics: Metrics, offer: Callable[[Message], None] | None, clock_ms: Callable[[], int]) -> None:
        self._metrics = metrics
        self._offer = offer
        self._clock_ms = clock_ms

    def tell(self, leaked: LeakedKey) -> None:
        """Of one report. The webhook is told when a secret was ended, and always of the bootstrap admin key, for that
        is the operator's to end; a place more where a dead key stands is the log's alone."""
        payload = to_payload(leaked, self._clock_ms() // 1000)
        level = logging.ERROR if leaked.works_on else logging.WARNING
        logger.log(level, _said_of(leaked), extra=payload["data"])
        self._metrics.leaks.add("working" if leaked.works_on else "ended" if leaked.ended else "known")
        if self._offer is not None and (leaked.ended or leaked.works_on):
            self._offer(Message(payload["id"], orjson.dumps(payload)))


def to_payload(leaked: LeakedKey, at_seconds: int) -> dict[str, Any]:
    """The webhook's body. Pure."""
    return {
        "id": f"{leaked.key_id}:leaked:{at_seconds}",
        "type": "api_key.leaked",
        "created_at": at_seconds,
        "data": {
            "project_id": leaked.tenant_id,
            "api_key_id": leaked.key_id,
            "owner_id": leaked.owner_id,
            "ended": leaked.ended,
            "url": leaked.url,
            "source": leaked.source,
        },
    }


def _said_of(leaked: LeakedKey) -> str:
    if leaked.works_on:
        return "the bootstrap admin key was found in public: replace SLUICE_ADMIN_KEY now"
    return "a key was found in public and ended" if leaked.ended else "a key that had ended was found in public"
