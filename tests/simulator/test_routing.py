from __future__ import annotations

import pytest

from simulator.routing import Route, find_route


@pytest.mark.parametrize(
    ("path", "model_id"),
    [
        ("/model/amazon.nova-lite-v1%3A0/converse", "amazon.nova-lite-v1:0"),
        ("/model/amazon.nova-lite-v1:0/converse", "amazon.nova-lite-v1:0"),
        ("/model/arn%3Aaws%3Abedrock%3A%3A%3Afoundation-model%2Fm/converse", "arn:aws:bedrock:::foundation-model/m"),
    ],
)
def test_model_ids_are_read_however_they_are_escaped(path: str, model_id: str) -> None:
    assert find_route("POST", path) == Route("Converse", model_id)


def test_an_unescaped_slash_or_another_method_is_no_operation() -> None:
    assert find_route("POST", "/model/arn:aws:bedrock:::foundation-model/m/converse") is None
    assert find_route("GET", "/model/m/converse") is None
