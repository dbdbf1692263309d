from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.audit_chain import (
    DOMAIN,
    WITNESS_EVERY,
    Head,
    canonical_text,
    entry_hash,
    head_of,
    heads_seen,
    is_witness,
    latest_heads,
    linked,
)
from tests.tenants.audit_rows import a_chain, an_entry, head_at

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.one_of(TEXT, st.integers())
ROWS = st.dictionaries(TEXT, VALUES)
OTHER_HEAD = Head("wr_2", 7, "ab" * 32, 5)


def test_the_hash_is_what_anybody_can_compute_from_the_documented_text() -> None:
    row = {"pk": "2026-11", "sk": "audit_1", "hash": "x", "b": "ü\n", "a": 1}
    assert canonical_text(row) == '{"a":1,"b":"ü\\n"}'.encode()
    assert entry_hash(row) == hashlib.sha256(DOMAIN + '{"a":1,"b":"ü\\n"}'.encode()).hexdigest()


@given(ROWS, TEXT, VALUES)
def test_every_attribute_is_covered(row: dict[str, Any], name: str, value: str | int) -> None:
    changed = {**row, name: value}
    same = name in ("pk", "sk", "hash") or (name in row and row[name] == value)
    assert (entry_hash(changed) == entry_hash(row)) is same


@given(ROWS)
def test_the_order_of_attributes_does_not_matter(row: dict[str, Any]) -> None:
    assert entry_hash(dict(reversed(row.items()))) == entry_hash(row)


@pytest.mark.parametrize("value", [1.5, None, b"x", {"a": 1}, {"a"}, ["a"], "\ud800"])
def test_an_attribute_of_another_kind_has_a_hash_too(value: object) -> None:
    assert entry_hash({"a": value}) != entry_hash({"a": "b"})


def test_a_chain_begins_with_number_one_and_nothing_before_it() -> None:
    entry = linked(an_entry(1), "wr_1", None)
    assert (entry["writer"], entry["number"], "previous" in entry, "seen" in entry) == ("wr_1", 1, False, False)
    assert entry["hash"] == entry_hash(entry)


def test_each_entry_holds_the_hash_of_the_one_before() -> None:
    first, second = a_chain("wr_1", 2)
    assert (second["number"], second["previous"]) == (2, first["hash"])


def test_a_witness_holds_the_heads_it_saw() -> None:
    entry = linked(an_entry(1), "wr_1", None, [OTHER_HEAD])
    assert heads_seen(entry) == [OTHER_HEAD]
    assert heads_seen(an_entry(1)) == []


@pytest.mark.parametrize("seen", ["", "{", "1", "[1]", '[["wr_1"]]', '[["wr_1","x","y",1]]', 5, None])
def test_what_is_no_list_of_heads_holds_none(seen: object) -> None:
    assert heads_seen({"seen": seen}) == []


@pytest.mark.parametrize(
    "changes", [{"writer": 5}, {"number": "1"}, {"number": None}, {"hash": 1}, {"at_ms": "now"}, {"writer": None}]
)
def test_an_entry_without_a_proper_place_has_no_place(changes: dict[str, Any]) -> None:
    assert head_of({**linked(an_entry(1), "wr_1", None), **changes}) is None


def test_the_head_of_a_chain_is_its_highest_number_in_whatever_order() -> None:
    one, other = a_chain("wr_1", 3), a_chain("wr_2", 2, first=10)
    heads = latest_heads([one[1], other[1], one[2], other[0], one[0], an_entry(50)])
    assert heads == {"wr_1": head_at(one), "wr_2": head_at(other)}


def test_the_first_entry_is_a_witness_and_each_twentieth_after_it() -> None:
    assert [number for number in range(1, 45) if is_witness(number)] == [1, 1 + WITNESS_EVERY, 1 + 2 * WITNESS_EVERY]
