"""A usage event: what one request used. Exactly one per request id, never changed once written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tenants.periods import month_of
from tenants.usage import NO_TOKENS, TokenCounts


class Operation(StrEnum):
    CHAT = "chat"
    EMBEDDINGS = "embeddings"


class UsageStatus(StrEnum):
    """How the counts came about.

    `OK` and `ERROR` carry what Bedrock reported: all of it, or what it reported before it failed (zero when it refused
    before the first token). `ESTIMATED`: Bedrock's report never came, the counts are worked out from what was seen.
    `ABANDONED`: the gateway died with the request; it is charged at its bound until it is reconciled.
    """

    OK = "ok"
    ERROR = "error"
    ESTIMATED = "estimated"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Call:
    """Which request, by whom, of which model: `model` as the client named it, `bedrock_model` as it was called.

    `request_id` is the one in `x-request-id` and in Bedrock's requestMetadata.
    """

    request_id: str
    key_id: str
    tenant_id: str
    user_id: str
    operation: Operation
    model: str
    bedrock_model: str
    started_at_ms: int

    @property
    def month(self) -> str:
        """The account it stands on: that of the month it began in, whenever it ends."""
        return month_of(self.started_at_ms)


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a request ended: its true counts, and its cost in pico-USD (10^-12), None where the price is not known."""

    status: UsageStatus
    settled_at_ms: int
    tokens: TokenCounts = NO_TOKENS
    cost_pico_usd: int | None = None


@dataclass(frozen=True, slots=True)
class UsageEvent:
    call: Call
    settlement: Settlement
