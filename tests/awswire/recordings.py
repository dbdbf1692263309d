"""Recorded answers of Bedrock, as what AWS's wire is read into."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.corpus import records


@dataclass(frozen=True, slots=True)
class Recording:
    name: str
    operation: str
    model_id: str
    status: int
    headers: dict[str, str]
    body: Any
    stream: bytes
    events: list[dict[str, Any]]


def read_recordings(*operations: str) -> list[Recording]:
    """The recorded answers of `operations`. Skips the test that asks where there is no corpus."""
    return list(_read(operations))


def _read(operations: tuple[str, ...]) -> Iterator[Recording]:
    for name, record in records():
        request, response = record["request"], record["response"]
        if request["operation"] in operations:
            yield Recording(
                name=name,
                operation=request["operation"],
                model_id=request["model_id"] or "",
                status=response["status"],
                headers=response.get("headers") or {},
                body=response.get("body"),
                stream=base64.b64decode(response.get("body_base64") or ""),
                events=response.get("events") or [],
            )
