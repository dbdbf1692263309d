"""Extension: one row per request, streamed."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute

from admin.operations.usage_export import export_usage
from admin.operations.usage_reach import narrow_export
from admin.routes.dependencies import Control, Reach
from admin.schemas.csv_lines import to_csv_line
from admin.schemas.usage_export import COLUMNS, ExportFormat, ExportQuery, to_csv_row, to_ndjson_line, to_row
from tenants.event import UsageEvent
from tenants.usage_books import UsageBooks

COMPLETE_UNTIL_HEADER = "x-sluice-complete-until"
_MEDIA_TYPES: dict[ExportFormat, str] = {"ndjson": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}
_WRITTEN_AT_ONCE_BYTES = 32 * 1024
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "One row a request.",
        "content": {
            media_type.partition(";")[0]: {"schema": {"type": "string"}} for media_type in _MEDIA_TYPES.values()
        },
        "headers": {
            COMPLETE_UNTIL_HEADER: {
                "description": "Requests that began before this Unix second are over.",
                "schema": {"type": "integer"},
            }
        },
    }
}


def create_router(route_class: type[APIRoute], books: UsageBooks) -> APIRouter:
    router = APIRouter(tags=["Usage (Sluice extensions)"], route_class=route_class)
    router.get(
        "/usage/export",
        summary="Extension: one row per request, as JSON lines or CSV",
        response_class=StreamingResponse,
        responses=_RESPONSES,
    )(ExportRoutes(books).export)
    return router


@dataclass(frozen=True, slots=True)
class ExportRoutes:
    """The endpoint, with the books that it reads."""

    books: UsageBooks

    async def export(self, control: Control, reach: Reach, query: Annotated[ExportQuery, Query()]) -> StreamingResponse:
        now_ms = control.clock_ms()
        events = export_usage(control, self.books, narrow_export(query.to_question(now_ms), reach))
        # Read before the answer begins: a store that is away is a 503 then, and not a file that breaks off.
        first = await anext(events, None)
        return StreamingResponse(
            _blocks(_rows(first, events, query)),
            media_type=_MEDIA_TYPES[query.format],
            headers={
                COMPLETE_UNTIL_HEADER: str(self.books.complete_until_ms(now_ms) // 1000),
                "content-disposition": f'attachment; filename="usage.{query.format}"',
            },
        )


async def _rows(
    first: UsageEvent | None, events: AsyncGenerator[UsageEvent, None], query: ExportQuery
) -> AsyncGenerator[bytes, None]:
    """The lines of the file, a CSV's header among them."""
    to_line = to_csv_row if query.format == "csv" else to_ndjson_line
    if query.format == "csv":
        yield to_csv_line(COLUMNS)
    left = query.limit
    async with aclosing(events):
        event = first
        while event is not None and left != 0:
            yield to_line(to_row(event))
            left = None if left is None else left - 1
            event = await anext(events, None)


async def _blocks(lines: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    """The same bytes in pieces that are worth a write."""
    block = bytearray()
    async with aclosing(lines):
        async for line in lines:
            block += line
            if len(block) >= _WRITTEN_AT_ONCE_BYTES:
                yield bytes(block)
                block.clear()
    yield bytes(block)
