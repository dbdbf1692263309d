from __future__ import annotations

import pytest

from admin.routes.dependencies import to_versions
from tenants.errors import InvalidArgument


@pytest.mark.parametrize(
    ("header", "versions"),
    [
        (None, None),
        ("*", None),
        ('"3"', {3}),
        (' "3" , "4" ', {3, 4}),
        ('W/"3"', set()),
        ('"abc", "5"', {5}),
        ('""', set()),
    ],
)
def test_if_match_names_versions_by_strong_entity_tags(header: str | None, versions: set[int] | None) -> None:
    assert to_versions(header) == versions


@pytest.mark.parametrize("header", ["3", "", '"3', '"3" "4"', '"3",', "*, 3"])
def test_what_is_no_list_of_entity_tags_is_refused(header: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        to_versions(header)
    assert refused.value.param == "If-Match"
