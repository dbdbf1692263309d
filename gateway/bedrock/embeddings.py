"""Bodies of InvokeModel for embedding models, as recorded: types only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NotRequired, Protocol, TypedDict


class TitanV1Body(TypedDict):
    inputText: str


class TitanV2Body(TypedDict):
    inputText: str
    dimensions: NotRequired[int]
    normalize: bool


class CohereBody(TypedDict):
    """At most 96 texts. `output_dimension` from v4 on."""

    texts: list[str]
    input_type: Literal["search_document", "search_query", "classification", "clustering"]
    truncate: Literal["NONE", "START", "END"]
    output_dimension: NotRequired[int]


class NovaText(TypedDict):
    truncationMode: Literal["NONE", "START", "END"]
    value: str


class NovaParams(TypedDict):
    embeddingPurpose: str
    embeddingDimension: NotRequired[int]
    text: NovaText


class NovaBody(TypedDict):
    taskType: Literal["SINGLE_EMBEDDING"]
    singleEmbeddingParams: NovaParams


InvokeBody = TitanV1Body | TitanV2Body | CohereBody | NovaBody


class EmbeddingAnswer(Protocol):
    """One InvokeModel answer, as the client's `InvokeAnswer` is: its JSON, and the number in its header
    `x-amzn-bedrock-input-token-count`, None where there was none. A protocol, so that translation needs no client."""

    @property
    def body(self) -> Mapping[str, Any]: ...

    @property
    def input_tokens(self) -> int | None: ...
