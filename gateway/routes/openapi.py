"""What the OpenAPI document says of routes that parse their bodies themselves, which is five times as fast."""

from __future__ import annotations

from typing import Any

from gateway.openai.chat import ChatCompletionRequest
from gateway.openai.embeddings import EmbeddingsRequest

_ERROR = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["message", "type", "param", "code"],
            "properties": {
                "message": {"type": "string"},
                "type": {"type": "string"},
                "param": {"type": ["string", "null"]},
                "code": {"type": ["string", "null"]},
            },
        }
    },
}
_REFUSALS = {
    "400": "The request cannot be honoured; `param` says which part of it.",
    "401": "No key, or not a valid one.",
    "403": "Bedrock denies the gateway access to the model.",
    "404": "No such model, or the key may not call it.",
    "413": "The body is over the cap.",
    "429": "Bedrock throttles.",
    "500": "A fault of the gateway.",
    "502": "A fault of Bedrock.",
    "503": "The ledger or Bedrock is unavailable.",
    "504": "Bedrock did not answer in time.",
}


def error_responses(*statuses: str) -> dict[str, Any]:
    """The `responses` of an operation that refuses with these statuses."""
    return {
        status: {"description": _REFUSALS[status], "content": {"application/json": {"schema": _ERROR}}}
        for status in statuses
    }


def _described(schema: dict[str, Any], *answers: str) -> dict[str, Any]:
    content = {
        media_type: {"schema": {"type": "object" if "json" in media_type else "string"}} for media_type in answers
    }
    return {
        "requestBody": {"required": True, "content": {"application/json": {"schema": schema}}},
        "responses": {"200": {"description": "As OpenAI's.", "content": content}, **error_responses(*_REFUSALS)},
        "security": [{"key": []}],
    }


def _schema(model: type[ChatCompletionRequest] | type[EmbeddingsRequest]) -> dict[str, Any]:
    return model.model_json_schema(ref_template="#/components/schemas/{model}")


CHAT_OPENAPI = _described({"type": "object"}, "application/json", "text/event-stream")
EMBEDDINGS_OPENAPI = _described({"type": "object"}, "application/json")
