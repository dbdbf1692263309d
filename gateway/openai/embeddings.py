"""Embeddings: wire schema of the client side."""

from __future__ import annotations

from typing import Annotated, Final, Literal, TypedDict

from pydantic import BeforeValidator, Field

from gateway.errors import InvalidRequest
from gateway.openai.usage import EmbeddingUsage
from gateway.openai.wire import ModelName, WireModel, array, parse_body, unsupported

MAX_INPUTS: Final = 2048
"""OpenAI's cap on the texts of one request."""

EncodingFormat = Literal["float", "base64"]


def _refuse_tokens(value: object) -> object:
    if isinstance(value, list) and value and isinstance(value[0], int | list):
        raise unsupported(
            "Token arrays are not supported: Bedrock's models have tokenizers of their own. Send 'input' as a string "
            "or an array of strings (LangChain: check_embedding_ctx_length=False)."
        )
    return value


class EmbeddingsRequest(WireModel):
    """A body of POST /v1/embeddings. `encoding_format` float unless told; the Python SDK asks for base64 unasked."""

    model: ModelName
    input: Annotated[str | Annotated[tuple[str, ...], array(MAX_INPUTS)], BeforeValidator(_refuse_tokens)]
    dimensions: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None
    encoding_format: EncodingFormat | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        return (self.input,) if isinstance(self.input, str) else self.input


class Embedding(TypedDict):
    """`embedding` is base64 of little-endian float32 where the client asked for base64."""

    object: Literal["embedding"]
    index: int
    embedding: list[float] | str


class EmbeddingList(TypedDict):
    object: Literal["list"]
    model: str
    data: list[Embedding]
    usage: EmbeddingUsage


def parse_embeddings_request(body: bytes) -> EmbeddingsRequest:
    """Raises InvalidRequest: malformed, nothing to embed, a blank text, or more than MAX_INPUTS texts;
    UnsupportedParameter for token arrays."""
    request = parse_body(EmbeddingsRequest, body, {})
    if not request.texts:
        raise InvalidRequest("'input' is an empty array. Send at least one text.", "input")
    for index, text in enumerate(request.texts):
        if not text.strip():
            param = "input" if isinstance(request.input, str) else f"input[{index}]"
            raise InvalidRequest(f"'{param}' is blank. There is nothing to embed: leave it out.", param)
    return request
