"""Recorded Bedrock traffic, read where it lies: it is not part of this repository."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

PROJECT_ROOT = Path(__file__).parents[3]
Recording = Mapping[str, Any]


@pytest.fixture(scope="session")
def recordings() -> list[Recording]:
    """Every recorded interaction, as described in the corpus's own README."""
    folder = Path(os.environ.get("BEDROCK_CORPUS", PROJECT_ROOT / "../shared/corpus/bedrock"))
    files = sorted(folder.glob("*.json"))
    if not files:
        pytest.skip(f"no recorded Bedrock traffic in {folder}: set BEDROCK_CORPUS to its folder")
    return [{"file": file.name, **json.loads(file.read_bytes())} for file in files]


@pytest.fixture(scope="session")
def converse_answers(recordings: list[Recording]) -> list[Recording]:
    return _answered(recordings, "Converse")


@pytest.fixture(scope="session")
def whole_streams(recordings: list[Recording]) -> list[Recording]:
    """Recorded streams up to their stop reason; those broken off by an exception are left out."""
    streams = _answered(recordings, "ConverseStream")
    return [s for s in streams if any(e["event_type"] == "messageStop" for e in s["response"]["events"])]


@pytest.fixture(scope="session")
def embedding_calls(recordings: list[Recording]) -> list[Recording]:
    return [r for r in _answered(recordings, "InvokeModel") if "embeddings" in r["features"]]


def _answered(recordings: list[Recording], operation: str) -> list[Recording]:
    of_operation = [r for r in recordings if r["request"]["operation"] == operation]
    answered = [r for r in of_operation if r["response"]["status"] == 200]
    print(f"{operation}: {len(answered)} answers, {len(of_operation) - len(answered)} refusals left out")  # noqa: T201 - how much was tried, shown by -s
    assert answered
    return answered
