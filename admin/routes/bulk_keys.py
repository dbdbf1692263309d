"""Extension: issue many keys from one CSV; the answer is a CSV, written as the keys are made."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from fastapi.routing import APIRoute

from admin.operations.bulk_keys import IssuedRow, check_rows, issue_rows
from admin.routes.dependencies import Control, CurrentRequester, ProjectId
from admin.schemas.bulk_keys import COLUMNS, OUTPUT_COLUMNS, parse_bulk, to_output_line
from admin.schemas.csv_lines import to_csv_line
from tenants.errors import InvalidArgument

_CSV = "text/csv"
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {_CSV: {"schema": {"type": "string", "description": f"A header of {', '.join(COLUMNS)}; rows."}}},
    }
}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": f"A row for each row: {', '.join(OUTPUT_COLUMNS)}. `value` is shown here only.",
        "content": {_CSV: {"schema": {"type": "string"}}},
    }
}


def create_router(route_class: type[APIRoute]) -> APIRouter:
    """To be mounted before the routes of single keys, one of whose ids `bulk` would be taken for."""
    router = APIRouter(
        prefix="/projects/{project_id}/api_keys", tags=["API keys (Sluice extensions)"], route_class=route_class
    )
    router.post(
        "/bulk",
        summary="Extension: issue many keys from a CSV: shown once",
        response_class=StreamingResponse,
        responses=_RESPONSES,
        openapi_extra=_BODY,
    )(issue_keys)
    return router


async def issue_keys(
    control: Control, requester: CurrentRequester, project_id: ProjectId, request: Request
) -> StreamingResponse:
    _require_csv(request.headers.get("content-type", ""))
    # A thousand rows take a while to check: other requests must not wait for it.
    rows = await asyncio.to_thread(parse_bulk, await request.body())
    tenant = await check_rows(control, project_id, rows)
    issued = issue_rows(control, requester, tenant, rows)
    # Made before the answer begins: a store that is away is a 503 then.
    first = await anext(issued)
    return StreamingResponse(
        _lines(first, issued),
        media_type=f"{_CSV}; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="api_keys.csv"'},
    )


def _require_csv(content_type: str) -> None:
    """Raises InvalidArgument for what is said to be no CSV in UTF-8."""
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    charsets = [each.partition("=")[2].strip('"') for each in parameters if each.startswith("charset=")]
    if media_type != _CSV or any(each not in ("utf-8", "us-ascii") for each in charsets):
        raise InvalidArgument("Send the keys as a CSV in UTF-8: `Content-Type: text/csv`.", "Content-Type")


async def _lines(first: IssuedRow, others: AsyncGenerator[IssuedRow, None]) -> AsyncGenerator[bytes, None]:
    yield to_csv_line(OUTPUT_COLUMNS)
    yield to_output_line(first)
    async with aclosing(others):
        async for issued in others:
            yield to_output_line(issued)
