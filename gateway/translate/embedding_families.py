"""The embedding models of Bedrock: how each is asked, and how its answer reads. One row per family."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from gateway.bedrock.embeddings import CohereBody, InvokeBody, NovaBody, TitanV2Body

Vector = list[float]


@dataclass(frozen=True, slots=True)
class EmbeddingFamily:
    """`base_ids` matches the whole base id. `dimensions` are those a client may ask for; none: the size is fixed.

    `to_body` takes at most `texts_per_call` texts of at most `max_characters`; `from_answer` gives a vector for each.
    """

    base_ids: re.Pattern[str]
    texts_per_call: int
    dimensions: tuple[int, ...]
    max_characters: int | None
    to_body: Callable[[Sequence[str], int | None], InvokeBody]
    from_answer: Callable[[Mapping[str, Any]], list[Vector]]


def find_family(base_id: str) -> EmbeddingFamily | None:
    """None for a model that embeds nothing, or that is not known to."""
    return next((family for family in FAMILIES if family.base_ids.fullmatch(base_id)), None)


def _to_titan_v1(texts: Sequence[str], dimensions: int | None) -> InvokeBody:
    return {"inputText": texts[0]}


def _to_titan_v2(texts: Sequence[str], dimensions: int | None) -> InvokeBody:
    # OpenAI's vectors have length 1; Titan's default is the same, said here so that it stays.
    body: TitanV2Body = {"inputText": texts[0], "normalize": True}
    if dimensions is not None:
        body["dimensions"] = dimensions
    return body


def _to_cohere(texts: Sequence[str], dimensions: int | None) -> InvokeBody:
    # OpenAI has no input_type; a document is what most clients embed, and queries match it well enough.
    body: CohereBody = {"texts": list(texts), "input_type": "search_document", "truncate": "END"}
    if dimensions is not None:
        body["output_dimension"] = dimensions
    return body


def _to_nova(texts: Sequence[str], dimensions: int | None) -> InvokeBody:
    body: NovaBody = {
        "taskType": "SINGLE_EMBEDDING",
        "singleEmbeddingParams": {
            "embeddingPurpose": "GENERIC_INDEX",
            "text": {"truncationMode": "END", "value": texts[0]},
        },
    }
    if dimensions is not None:
        body["singleEmbeddingParams"]["embeddingDimension"] = dimensions
    return body


def _from_titan(answer: Mapping[str, Any]) -> list[Vector]:
    return [answer["embedding"]]


def _from_cohere(answer: Mapping[str, Any]) -> list[Vector]:
    """v3 answers with a list, v4 with lists by type."""
    embeddings = answer["embeddings"]
    vectors: list[Vector] = embeddings["float"] if isinstance(embeddings, dict) else embeddings
    return vectors


def _from_nova(answer: Mapping[str, Any]) -> list[Vector]:
    return [entry["embedding"] for entry in answer["embeddings"]]


FAMILIES: Final = (
    EmbeddingFamily(
        base_ids=re.compile(r"amazon\.titan-embed-(text-v1|g1-text-02)(:.*)?"),
        texts_per_call=1,
        dimensions=(),
        max_characters=None,
        to_body=_to_titan_v1,
        from_answer=_from_titan,
    ),
    EmbeddingFamily(
        base_ids=re.compile(r"amazon\.titan-embed-text-v2(:.*)?"),
        texts_per_call=1,
        dimensions=(256, 512, 1024),
        max_characters=None,
        to_body=_to_titan_v2,
        from_answer=_from_titan,
    ),
    EmbeddingFamily(
        base_ids=re.compile(r"cohere\.embed-(english|multilingual)-v3(:.*)?"),
        texts_per_call=96,
        dimensions=(),
        # Longer texts are refused before `truncate` is looked at.
        max_characters=2048,
        to_body=_to_cohere,
        from_answer=_from_cohere,
    ),
    EmbeddingFamily(
        base_ids=re.compile(r"cohere\.embed-v4(:.*)?"),
        texts_per_call=96,
        dimensions=(256, 512, 1024, 1536),
        max_characters=None,
        to_body=_to_cohere,
        from_answer=_from_cohere,
    ),
    EmbeddingFamily(
        base_ids=re.compile(r"amazon\.nova-2-multimodal-embeddings-v1(:.*)?"),
        texts_per_call=1,
        dimensions=(256, 384, 1024, 3072),
        max_characters=None,
        to_body=_to_nova,
        from_answer=_from_nova,
    ),
)
