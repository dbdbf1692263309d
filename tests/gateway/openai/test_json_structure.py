from __future__ import annotations

import json

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.openai.json_structure import (
    MAX_CONTAINERS,
    MAX_NESTING,
    StructureTooLarge,
    check_structure,
    count_containers,
    most_containers,
)

# Strings of what decides where a string ends, and of what must not be counted inside one.
tricky_texts = st.text(st.sampled_from('"\\[]{}\n,:aé'), max_size=8)
json_values = st.recursive(
    st.none() | st.booleans() | tricky_texts,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(tricky_texts, children, max_size=4),
    max_leaves=20,
)


def containers_in(value: object) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(containers_in, value.values()))
    return 1 + sum(map(containers_in, value)) if isinstance(value, list) else 0


@given(json_values)
def test_objects_and_arrays_are_counted_exactly_whatever_the_strings_hold(value: object) -> None:
    for text in (json.dumps(value).encode(), orjson.dumps(value)):
        assert count_containers(text) == containers_in(value)
        assert most_containers(text) >= containers_in(value)


@given(st.lists(tricky_texts), st.integers(MAX_NESTING - 2, MAX_NESTING + 2))
def test_levels_are_counted_exactly_whatever_the_strings_hold(texts: list[str], levels: int) -> None:
    value: object = texts
    for _ in range(levels - 2):
        value = {"a": value}
    text = orjson.dumps([value, *texts])
    if levels > MAX_NESTING:
        with pytest.raises(StructureTooLarge, match="deeper than 128 levels"):
            check_structure(text)
    else:
        check_structure(text)


@pytest.mark.parametrize(
    "text",
    [
        b"[" + b"[]," * MAX_CONTAINERS + b"[]]",
        b"[" + b'{"a":1},' * MAX_CONTAINERS + b"{}]",
        b"[" + b'["["],' * MAX_CONTAINERS + b"[]]",
        b"[" + b'["[",{}],' * MAX_CONTAINERS * 4 + b"[]]",
    ],
)
def test_too_many_objects_and_arrays_are_refused(text: bytes) -> None:
    with pytest.raises(StructureTooLarge, match="more than 200000 objects and arrays"):
        check_structure(text)


@pytest.mark.parametrize(
    "text",
    [
        b"[" + b"[]," * (MAX_CONTAINERS - 2) + b"[]]",
        b'["' + b"{[" * MAX_CONTAINERS + b'"]',
        b"[" + b'"[",' * MAX_CONTAINERS * 4 + b'""]',
        b'["' + b'\\"[{' * MAX_CONTAINERS + b'"]',
    ],
)
def test_brackets_in_strings_and_wide_arrays_are_no_reason_to_refuse(text: bytes) -> None:
    check_structure(text)


@given(st.binary() | st.text(st.sampled_from('"\\[]{}')).map(str.encode))
def test_a_text_that_is_no_json_is_left_to_its_parser(text: bytes) -> None:
    check_structure(b"[]" * MAX_NESTING + b"]" + text)
