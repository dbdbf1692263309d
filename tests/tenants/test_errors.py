from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tenants.errors import redact


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("sk-sluice_" + "a" * 46 + "wxyz", "sk-sluice_...wxyz"),
        ("sk-sluice-admin_" + "a" * 46 + "wxyz", "sk-sluice-admin_...wxyz"),
        ("sk-proj-" + "a" * 40 + "wxyz", "sk-...wxyz"),
        ("Bearer " + "a" * 40 + "wxyz", "...wxyz"),
        ("hunter2", "*******"),
        ("", ""),
    ],
)
def test_a_redacted_key_shows_its_prefix_and_last_four_characters(text: str, shown: str) -> None:
    assert redact(text) == shown


@given(st.text(max_size=15))
def test_nothing_of_a_short_text_is_shown(text: str) -> None:
    assert redact(text) == "*" * len(text)


@given(st.text(min_size=16, max_size=200))
def test_no_more_than_prefix_and_four_characters_are_shown(text: str) -> None:
    shown = redact(text)
    assert shown.endswith(text[-4:])
    assert shown.removesuffix(text[-4:]) in ("...", "sk-...", "sk-sluice_...", "sk-sluice-admin_...")
