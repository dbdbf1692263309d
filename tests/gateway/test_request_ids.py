from __future__ import annotations

import os
import re

from gateway.request_ids import RequestIds

NOW_MS = 1_795_132_800_000


def test_an_id_is_req_and_sixteen_base62_characters() -> None:
    assert re.fullmatch(r"req_[0-9A-Za-z]{16}", RequestIds(lambda: NOW_MS, os.urandom).new())


def test_ids_of_one_millisecond_differ() -> None:
    ids = RequestIds(lambda: NOW_MS, os.urandom)
    assert len({ids.new() for _ in range(2000)}) == 2000


def test_later_ids_sort_later() -> None:
    now_ms = NOW_MS
    ids = RequestIds(lambda: now_ms, os.urandom)
    made = []
    for _ in range(200):
        now_ms += 1
        made.append(ids.new())
    assert made == sorted(made)


def test_randomness_is_drawn_for_many_ids_at_once_and_never_used_twice() -> None:
    drawn: list[int] = []

    def randomness(size: int) -> bytes:
        drawn.append(size)
        return os.urandom(size)

    ids = RequestIds(lambda: NOW_MS, randomness)
    for _ in range(300):
        ids.new()
    assert len(drawn) == 2
    assert sum(drawn) >= 300 * 9
