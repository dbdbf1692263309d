"""A value that a JSON schema accepts, made from the schema alone: the simulator's tool arguments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_MAX_DEPTH = 8


def sample(
    schema: Mapping[str, Any], name: str = "value", root: Mapping[str, Any] | None = None, depth: int = 0
) -> Any:
    """The smallest plausible value: required properties, first enum member, the property's name as its text."""
    root = schema if root is None else root
    if "$ref" in schema and depth < _MAX_DEPTH:
        return sample(_resolve(schema["$ref"], root), name, root, depth + 1)
    for fixed in ("const", "default"):
        if fixed in schema:
            return schema[fixed]
    if schema.get("enum"):
        return schema["enum"][0]
    for union in ("anyOf", "oneOf", "allOf"):
        if schema.get(union):
            return sample(schema[union][0], name, root, depth + 1)
    return _sample_type(schema, name, root, depth)


def _sample_type(schema: Mapping[str, Any], name: str, root: Mapping[str, Any], depth: int) -> Any:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "null")
    if kind == "object":
        properties = schema.get("properties") or {}
        wanted = schema.get("required") or (list(properties) if depth == 0 else [])
        return {each: sample(properties.get(each, {}), each, root, depth + 1) for each in wanted if depth < _MAX_DEPTH}
    if kind == "array":
        count = max(1, schema.get("minItems", 1)) if depth < _MAX_DEPTH else 0
        return [sample(schema.get("items") or {}, name, root, depth + 1)] * count
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    if kind == "boolean":
        return True
    return None if kind == "null" else _sample_text(schema, name)


def _sample_text(schema: Mapping[str, Any], name: str) -> str:
    formats = {"date": "2025-01-01", "date-time": "2025-01-01T00:00:00Z", "email": "a@example.com"}
    text = formats.get(schema.get("format", ""), name)
    return text.ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength", len(text) + 1_000)]


def _resolve(reference: str, root: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        found = found.get(part.replace("~1", "/").replace("~0", "~"), {}) if isinstance(found, dict) else {}
    return found if isinstance(found, dict) else {}
