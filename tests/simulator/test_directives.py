from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

import simulator.directives
from simulator.directives import NONE, Directives, from_body, from_words, merge, split_text
from simulator.refusals import Refused


def test_markers_are_read_and_cut_out_of_the_text() -> None:
    text, directives = split_text("tell me [[sim:tokens=100 first_ms=300 gap_ms=10]] a story [[sim:no_metadata]]")
    assert text == "tell me a story"
    assert (directives.tokens, directives.first_ms, directives.gap_ms) == (100, 300.0, 10.0)
    assert directives.no_metadata


def test_text_without_markers_asks_nothing() -> None:
    assert split_text("[sim] plain") == ("[sim] plain", NONE)


def test_quoted_values_may_hold_spaces() -> None:
    assert from_words('reply="two words"').reply == "two words"
    assert from_body(rb'{"inputText":"x [[sim:throttle message=\"slow down\"]]"}').message == "slow down"


@pytest.mark.parametrize("words", ["unknown", "tokens=many", "error=NoSuchException", "writes=sideways", 'reply="open'])
def test_a_directive_that_is_not_understood_is_refused_and_never_ignored(words: str) -> None:
    with pytest.raises(Refused, match="not understood"):
        from_words(words)


def test_stream_errors_take_either_spelling_and_go_out_in_lower_camel_case() -> None:
    assert from_words("stream_error=ThrottlingException") == from_words("stream_error=throttlingException")
    assert from_words("stream_error=ThrottlingException").stream_error == "throttlingException"


@pytest.mark.parametrize(
    ("kind", "text"), [("", "Too many requests"), ("tokens", "Too many tokens,"), ("day", "per day")]
)
def test_each_throttle_has_its_own_text(kind: str, text: str) -> None:
    refusal = from_words(f"throttle={kind}").find_refusal()
    assert refusal is not None
    assert refusal.status == 429
    assert text in refusal.message


def test_the_second_of_two_sets_wins_where_both_speak() -> None:
    merged = merge(from_words("tokens=5 gap_ms=1"), from_words("tokens=7"))
    assert (merged.tokens, merged.gap_ms) == (7, 1.0)


def test_every_directive_is_documented() -> None:
    readme = Path(simulator.directives.__file__).with_name("README.md").read_text()
    undocumented = [field.name for field in fields(Directives) if not re.search(rf"[` ]{field.name}[=` ]", readme)]
    assert undocumented == []
