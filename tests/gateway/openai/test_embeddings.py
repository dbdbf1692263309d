from __future__ import annotations

import json

import pytest

from gateway.errors import InvalidRequest, UnsupportedParameter
from gateway.openai.chat import ignored_params
from gateway.openai.embeddings import MAX_INPUTS, EmbeddingsRequest, parse_embeddings_request


def parsed(**fields: object) -> EmbeddingsRequest:
    return parse_embeddings_request(json.dumps({"model": "m", **fields}).encode())


def test_one_text_and_several_are_read_alike() -> None:
    assert parsed(input="a").texts == ("a",)
    assert parsed(input=["a", "b"]).texts == ("a", "b")


@pytest.mark.parametrize("tokens", [[1, 2], [[1, 2], [3]]])
def test_token_arrays_are_refused_with_a_way_out(tokens: object) -> None:
    with pytest.raises(UnsupportedParameter, match="array of strings") as caught:
        parsed(input=tokens)
    assert caught.value.param == "input"


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ("", "input"),
        (" \n", "input"),
        ([], "input"),
        (["a", ""], "input[1]"),
        (["a"] * (MAX_INPUTS + 1), "input"),
        (["a", 1], "input[1]"),
        (None, "input"),
        ({"a": 1}, "input"),
    ],
)
def test_input_that_cannot_be_embedded_is_named(given: object, param: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parsed(input=given)
    assert caught.value.param == param


def test_as_many_texts_as_openai_allows_are_accepted() -> None:
    assert len(parsed(input=["a"] * MAX_INPUTS).texts) == MAX_INPUTS


def test_more_texts_are_refused_with_their_number_and_the_cap() -> None:
    with pytest.raises(InvalidRequest, match=r"^'input' has 2049 items; at most 2048 are allowed\.$"):
        parsed(input=["a"] * (MAX_INPUTS + 1))


@pytest.mark.parametrize(("field", "value"), [("dimensions", 0), ("dimensions", "9"), ("encoding_format", "hex")])
def test_a_malformed_field_is_named(field: str, value: object) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parsed(input="a", **{field: value})
    assert caught.value.param == field


def test_what_has_no_effect_is_reported() -> None:
    assert ignored_params(parsed(input="a", user="u", input_type="query")) == ("user", "input_type")
