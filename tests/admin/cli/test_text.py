from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin.cli.text import ELLIPSIS, escape_in_json, fitted, printable, width_of


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("a\rb", "a\\x0db"),
        ("\x9b31m", "\\x9b31m"),
        ("\u202eltr", "\\u202eltr"),
        ("Ana\u00efs 田中", "Ana\u00efs 田中"),
    ],
)
def test_what_could_drive_a_terminal_is_escaped_and_names_are_not(hostile: str, shown: str) -> None:
    assert printable(hostile) == shown


def test_json_on_a_terminal_is_the_same_json_and_drives_nothing() -> None:
    value = {"name": "a\x9b31mb\u202ec\u2028d", "other": ["\x7f", "田"]}
    document = json.dumps(value, ensure_ascii=False, indent=2)
    shown = escape_in_json(document)
    assert json.loads(shown) == value
    assert printable(shown.replace("\n", "")) == shown.replace("\n", "")


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("田中", 4), ("e\u0301", 1), ("", 0)])
def test_width_is_in_columns_of_a_terminal(text: str, width: int) -> None:
    assert width_of(text) == width


@given(st.text(), st.integers(min_value=1, max_value=40))
def test_a_fitted_text_never_takes_more_columns_than_it_may(text: str, width: int) -> None:
    shown = fitted(text, width)
    assert width_of(shown) <= width
    assert shown == text or shown.endswith(ELLIPSIS)
