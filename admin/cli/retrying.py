"""When a call is tried again, and after how long. Pure."""

from __future__ import annotations

from collections.abc import Mapping

MOST_ATTEMPTS = 4
LONGEST_WAIT_SECONDS = 60.0

_FIRST_WAIT_SECONDS = 0.5
_TEMPORARY = frozenset({429, 500, 502, 503, 504})


def wait_after(status: int, headers: Mapping[str, str], attempt: int, jitter: float) -> float | None:
    """Seconds until the next attempt, None for no other one. `attempt` counts from 1; `jitter` is 0 to 1.

    The gateway's word counts first: `x-should-retry`, then `retry-after-ms` and `retry-after`, as for OpenAI's SDKs. A
    wait of more than LONGEST_WAIT_SECONDS is nothing to sit out at a prompt.
    """
    should = headers.get("x-should-retry")
    if attempt >= MOST_ATTEMPTS or should == "false" or (should != "true" and status not in _TEMPORARY):
        return None
    told = _told_seconds(headers)
    wait = backoff(attempt, jitter) if told is None else told
    return wait if wait <= LONGEST_WAIT_SECONDS else None


def backoff(attempt: int, jitter: float) -> float:
    """Doubling seconds, between half and all of them: many who were refused at once do not come back at once."""
    return float(_FIRST_WAIT_SECONDS * 2 ** (attempt - 1) * (1 + jitter) / 2)


def _told_seconds(headers: Mapping[str, str]) -> float | None:
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        text = headers.get(name, "")
        if text.isascii() and text.replace(".", "", 1).isdigit():
            return float(text) * unit
    return None
