from __future__ import annotations

import pytest

from admin.identifiers import PROJECT, SERVICE_ACCOUNT, require
from tenants.errors import NotFound


def test_an_id_of_the_right_shape_passes_unchanged() -> None:
    assert require(PROJECT, "project")("proj_0Az9") == "proj_0Az9"
    assert require(SERVICE_ACCOUNT, "service account")("svc_acct_1") == "svc_acct_1"


@pytest.mark.parametrize(
    "text", ["", "proj_", "proj", "key_1", "proj_1#KEY", "proj_1\n", "proj_ä", "proj_" + "1" * 65, " proj_1"]
)
def test_any_other_text_is_not_found(text: str) -> None:
    with pytest.raises(NotFound):
        require(PROJECT, "project")(text)


def test_an_absurdly_long_id_is_not_repeated_in_full() -> None:
    with pytest.raises(NotFound) as refused:
        require(PROJECT, "project")("x" * 100_000)
    assert len(refused.value.message) < 200
