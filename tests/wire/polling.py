"""Waits for a condition, and never for a time: what is waited for is asked for again and again, up to a bound."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 30.0
_PAUSE_SECONDS = 0.02


def eventually(probe: Callable[[], T], accept: Callable[[T], bool], patience_seconds: float = PATIENCE_SECONDS) -> T:
    """The first value of `probe` that `accept` takes. Fails the test with the last value when patience is over."""
    deadline = time.monotonic() + patience_seconds
    while True:
        value = probe()
        if accept(value):
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience_seconds:g} s; last seen: {value!r}")
        time.sleep(_PAUSE_SECONDS)
