"""Recorded Bedrock traffic, read from outside of the repository."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

_PROJECT = Path(__file__).parents[2]
CORPUS = Path(os.environ.get("BEDROCK_CORPUS", _PROJECT.parent / "shared/corpus/bedrock"))


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
    if not CORPUS.is_dir():
        pytest.skip(f"no recorded Bedrock traffic in {CORPUS} (set BEDROCK_CORPUS)")
    return list(_read(operations))


def _read(operations: tuple[str, ...]) -> Iterator[Recording]:
    for path in sorted(CORPUS.glob("*.json")):
        record = json.loads(path.read_bytes())
        request, response = record["request"], record["response"]
        if request["operation"] in operations:
            yield Recording(
                name=path.stem,
                operation=request["operation"],
                model_id=request["model_id"] or "",
                status=response["status"],
                headers=response.get("headers") or {},
                body=response.get("body"),
                stream=base64.b64decode(response.get("body_base64") or ""),
                events=response.get("events") or [],
            )
