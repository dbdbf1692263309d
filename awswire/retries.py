"""How often, and for how long, a request is tried again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`attempts` counts the first one. No attempt begins later than `deadline_seconds` after the first one.

    Waits are drawn with full jitter: uniformly from 0 to a ceiling that begins at `first_pause_seconds` and doubles
    up to `longest_pause_seconds` (AWS Architecture Blog, "Exponential Backoff And Jitter").
    """

    attempts: int = 4
    deadline_seconds: float = 5.0
    first_pause_seconds: float = 0.05
    longest_pause_seconds: float = 1.0


@dataclass(frozen=True, slots=True)
class Timing:
    """What waiting depends on, to be given by a composition root: `time.monotonic`, `asyncio.sleep`, `random.random`.

    `uniform` gives numbers from 0 to 1.
    """

    monotonic: Callable[[], float]
    sleep: Callable[[float], Awaitable[object]]
    uniform: Callable[[], float]


class Attempts:
    """The attempts of one request: `while True: try once; if not await attempts.wait(): give up`."""

    def __init__(self, policy: RetryPolicy, timing: Timing) -> None:
        self._policy = policy
        self._timing = timing
        self._made = 0
        self._deadline = timing.monotonic() + policy.deadline_seconds

    async def wait(self) -> bool:
        """Waits before the next attempt. False, at once, when attempts or time are used up."""
        policy = self._policy
        self._made += 1
        if self._made >= policy.attempts:
            return False
        ceiling_seconds = min(policy.longest_pause_seconds, policy.first_pause_seconds * 2.0 ** (self._made - 1))
        pause_seconds = ceiling_seconds * self._timing.uniform()
        if self._timing.monotonic() + pause_seconds > self._deadline:
            return False
        await self._timing.sleep(pause_seconds)
        return True
