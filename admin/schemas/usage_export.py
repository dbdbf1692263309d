"""The rows of the usage export: one a request, as JSON lines or as CSV."""

from __future__ import annotations

from typing import Annotated, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from admin.operations.usage_export import ExportQuestion
from admin.schemas.csv_lines import to_csv_line
from admin.schemas.usage_query import UnixSeconds
from tenants.event import UsageEvent
from tenants.event_order import Period, counted_at_ms
from tenants.ids import TIME_CHARS

ExportFormat = Literal["ndjson", "csv"]
Row = dict[str, str | int | None]

COLUMNS = (
    "request_id",
    "api_key_id",
    "project_id",
    "user_id",
    "operation",
    "model",
    "bedrock_model",
    "started_at",
    "status",
    "input_tokens",
    "input_cached_tokens",
    "input_cache_write_tokens",
    "input_cache_write_1h_tokens",
    "output_tokens",
    "cost_pico_usd",
)


class ExportQuery(BaseModel):
    """`after` is the `request_id` of the last row that was read. Without `end_time`, the export ends now."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: ExportFormat = "ndjson"
    start_time: UnixSeconds
    end_time: UnixSeconds | None = None
    project_id: Annotated[str, StringConstraints(max_length=128)] | None = None
    after: (
        Annotated[str, StringConstraints(pattern=rf"^req_[0-9A-Za-z]{{{TIME_CHARS}}}[0-9A-Za-z.]{{0,64}}$")] | None
    ) = None
    limit: Annotated[int, Field(ge=1)] | None = None

    def to_question(self, now_ms: int) -> ExportQuestion:
        """Nothing has been used later than now: a range that ends later is cut there."""
        end_ms = now_ms if self.end_time is None else min(self.end_time * 1000, now_ms)
        named = None if self.project_id is None else frozenset({self.project_id})
        return ExportQuestion(Period(self.start_time * 1000, end_ms), named, self.after)


def to_row(event: UsageEvent) -> Row:
    """By COLUMNS. `input_tokens` includes what was read from and written to a cache; an unknown cost is None."""
    call, settlement, tokens = event.call, event.settlement, event.settlement.tokens
    values = (
        call.request_id,
        call.key_id,
        call.tenant_id,
        call.user_id,
        call.operation.value,
        call.model,
        call.bedrock_model,
        counted_at_ms(event) // 1000,
        settlement.status.value,
        tokens.prompt_tokens,
        tokens.cache_read_tokens,
        tokens.cache_write_tokens,
        tokens.cache_write_1h_tokens,
        tokens.output_tokens,
        settlement.cost_pico_usd,
    )
    return dict(zip(COLUMNS, values, strict=True))


def to_ndjson_line(row: Row) -> bytes:
    return orjson.dumps(row) + b"\n"


def to_csv_row(row: Row) -> bytes:
    """The row as a line of CSV; an unknown cost is an empty cell."""
    return to_csv_line(row[column] for column in COLUMNS)
