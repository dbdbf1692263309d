from __future__ import annotations

import struct
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from openai.types import CreateEmbeddingResponse

from gateway.catalog.model import Model
from gateway.errors import BedrockError, InvalidRequest
from gateway.openai.embeddings import EmbeddingsRequest
from gateway.translate.embeddings import Answering, from_invoke, from_invoke_usage, to_invoke
from tenants.usage import NO_TOKENS, TokenCounts

TITAN_V1 = "amazon.titan-embed-text-v1"
TITAN_V2 = "amazon.titan-embed-text-v2:0"
COHERE_V3 = "cohere.embed-english-v3"
COHERE_V4 = "cohere.embed-v4:0"
NOVA = "amazon.nova-2-multimodal-embeddings-v1:0"


@dataclass(frozen=True, slots=True)
class Answer:
    body: Mapping[str, Any]
    input_tokens: int | None


def model(base_id: str) -> Model:
    return Model(name="embed", bedrock_id=base_id, base_id=base_id, default_max_tokens=1)


def asked(*texts: str, dimensions: int | None = None) -> EmbeddingsRequest:
    return EmbeddingsRequest(model="embed", input=texts, dimensions=dimensions)


def recorded_texts(body: Mapping[str, Any]) -> list[str]:
    if "inputText" in body:
        return [body["inputText"]]
    return list(body["texts"]) if "texts" in body else [body["singleEmbeddingParams"]["text"]["value"]]


def recorded_dimensions(body: Mapping[str, Any]) -> int | None:
    nova: Mapping[str, Any] = body.get("singleEmbeddingParams", {})
    found: int | None = body.get("dimensions", body.get("output_dimension", nova.get("embeddingDimension")))
    return found


# Settings that OpenAI's request cannot express, and that recordings vary.
CHOSEN_HERE = {"normalize", "truncate", "truncationMode", "input_type", "embeddingPurpose"}


def without_chosen(body: Any) -> Any:
    if isinstance(body, dict):
        return {key: without_chosen(value) for key, value in body.items() if key not in CHOSEN_HERE}
    return body


def test_every_recorded_embedding_is_asked_for_alike_and_comes_out_valid(
    embedding_calls: list[Mapping[str, Any]],
) -> None:
    for recording in embedding_calls:
        sent, response = recording["request"], recording["response"]
        base_id = sent["model_id"].removeprefix("us.")
        request = asked(*recorded_texts(sent["body"]), dimensions=recorded_dimensions(sent["body"]))
        calls = to_invoke(request, model(base_id))
        assert [without_chosen(body) for body in calls.bodies] == [without_chosen(sent["body"])], recording["file"]
        tokens = int(response["headers"]["x-amzn-bedrock-input-token-count"])
        answers = [Answer(response["body"], tokens)]
        charged = TokenCounts(input_tokens=tokens)
        plainly, packed_in_base64 = (Answering("embed", encoding, charged) for encoding in (None, "base64"))
        listed = CreateEmbeddingResponse.model_validate(from_invoke(calls, answers, plainly), strict=True)
        assert len(listed.data) == len(request.texts)
        assert listed.usage.prompt_tokens == listed.usage.total_tokens == tokens
        encoded = from_invoke(calls, answers, packed_in_base64)["data"]
        for plain, packed in zip(listed.data, encoded, strict=True):
            assert isinstance(packed["embedding"], str)
            unpacked = struct.unpack(f"<{len(plain.embedding)}f", b64decode(packed["embedding"]))
            assert unpacked == pytest.approx(plain.embedding, rel=1e-6)
    print(f"{len(embedding_calls)} recorded embedding calls")  # noqa: T201 - how much was tried, shown by -s


@pytest.mark.parametrize("base_id", [TITAN_V1, TITAN_V2, NOVA])
def test_models_of_one_text_get_a_call_for_each_in_order(base_id: str) -> None:
    calls = to_invoke(asked("a", "b"), model(base_id))
    assert [recorded_texts(body) for body in calls.bodies] == [["a"], ["b"]]


@pytest.mark.parametrize("base_id", [COHERE_V3, COHERE_V4])
def test_cohere_gets_batches_of_96_in_order(base_id: str) -> None:
    texts = [str(i) for i in range(200)]
    calls = to_invoke(asked(*texts), model(base_id))
    batches = [recorded_texts(body) for body in calls.bodies]
    assert [len(batch) for batch in batches] == [96, 96, 8]
    assert [text for batch in batches for text in batch] == texts


def test_vectors_come_back_in_the_order_of_the_texts_across_calls() -> None:
    calls = to_invoke(asked("a", "b"), model(TITAN_V2))
    answers = [
        Answer({"embedding": [1.0], "inputTextTokenCount": 2}, None),
        Answer({"embedding": [2.0]}, 3),
    ]
    listed = from_invoke(calls, answers, Answering("embed", "float", TokenCounts(input_tokens=5)))
    assert [(e["index"], e["embedding"]) for e in listed["data"]] == [(0, [1.0]), (1, [2.0])]
    assert listed["usage"] == {"prompt_tokens": 5, "total_tokens": 5}


def test_usage_without_any_count_is_unknown_and_not_zero() -> None:
    assert from_invoke_usage([Answer({}, 3), Answer({}, None)]) is None
    assert from_invoke_usage([Answer({"inputTextTokenCount": 9}, 3)]) == TokenCounts(input_tokens=3)


@pytest.mark.parametrize(
    ("base_id", "offered"),
    [(TITAN_V2, (256, 512, 1024)), (COHERE_V4, (256, 512, 1024, 1536)), (NOVA, (256, 384, 1024, 3072))],
)
def test_dimensions_are_passed_on_where_the_model_offers_them(base_id: str, offered: tuple[int, ...]) -> None:
    for dimensions in offered:
        (body,) = to_invoke(asked("a", dimensions=dimensions), model(base_id)).bodies
        assert recorded_dimensions(body) == dimensions


@pytest.mark.parametrize(("base_id", "told"), [(TITAN_V1, "fixed"), (COHERE_V3, "fixed"), (TITAN_V2, "256, 512, 1024")])
def test_dimensions_that_a_model_does_not_offer_are_named(base_id: str, told: str) -> None:
    with pytest.raises(InvalidRequest, match=told) as caught:
        to_invoke(asked("a", dimensions=300), model(base_id))
    assert caught.value.param == "dimensions"


def test_a_text_too_long_for_cohere_v3_is_named() -> None:
    with pytest.raises(InvalidRequest, match="2049 characters") as caught:
        to_invoke(asked("a", "b" * 2049), model(COHERE_V3))
    assert caught.value.param == "input[1]"


def test_a_model_that_embeds_nothing_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="cannot create embeddings") as caught:
        to_invoke(asked("a"), model("anthropic.claude-3-haiku-20240307-v1:0"))
    assert caught.value.param == "model"


def test_an_answer_with_too_few_vectors_is_an_error_and_never_a_short_list() -> None:
    calls = to_invoke(asked("a", "b"), model(COHERE_V3))
    with pytest.raises(BedrockError, match="1 vectors for 2 texts"):
        from_invoke(calls, [Answer({"embeddings": [[1.0]]}, 1)], Answering("embed", None, NO_TOKENS))
