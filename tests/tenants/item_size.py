"""The size of an item as DynamoDB counts it: names and values in UTF-8.

The developer guide ("DynamoDB item sizes and formats") gives a number about one byte for two significant digits, plus
one; 21 at most. Every write of up to 1,024 bytes costs one write unit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WRITE_UNIT_BYTES = 1024


def to_size_bytes(item: Mapping[str, Mapping[str, Any]]) -> int:
    """For items of strings and numbers; raises ValueError for any other type."""
    return sum(len(name.encode()) + _value_bytes(value) for name, value in item.items())


def _value_bytes(value: Mapping[str, Any]) -> int:
    ((kind, text),) = value.items()
    assert isinstance(text, str)
    if kind == "S":
        return len(text.encode())
    if kind == "N":
        return min(21, (len(text.lstrip("-").strip("0")) + 1) // 2 + 1 + text.startswith("-"))
    raise ValueError(f"an account holds no attribute of type {kind}")
