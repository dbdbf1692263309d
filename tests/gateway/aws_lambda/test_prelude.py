from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from gateway.aws_lambda.prelude import DELIMITER, MOST_BYTES, to_prelude

HEADERS = st.lists(st.tuples(st.binary(min_size=1, max_size=20), st.binary(max_size=6_000)), max_size=8)


@given(HEADERS)
def test_a_prelude_is_json_up_to_the_first_nul_and_short_enough_for_every_door(
    headers: list[tuple[bytes, bytes]],
) -> None:
    prelude = to_prelude(200, headers)
    told, delimiter, rest = prelude.partition(DELIMITER)
    assert (delimiter, rest) == (DELIMITER, b"")
    assert b"\0" not in told
    assert json.loads(told)["statusCode"] == 200
    assert len(prelude) <= MOST_BYTES or not json.loads(told)["headers"]


def test_a_repeated_header_becomes_one() -> None:
    prelude = to_prelude(200, [(b"Vary", b"origin"), (b"vary", b"accept")])
    assert json.loads(prelude.removesuffix(DELIMITER))["headers"] == {"vary": "origin, accept"}


def test_of_headers_that_are_too_long_the_longest_is_left_out() -> None:
    prelude = to_prelude(200, [(b"x-long", b"a" * 20_000), (b"content-type", b"text/plain")])
    assert json.loads(prelude.removesuffix(DELIMITER))["headers"] == {"content-type": "text/plain"}
