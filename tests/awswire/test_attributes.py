from __future__ import annotations

from typing import Any

import pytest
from boto3.dynamodb.types import TypeSerializer
from hypothesis import given
from hypothesis import strategies as st

from awswire.attributes import from_attribute, from_attributes, to_attribute, to_attributes

texts = st.text(st.characters(exclude_categories=["Cs"]))
integers = st.integers(-(10**38) + 1, 10**38 - 1)
leaves = st.one_of(texts, integers, st.booleans(), st.none(), st.binary(), st.sets(texts, min_size=1))
values = st.recursive(leaves, lambda inner: st.one_of(st.lists(inner), st.dictionaries(texts, inner)), max_leaves=12)


@given(st.dictionaries(texts, values))
def test_what_is_written_is_read_back(item: dict[str, Any]) -> None:
    assert from_attributes(to_attributes(item)) == item


@given(st.recursive(st.one_of(texts, integers, st.booleans(), st.none()), st.lists, max_leaves=6))
def test_values_are_typed_as_boto3_types_them(value: Any) -> None:
    assert to_attribute(value) == TypeSerializer().serialize(value)


def test_booleans_are_not_numbers_and_bytes_are_base64() -> None:
    assert to_attributes({"on": True, "blob": b"\xff", "names": {"b", "a"}, "pair": (1, "x")}) == {
        "on": {"BOOL": True},
        "blob": {"B": "/w=="},
        "names": {"SS": ["a", "b"]},
        "pair": {"L": [{"N": "1"}, {"S": "x"}]},
    }


@pytest.mark.parametrize("value", [1.5, 1.0, {1, 2}, object(), [0.1], {"a": float("nan")}])
def test_floats_and_foreign_types_are_refused(value: Any) -> None:
    with pytest.raises(TypeError):
        to_attribute(value)


def test_an_empty_set_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        to_attribute(set())


@pytest.mark.parametrize("attribute", [{"N": "1.5"}, {"NS": ["1"]}, {}, {"S": "a", "N": "1"}, {"B": "no base64!"}])
def test_attributes_that_are_never_written_are_refused(attribute: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r".+"):
        from_attribute(attribute)
