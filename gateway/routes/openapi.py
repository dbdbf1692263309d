"""What the OpenAPI document says of routes that parse their bodies themselves, which is five times as fast."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fastapi import FastAPI
    from pydantic import BaseModel

Schema = dict[str, Any]

_STRING_OR_NULL: Schema = {"type": ["string", "null"]}
_ERROR: Schema = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": _STRING_OR_NULL,
                "code": _STRING_OR_NULL,
            },
        }
    },
}
_ERROR_REFERENCE: Schema = {"$ref": "#/components/schemas/Error"}
_REFUSALS: Mapping[int | str, str] = {
    400: "The request cannot be honoured; `param` says which part of it.",
    401: "No key, or not a valid one.",
    403: "Bedrock denies the gateway access to the model.",
    404: "No such model, or the key may not call it.",
    413: "The body is over the cap.",
    415: "The body is compressed.",
    429: "Bedrock throttles.",
    500: "A fault of the gateway.",
    502: "A fault of Bedrock.",
    503: "The ledger or Bedrock is unavailable.",
    504: "Bedrock did not answer in time.",
}
_SECURITY: list[Schema] = [{"ApiKey": []}, {"ApiKeyHeader": []}]
_SCHEMES: Schema = {
    "ApiKey": {"type": "http", "scheme": "bearer", "description": "A key: `sk-sluice_…`."},
    "ApiKeyHeader": {"type": "apiKey", "in": "header", "name": "x-api-key"},
}
SECURED: Schema = {"security": _SECURITY}


def error_responses(*statuses: int) -> dict[int | str, Schema]:
    """The `responses` of an operation that refuses with these statuses, or with any."""
    return {
        status: {"description": _REFUSALS[status], "content": {"application/json": {"schema": _ERROR_REFERENCE}}}
        for status in statuses or _REFUSALS
    }


def answers(*media_types: str) -> dict[int | str, Schema]:
    """The `responses` of an operation whose answer comes as one of these media types."""
    content = {each: {"schema": {"type": "object" if each.endswith("json") else "string"}} for each in media_types}
    return {200: {"description": "As OpenAI's.", "content": content}, **error_responses()}


def describe_bodies(app: FastAPI) -> None:
    """Complete the application's document, when it is first asked for, with the bodies that routes parse themselves."""
    bare_document = app.openapi

    def document() -> Schema:
        if app.openapi_schema is None:
            _complete(bare_document())
        return bare_document()

    app.openapi = document  # type: ignore[method-assign]  # the way that FastAPI documents


def _bodies() -> Mapping[str, type[BaseModel]]:
    from gateway.openai.chat import ChatCompletionRequest  # not above: who chats needs no model of embeddings
    from gateway.openai.embeddings import EmbeddingsRequest

    return {"/v1/chat/completions": ChatCompletionRequest, "/v1/embeddings": EmbeddingsRequest}


def _complete(document: Schema) -> None:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas["Error"] = _ERROR
    components.setdefault("securitySchemes", {}).update(_SCHEMES)
    for path, model in _bodies().items():
        if path in document["paths"]:
            # The control plane has names of its own: what belongs to this body says so.
            schema = model.model_json_schema(ref_template=f"#/components/schemas/{model.__name__}.{{model}}")
            parts = {f"{model.__name__}.{name}": part for name, part in schema.pop("$defs", {}).items()}
            schemas |= parts | {model.__name__: schema}
            reference = {"$ref": f"#/components/schemas/{model.__name__}"}
            body = {"required": True, "content": {"application/json": {"schema": reference}}}
            document["paths"][path]["post"]["requestBody"] = body
    # FastAPI announces its own 422, which is a 400 of OpenAI's kind here.
    for operations in document["paths"].values():
        for operation in operations.values():
            if "HTTPValidationError" in str(operation.get("responses", {}).get("422")):
                del operation["responses"]["422"]
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
