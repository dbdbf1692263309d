"""One line per request, without a word of its content."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from tenants.usage import NO_TOKENS, TokenCounts

logger = logging.getLogger("sluice.request")

FIELDS = "fields"
"""The attribute of a log record that holds all of a request's fields at once."""


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
    error: str | None = None
    reason: str | None = None
    usage_status: str | None = None
    tokens: TokenCounts = NO_TOKENS

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
        for name in ("key_id", "tenant_id", "model", "stream", "error", "reason", "usage_status"):
            value = getattr(self, name)
            if value is not None:
                fields[name] = value
        if self.usage_status is not None:
            fields["input_tokens"] = self.tokens.input_tokens
            fields["output_tokens"] = self.tokens.output_tokens
            fields["cache_read_tokens"] = self.tokens.cache_read_tokens
            fields["cache_write_tokens"] = self.tokens.cache_write_tokens
        # Past Logger.info, which looks for its caller through the stack: half the cost of a line.
        logger.handle(logger.makeRecord(logger.name, logging.INFO, "", 0, "request", (), None, extra={FIELDS: fields}))
