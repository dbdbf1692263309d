from __future__ import annotations

import pytest
from pydantic import ValidationError

from admin.schemas.wire import ListedObject, ListPage, PageQuery


def test_a_page_names_its_first_and_last_object() -> None:
    page = ListPage[ListedObject].of([ListedObject(id="a"), ListedObject(id="b")], has_more=True)
    assert (page.first_id, page.last_id, page.has_more) == ("a", "b", True)


def test_an_empty_page_names_none() -> None:
    page = ListPage[ListedObject].of([], has_more=False)
    assert (page.first_id, page.last_id) == (None, None)


@pytest.mark.parametrize("after", ["", "a#b", "￿", "x" * 129, "a\n"])
def test_a_cursor_is_made_of_an_ids_characters(after: str) -> None:
    with pytest.raises(ValidationError):
        PageQuery(after=after)
