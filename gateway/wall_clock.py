"""The real clock, which composition roots and entry points give to those who need one."""

from __future__ import annotations

import time


def clock_ms() -> int:
    """Wall time in Unix milliseconds."""
    return time.time_ns() // 1_000_000
