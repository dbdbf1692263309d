"""InvokeModel of the embedding models. A vector is a function of its text and its length: same text, same vector."""

from __future__ import annotations

import hashlib
import math
import struct
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from simulator.refusals import Refused, validation
from simulator.tokens import count_tokens
from simulator.traits import EmbeddingFamily

_TITAN_V1_DIMENSIONS = 1536
_COHERE_V3_DIMENSIONS = 1024
_TITAN_V2_DIMENSIONS = (1024, 512, 256)
_COHERE_V4_DIMENSIONS = (1536, 1024, 512, 256)
_NOVA_2_DIMENSIONS = (3072, 1024, 384, 256)
_COHERE_MAX_TEXTS = 96
_COHERE_INPUT_TYPES = ("search_document", "search_query", "classification", "clustering", "image")


@dataclass(frozen=True, slots=True)
class Embedded:
    """The answer's body and the tokens it was charged."""

    body: dict[str, Any]
    input_tokens: int


def embed(family: EmbeddingFamily, body: Mapping[str, Any]) -> Embedded:
    """Answers one InvokeModel body. Raises Refused: a ValidationException whose wording is modelled, not recorded."""
    return _FAMILIES[family](body)


def vector(text: str, dimensions: int, normalize: bool = True) -> list[float]:
    """`dimensions` numbers drawn from a hash of the text; of length one where `normalize`."""
    drawn = hashlib.shake_256(text.encode()).digest(2 * dimensions)
    numbers = [number / 32768 for number in struct.unpack(f"<{dimensions}h", drawn)]
    if not normalize:
        return numbers
    norm = math.sqrt(sum(number * number for number in numbers)) or 1.0
    return [number / norm for number in numbers]


def _titan_v1(body: Mapping[str, Any]) -> Embedded:
    text = _text(body, "inputText")
    tokens = count_tokens(text)
    return Embedded({"embedding": vector(text, _TITAN_V1_DIMENSIONS, False), "inputTextTokenCount": tokens}, tokens)


def _titan_v2(body: Mapping[str, Any]) -> Embedded:
    text = _text(body, "inputText")
    dimensions = _dimensions(body.get("dimensions"), _TITAN_V2_DIMENSIONS)
    numbers = vector(text, dimensions, body.get("normalize", True))
    tokens = count_tokens(text)
    answer = {"embedding": numbers, "embeddingsByType": {"float": numbers}, "inputTextTokenCount": tokens}
    return Embedded(answer, tokens)


def _cohere_v3(body: Mapping[str, Any]) -> Embedded:
    texts = _cohere_texts(body)
    answer = {
        "embeddings": [vector(text, _COHERE_V3_DIMENSIONS) for text in texts],
        "response_type": "embeddings_floats",
    }
    return _to_cohere(answer, texts)


def _cohere_v4(body: Mapping[str, Any]) -> Embedded:
    texts = _cohere_texts(body)
    dimensions = _dimensions(body.get("output_dimension"), _COHERE_V4_DIMENSIONS)
    answer = {
        "embeddings": {"float": [vector(text, dimensions) for text in texts]},
        "response_type": "embeddings_by_type",
    }
    return _to_cohere(answer, texts)


def _to_cohere(answer: dict[str, Any], texts: list[str]) -> Embedded:
    answer_id = str(uuid.uuid5(uuid.NAMESPACE_OID, "\n".join(texts)))
    return Embedded({**answer, "id": answer_id, "texts": texts}, sum(map(count_tokens, texts)))


def _nova_2(body: Mapping[str, Any]) -> Embedded:
    if body.get("taskType") != "SINGLE_EMBEDDING":
        raise _malformed("#/taskType: unsupported task type")
    parameters = body.get("singleEmbeddingParams")
    if not isinstance(parameters, dict) or not isinstance(parameters.get("text"), dict):
        raise _malformed("#/singleEmbeddingParams: required key [text] not found")
    text = _text(parameters["text"], "value")
    dimensions = _dimensions(parameters.get("embeddingDimension"), _NOVA_2_DIMENSIONS)
    answer = {"embeddings": [{"embedding": vector(text, dimensions), "embeddingType": "TEXT"}]}
    return Embedded(answer, count_tokens(text))


def _malformed(fault: str) -> Refused:
    return validation(f"Malformed input request: {fault}, please reformat your input and try again.")


def _text(body: Mapping[str, Any], name: str) -> str:
    text = body.get(name)
    if not isinstance(text, str):
        raise _malformed(f"#: required key [{name}] not found")
    if not text:
        raise _malformed(f"#/{name}: expected minLength: 1, actual: 0")
    return text


def _cohere_texts(body: Mapping[str, Any]) -> list[str]:
    texts = body.get("texts")
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        raise _malformed("#/texts: expected an array of strings")
    if len(texts) > _COHERE_MAX_TEXTS:
        raise _malformed(f"#/texts: expected maximum item count: {_COHERE_MAX_TEXTS}, found: {len(texts)}")
    if body.get("input_type") not in _COHERE_INPUT_TYPES:
        raise _malformed("#/input_type: not found or not known")
    return texts


def _dimensions(asked: object, allowed: tuple[int, ...]) -> int:
    if asked is None:
        return allowed[0]
    if asked not in allowed:
        raise _malformed(f"{asked} is not a valid dimension")
    return allowed[allowed.index(asked)]


_FAMILIES: Mapping[EmbeddingFamily, Callable[[Mapping[str, Any]], Embedded]] = MappingProxyType(
    {
        "titan-v1": _titan_v1,
        "titan-v2": _titan_v2,
        "cohere-v3": _cohere_v3,
        "cohere-v4": _cohere_v4,
        "nova-2": _nova_2,
    }
)
