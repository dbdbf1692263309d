"""Query strings with lists in them, as OpenAI's SDKs write them: `group_by[]=a&group_by[]=b`."""

from __future__ import annotations

from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError

QueryT = TypeVar("QueryT", bound=BaseModel)


def parse_query(model: type[QueryT], request: Request) -> QueryT:
    """The query string; lists both as OpenAI's SDKs write them, `group_by[]=a&group_by[]=b`, and without brackets.

    FastAPI's own parameters have one name each. Raises RequestValidationError.
    """
    fields: dict[str, Any] = {}
    for written, text in request.query_params.multi_items():
        name = written.removesuffix("[]")
        field = model.model_fields.get(name)
        if field is not None and field.default == ():
            fields.setdefault(name, []).append(text)
        else:
            fields[written] = text
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_context=False)
        raise RequestValidationError([{**fault, "loc": ("query", *fault["loc"])} for fault in faults]) from error


def describe_query(model: type[BaseModel]) -> list[dict[str, Any]]:
    """The parameters for the OpenAPI document, lists with the brackets that SDKs write."""
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
    properties: dict[str, dict[str, Any]] = schema["properties"]
    return [
        {
            "name": f"{name}[]" if described.get("type") == "array" else name,
            "in": "query",
            "required": name in schema.get("required", ()),
            "schema": {"type": "string"} if "$ref" in described else described,
        }
        for name, described in properties.items()
    ]
