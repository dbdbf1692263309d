from __future__ import annotations

import re
from fnmatch import translate

from hypothesis import given
from hypothesis import strategies as st

from gateway.catalog.globs import matches

# Few letters, so that names and patterns meet often; brackets that do not close among them.
PATTERNS = st.lists(st.text("ab.***?[]!", max_size=7), min_size=1, max_size=3)
NAMES = st.text("ab.\n*[", max_size=6)


@given(PATTERNS, NAMES)
def test_a_name_matches_as_fnmatch_has_it(patterns: list[str], name: str) -> None:
    expected = any(re.fullmatch(translate(pattern), name) for pattern in patterns)
    assert matches(patterns, name) is expected


def test_letters_count_as_they_are_written() -> None:
    assert matches(["a.B*"], "a.Bc")
    assert not matches(["a.B*"], "a.bc")


@given(st.lists(st.text("ab*", max_size=8), min_size=1, max_size=3), st.text("ab", max_size=8))
def test_a_name_matches_stars_as_fnmatch_has_it(patterns: list[str], name: str) -> None:
    assert matches(patterns, name) is any(re.fullmatch(translate(pattern), name) for pattern in patterns)
