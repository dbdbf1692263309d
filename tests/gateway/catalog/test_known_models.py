from __future__ import annotations

from gateway.catalog.capabilities import Capabilities, Reasoning
from gateway.catalog.known_models import DEFAULT_MAX_TOKENS, NOTHING_KNOWN, KnownModels, Row

ARN = "arn:aws:bedrock:us-east-1:123456789012:imported-model/a1b2c3"


def test_a_model_that_no_row_knows_is_expected_to_do_what_most_can() -> None:
    assert NOTHING_KNOWN.capabilities_of("x.y") == Capabilities()
    assert KnownModels([Row(("a.*",), {"tools": False})]).capabilities_of("b.x") == Capabilities()


def test_every_row_that_matches_applies_and_a_later_one_wins_field_by_field() -> None:
    known = KnownModels(
        [
            Row(("a.*",), {"tools": False, "images": False, "sampling": "none"}),
            Row(("b.*", "a.new-*"), {"tools": True, "sampling": "one_of"}),
            Row(("*.new-x",), {"sampling": "both"}),
        ]
    )
    newest = known.capabilities_of("a.new-x")
    assert (newest.tools, newest.images, newest.sampling) == (True, False, "both")
    older = known.capabilities_of("a.old")
    assert (older.tools, older.images, older.sampling) == (False, False, "none")


def test_reasoning_is_one_field() -> None:
    known = KnownModels(
        [
            Row(("a.*",), {"reasoning": Reasoning("budget", signed=True)}),
            Row(("a.b",), {"reasoning": Reasoning("adaptive")}),
        ]
    )
    assert known.capabilities_of("a.b").reasoning == Reasoning("adaptive")


def test_without_a_limit_a_model_is_asked_for_8192_tokens_or_the_most_it_gives_out() -> None:
    known = KnownModels(
        [
            Row(("*",), {"max_output_tokens": 100_000}),
            Row(("small",), {"max_output_tokens": 2048}),
            Row(("own",), {"default_max_tokens": 20_000}),
            Row(("modest",), {"default_max_tokens": 20_000, "max_output_tokens": 10_000}),
        ]
    )
    defaults = {name: known.capabilities_of(name).default_max_tokens for name in ("large", "small", "own", "modest")}
    assert defaults == {"large": DEFAULT_MAX_TOKENS, "small": 2048, "own": 20_000, "modest": 10_000}


def test_patterns_are_matched_whole_and_letters_as_they_are_written() -> None:
    known = KnownModels([Row(("a.b?", "a.c[12]"), {"tools": False})])
    matched = [name for name in ("a.b1", "a.c2", "a.b", "a.b12", "a.c3", "A.B1", "x.a.b1") if known.knows(name)]
    assert matched == ["a.b1", "a.c2"]


def test_a_row_is_matched_against_the_whole_arn_as_well() -> None:
    known = KnownModels([Row((ARN,), {"tools": False})])
    assert not known.capabilities_of("a1b2c3", ARN).tools
    assert known.capabilities_of("a1b2c3").tools


def test_a_model_that_is_like_another_can_what_that_one_can_but_for_what_is_said_of_it() -> None:
    known = KnownModels(
        [
            Row(("a.big",), {"max_output_tokens": 64_000, "images": False}),
            Row(("*",), {"stop_sequences": False}),
            Row((ARN,), {"max_output_tokens": 9000}, like="a.big"),
        ]
    )
    alike = known.capabilities_of("a1b2c3", ARN)
    assert (alike.max_output_tokens, alike.images, alike.stop_sequences) == (9000, False, False)


def test_models_that_are_like_each_other_lead_to_no_end_of_looking() -> None:
    known = KnownModels([Row(("a",), {"tools": False}, like="b"), Row(("b",), {"images": False}, like="a")])
    assert not known.capabilities_of("a").tools
    assert not known.capabilities_of("b").images
