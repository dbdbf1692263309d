"""One line per request, without a word of its content."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from gateway.open_hold import NO_STANDING, OpenHold
from tenants.event import Call, UsageStatus
from tenants.standing import Standing
from tenants.usage import TokenCounts

logger = logging.getLogger("sluice.request")

FIELDS = "fields"
"""The attribute of a log record that holds all of a request's fields at once."""


class Settled(Protocol):
    """What the log has to know of an OpenHold."""

    @property
    def settled_as(self) -> tuple[UsageStatus, TokenCounts] | None: ...

    @property
    def cost_pico_usd(self) -> int | None: ...

    @property
    def call(self) -> Call: ...


@dataclass(slots=True)
class RequestLog:
    """What is known of a request so far: filled as it goes, by the middleware and the route, and written at its end."""

    request_id: str
    method: str
    path: str
    status: int = 0
    key_id: str | None = None
    tenant_id: str | None = None
    model: str | None = None
    stream: bool | None = None
    fallback: str | None = None
    error: str | None = None
    reason: str | None = None
    hold: Settled | None = None
    standing: Standing = NO_STANDING
    monotonic: Callable[[], float] = time.monotonic
    began_at: float = 0.0
    first_token_at: float | None = None
    bedrock_request_ids: list[str] = field(default_factory=list)
    broken: Exception | None = None

    @property
    def first_token_seconds(self) -> float | None:
        """From the beginning to the first piece of a streamed answer; None where none came."""
        return None if self.first_token_at is None else self.first_token_at - self.began_at

    @property
    def served_model(self) -> str | None:
        """The model or profile that Bedrock was asked for last; None where nothing was reserved."""
        return None if self.hold is None else self.hold.call.bedrock_model

    def note_first_token(self) -> None:
        """A piece of the answer is there. Only the first one counts."""
        if self.first_token_at is None:
            self.first_token_at = self.monotonic()

    def taken(self, hold: OpenHold) -> None:
        """The request's hold: what it is settled as is logged, and what is left of the limits told in its headers."""
        self.hold, self.standing = hold, hold.standing

    @property
    def charged(self) -> bool:
        """Whether the request was charged with anything."""
        settled_as = None if self.hold is None else self.hold.settled_as
        return settled_as is not None and settled_as[1].total_tokens > 0

    def write(self, duration_ms: float) -> None:
        if not logger.isEnabledFor(logging.INFO):
            return
        fields: dict[str, object] = {
            "request_id": self.request_id,
            "method": self.method,
            "path": self.path,
            "status": self.status,
            "duration_ms": round(duration_ms, 1),
        }
        for name in ("key_id", "tenant_id", "model", "stream", "fallback", "error", "reason"):
            value = getattr(self, name)
            if value is not None:
                fields[name] = value
        if self.first_token_seconds is not None:
            fields["first_token_ms"] = round(self.first_token_seconds * 1000, 1)
        if self.bedrock_request_ids:
            fields["bedrock_request_ids"] = self.bedrock_request_ids
        self._add_usage(fields)
        # Past Logger.info, which looks for its caller through the stack: half the cost of a line.
        logger.handle(logger.makeRecord(logger.name, logging.INFO, "", 0, "request", (), None, extra={FIELDS: fields}))

    def _add_usage(self, fields: dict[str, object]) -> None:
        """What the request was settled as, and which model served it."""
        if self.hold is None or self.hold.settled_as is None:
            return
        status, tokens = self.hold.settled_as
        fields["bedrock_model"] = self.hold.call.bedrock_model
        fields["usage_status"] = status.value
        fields["input_tokens"] = tokens.input_tokens
        fields["output_tokens"] = tokens.output_tokens
        fields["cache_read_tokens"] = tokens.cache_read_tokens
        fields["cache_write_tokens"] = tokens.cache_write_tokens
        fields["cost_pico_usd"] = self.hold.cost_pico_usd
