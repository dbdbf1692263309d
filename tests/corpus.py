"""Recorded Bedrock traffic, read where it lies: it is no part of this repository.

`BEDROCK_CORPUS` names its folder; `../shared/corpus/bedrock` beside the project is looked at without it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

_PROJECT = Path(__file__).parents[1]


def folder() -> Path:
    """The folder of the recordings. Skips the test that asks where there is none."""
    found = Path(os.environ.get("BEDROCK_CORPUS", _PROJECT.parent / "shared/corpus/bedrock"))
    if not any(found.glob("*.json")):
        pytest.skip(f"no recorded Bedrock traffic in {found}: set BEDROCK_CORPUS to its folder")
    return found


def records() -> list[tuple[str, dict[str, Any]]]:
    """Every recording, by its name, as the corpus's own README describes it. Skips as `folder` does."""
    return [(path.stem, json.loads(path.read_bytes())) for path in sorted(folder().glob("*.json"))]
