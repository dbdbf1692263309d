"""Embeddings to InvokeModel and back. Models that take one text at a time get one call for each."""

from __future__ import annotations

import struct
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.bedrock.embeddings import EmbeddingAnswer, InvokeBody
from gateway.catalog.model import Model
from gateway.errors import BedrockError, InvalidRequest
from gateway.openai.embeddings import Embedding, EmbeddingList, EmbeddingsRequest, EncodingFormat
from gateway.openai.usage import to_embedding_usage
from gateway.translate.embedding_families import EmbeddingFamily, Vector, find_family
from tenants.usage import TokenCounts


@dataclass(frozen=True, slots=True)
class EmbeddingCalls:
    """What to invoke. The calls are independent; their answers are to be handed back in the order of `bodies`."""

    bodies: tuple[InvokeBody, ...]
    text_count: int
    family: EmbeddingFamily


def to_invoke(request: EmbeddingsRequest, model: Model) -> EmbeddingCalls:
    """Raises InvalidRequest for a model that embeds nothing, a size it does not offer, and a text too long for it."""
    family = find_family(model.base_id)
    if family is None:
        raise InvalidRequest(f"The model `{model.name}` cannot create embeddings. Choose an embedding model.", "model")
    _check_dimensions(request.dimensions, family, model)
    texts = request.texts
    _check_lengths(texts, family, model)
    batches = (texts[start : start + family.texts_per_call] for start in range(0, len(texts), family.texts_per_call))
    bodies = tuple(family.to_body(batch, request.dimensions) for batch in batches)
    return EmbeddingCalls(bodies, len(texts), family)


@dataclass(frozen=True, slots=True)
class Answering:
    """How the client is answered: under the name it used, in the form it asked for, with what it is charged with."""

    model_name: str
    encoding_format: EncodingFormat | None
    tokens: TokenCounts


def from_invoke(calls: EmbeddingCalls, answers: Sequence[EmbeddingAnswer], answering: Answering) -> EmbeddingList:
    """Vectors in the order of the texts. Raises BedrockError if there are not as many as texts."""
    vectors = [vector for answer in answers for vector in calls.family.from_answer(answer.body)]
    if len(vectors) != calls.text_count:
        raise BedrockError(
            "ModelErrorException", 424, f"The model gave {len(vectors)} vectors for {calls.text_count} texts."
        )
    data: list[Embedding] = [
        {
            "object": "embedding",
            "index": index,
            "embedding": _to_base64(vector) if answering.encoding_format == "base64" else vector,
        }
        for index, vector in enumerate(vectors)
    ]
    usage = to_embedding_usage(answering.tokens)
    return {"object": "list", "model": answering.model_name, "data": data, "usage": usage}


def from_invoke_usage(answers: Sequence[EmbeddingAnswer]) -> TokenCounts | None:
    """The sum over all answers. None where any of them tells no count: unknown is not zero.

    Every model's answer has the header; Titan's body counts too, Cohere's and Nova's do not.
    """
    total = 0
    for answer in answers:
        tokens = answer.input_tokens if answer.input_tokens is not None else answer.body.get("inputTextTokenCount")
        if not isinstance(tokens, int):
            return None
        total += tokens
    return TokenCounts(input_tokens=total)


def _check_dimensions(dimensions: int | None, family: EmbeddingFamily, model: Model) -> None:
    if dimensions is None or dimensions in family.dimensions:
        return
    offered = ", ".join(map(str, family.dimensions))
    told = f"offers the sizes {offered}" if offered else "has vectors of one fixed size: leave 'dimensions' out"
    raise InvalidRequest(f"'dimensions' is {dimensions}, but the model `{model.name}` {told}.", "dimensions")


def _check_lengths(texts: Sequence[str], family: EmbeddingFamily, model: Model) -> None:
    limit = family.max_characters
    if limit is None:
        return
    for index, text in enumerate(texts):
        if len(text) > limit:
            raise InvalidRequest(
                f"'input[{index}]' has {len(text)} characters; the model `{model.name}` takes {limit}. Split it.",
                f"input[{index}]",
            )


def _to_base64(vector: Vector) -> str:
    return b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
