from __future__ import annotations

import pytest
from pydantic import ValidationError

from admin.schemas.wire import ListedObject, ListPage, Name, PageQuery, RequestBody


class Named(RequestBody):
    name: Name


def test_a_page_names_its_first_and_last_object() -> None:
    page = ListPage[ListedObject].of([ListedObject(id="a"), ListedObject(id="b")], has_more=True)
    assert (page.first_id, page.last_id, page.has_more) == ("a", "b", True)


def test_an_empty_page_names_none() -> None:
    page = ListPage[ListedObject].of([], has_more=False)
    assert (page.first_id, page.last_id) == (None, None)


def test_a_name_loses_the_blanks_around_it() -> None:
    assert Named(name=" a b ").name == "a b"


@pytest.mark.parametrize("name", ["", " \t", "x" * 257, "\ud800"])
def test_a_name_says_something_and_not_too_much(name: str) -> None:
    with pytest.raises(ValidationError):
        Named(name=name)


@pytest.mark.parametrize("after", ["", "a#b", "￿", "x" * 129, "a\n"])
def test_a_cursor_is_made_of_an_ids_characters(after: str) -> None:
    with pytest.raises(ValidationError):
        PageQuery(after=after)
