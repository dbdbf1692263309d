from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from admin.schemas.text import Email, Name

NAME: TypeAdapter[str] = TypeAdapter(Name)
EMAIL: TypeAdapter[str] = TypeAdapter(Email)

UNPRINTABLE = {
    "a line break": "\n",
    "NUL": "\x00",
    "escape": "\x1b",
    "a control of Latin-1": "\x9b",
    "soft hyphen": "\u00ad",
    "zero-width space": "\u200b",
    "right-to-left override": "\u202e",
    "byte order mark": "\ufeff",
    "a tag": "\U000e0041",
    "line separator": "\u2028",
    "paragraph separator": "\u2029",
    "private use": "\ue000",
    "no character": "\uffff",
    "unassigned": "\u0378",
}


def message_of(refused: pytest.ExceptionInfo[ValidationError]) -> str:
    return refused.value.errors()[0]["msg"]


@pytest.mark.parametrize(
    "name", ["a", "7", "-", "Team Ä", "山田\u3000太郎", "e\u0301", "علي", "हिन्दी", "R&D (EU)", "🚀", "a\u00a0b"]
)
def test_a_name_in_any_script_passes_unchanged(name: str) -> None:
    assert NAME.validate_python(name) == name


def test_a_name_loses_the_blanks_around_it() -> None:
    assert NAME.validate_python(" a b\n") == "a b"


@pytest.mark.parametrize("name", ["", " \t", "x" * 257, "\ud800"])
def test_a_name_says_something_and_not_too_much(name: str) -> None:
    with pytest.raises(ValidationError):
        NAME.validate_python(name)


@pytest.mark.parametrize("character", UNPRINTABLE.values(), ids=UNPRINTABLE.keys())
def test_an_unprintable_character_is_refused_by_its_code_point(character: str) -> None:
    for adapter, text in ((NAME, f"a{character}b"), (EMAIL, f"a{character}@example.org")):
        with pytest.raises(ValidationError) as refused:
            adapter.validate_python(text)
        if not (adapter is EMAIL and character.isspace()):  # blanks in an address are refused by its pattern
            assert message_of(refused).endswith(f"holds U+{ord(character):04X}")
        assert character not in message_of(refused)


@pytest.mark.parametrize("name", ["\u2800", "\u3164", "\u115f\u1160", "\uffa0", "\u0301", "\ufe0f", "\u2800 \u2800"])
def test_a_name_that_looks_blank_is_refused(name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        NAME.validate_python(name)
    assert "can be seen" in message_of(refused)


def test_an_address_of_other_scripts_passes_unchanged() -> None:
    assert EMAIL.validate_python("jürgen@bücher.example") == "jürgen@bücher.example"


@pytest.mark.parametrize("text", ["", "a", "@", "a@", "@b", "a@b@c", "a b@c", "x" * 320 + "@b"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        EMAIL.validate_python(text)
