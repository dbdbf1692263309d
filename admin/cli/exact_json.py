"""JSON with numbers of all their digits: sums of costs have twelve behind the point, more than a float keeps."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import orjson

from admin.cli.text import escape_in_json

Json = dict[str, Any]


def parse_json(body: bytes) -> Any:
    """Fractions are Decimal. Raises ValueError."""
    return json.loads(body, parse_float=Decimal)


def to_document(value: object) -> str:
    """Indented, for people and programs."""
    return escape_in_json(orjson.dumps(value, default=_to_number, option=orjson.OPT_INDENT_2).decode())


def to_json_line(value: object) -> str:
    """One line, without its end."""
    return escape_in_json(orjson.dumps(value, default=_to_number).decode())


def _to_number(value: object) -> orjson.Fragment:
    if not isinstance(value, Decimal):
        raise TypeError(type(value).__name__)
    return orjson.Fragment(f"{value:f}".encode())
