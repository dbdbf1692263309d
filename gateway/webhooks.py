"""Signed webhooks: delivered in the background, in order, tried again for a while, and never waited for."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from awswire.retries import Attempts, RetryPolicy, Timing

if TYPE_CHECKING:  # a fifth of the time that the whole gateway takes to import, and many have no webhook
    import aiohttp

logger = logging.getLogger("sluice.alerts")

SIGNATURE_HEADER: Final = "x-sluice-signature"
RETRIES: Final = RetryPolicy(attempts=12, deadline_seconds=900.0, first_pause_seconds=1.0, longest_pause_seconds=120.0)
"""Of each message, from when it was offered: an endpoint that is redeployed is waited for, one that is gone is not."""

_ATTEMPT_SECONDS: Final = 10.0
_WORTH_REPEATING: Final = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Message:
    """`id` is for the log, and for the receiver to know a message again that comes twice. `delivered` is called once it
    was taken; it may not wait."""

    id: str
    body: bytes
    delivered: Callable[[], None] | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Endpoint:
    """Where messages go. It is the operator's own, so that it may be on a private network."""

    url: str
    secret: bytes


@dataclass(frozen=True, slots=True)
class _Waiting:
    message: Message
    attempts: Attempts


def to_signature(secret: bytes, at_seconds: int, body: bytes) -> str:
    """`t=<seconds>,v1=<hex>`: HMAC-SHA256, under the secret, of the seconds, a dot, and the body. Pure.

    The time is signed, so that a receiver can refuse a message that somebody recorded and sends again later.
    """
    digest = hmac.new(secret, b"%d." % at_seconds + body, hashlib.sha256).hexdigest()
    return f"t={at_seconds},v1={digest}"


class Webhooks:
    """Posts messages to one endpoint, one at a time. Start it once, close it at the end.

    `clock_ms` is wall time in milliseconds. `count` is told what became of each message: `delivered` or `lost`.
    Redirects are not followed, and no proxy is used. A message may come twice: where its answer was lost.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        timing: Timing,
        clock_ms: Callable[[], int],
        count: Callable[[str], None],
        *,
        retries: RetryPolicy = RETRIES,
        queue_messages: int = 1_000,
    ) -> None:
        self._endpoint = endpoint
        self._timing = timing
        self._clock_ms = clock_ms
        self._count = count
        self._retries = retries
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(queue_messages)
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="webhooks")

    def offer(self, message: Message) -> None:
        """Queue a message. With a full queue, or after `close`, it is lost, which the log says."""
        if self._closed:
            self._lose(message, "shut down")
            return
        try:
            self._queue.put_nowait(_Waiting(message, Attempts(self._retries, self._timing)))
        except asyncio.QueueFull:
            self._lose(message, "the queue is full")

    async def flush(self, within_seconds: float) -> None:
        """Wait, for so long at most, until what is queued is delivered or lost."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._queue.join(), within_seconds)

    async def close(self, grace_seconds: float) -> None:
        """Deliver what is queued, for at most `grace_seconds`; what is left is lost, which the log says."""
        if self._task is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._queue.join(), grace_seconds)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._closed = True
        while not self._queue.empty():
            self._lose(self._queue.get_nowait().message, "shut down")

    async def _run(self) -> None:
        import aiohttp

        # aiohttp binds a session to the running loop, so it cannot be opened any earlier.
        async with aiohttp.ClientSession(
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=_ATTEMPT_SECONDS),
        ) as session:
            while True:
                waiting = await self._queue.get()
                try:
                    fault = await self._deliver(session, waiting)
                except asyncio.CancelledError:
                    self._lose(waiting.message, "shut down")
                    raise
                except Exception:
                    # The messages behind this one must not suffer for it.
                    logger.exception("a webhook could not be sent", extra={"message_id": waiting.message.id})
                    fault = "failed"
                if fault is None:
                    self._count("delivered")
                    if waiting.message.delivered is not None:
                        waiting.message.delivered()
                else:
                    self._lose(waiting.message, fault)
                self._queue.task_done()

    async def _deliver(self, session: aiohttp.ClientSession, waiting: _Waiting) -> str | None:
        """None once it was taken; else why it never will be."""
        while True:
            fault, final = await self._post(session, waiting.message.body)
            if fault is None or final or not await waiting.attempts.wait():
                return fault

    async def _post(self, session: aiohttp.ClientSession, body: bytes) -> tuple[str | None, bool]:
        """What was wrong, None for nothing, and whether it would be wrong again."""
        import aiohttp

        headers = {
            "content-type": "application/json",
            "user-agent": "sluice",
            SIGNATURE_HEADER: to_signature(self._endpoint.secret, self._clock_ms() // 1000, body),
        }
        try:
            async with session.post(self._endpoint.url, data=body, headers=headers, allow_redirects=False) as response:
                status = response.status
        except aiohttp.InvalidURL:
            return "its URL is not valid", True
        except (aiohttp.ClientError, OSError) as error:  # TimeoutError is one of the latter
            return type(error).__name__, False
        if 200 <= status < 300:
            return None, True
        return f"answered with status {status}", status < 500 and status not in _WORTH_REPEATING

    def _lose(self, message: Message, why: str) -> None:
        self._count("lost")
        logger.error("a webhook is lost", extra={"message_id": message.id, "why": why})
