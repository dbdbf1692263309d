"""The data files that come with the gateway, read when they are first asked for, and once."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from gateway.catalog.known_models import KnownModels, Row
from gateway.catalog.model_rows import to_rows

_CAPABILITIES = "capabilities.toml"
_OPENAI_NAMES = "openai_names.toml"


def known_models(*more: Row) -> KnownModels:
    """What is known of models: the rows that are shipped, and an operator's laid over them."""
    return KnownModels((*shipped_rows(), *more))


@cache
def shipped_rows() -> tuple[Row, ...]:
    """The rows of capabilities.toml."""
    return to_rows(_read(_CAPABILITIES)["model"], _CAPABILITIES)


@cache
def openai_names() -> Mapping[str, str]:
    """OpenAI's names of models and what stands in for each on Bedrock, by base id: aliases that nobody has unasked."""
    return MappingProxyType(_read(_OPENAI_NAMES)["aliases"])


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name(name).read_text("utf-8"))
