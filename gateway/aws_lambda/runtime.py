"""The loop that a Lambda runtime is: ask for an invocation, answer it, and again, until the environment is ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from awswire.http import TransportError
from gateway.aws_lambda.exchange import AskedRequest, Exchange
from gateway.aws_lambda.invocation import Invocation
from gateway.aws_lambda.lifespan import RunningApplication
from gateway.aws_lambda.runtime_api import RuntimeApi
from gateway.routes.edge import DUE

logger = logging.getLogger("sluice.lambda")

# The application breaks a request off so long before Lambda would: it has to settle, and to tell the client.
_SETTLE_SECONDS = 3.0
# And what still runs then is stopped.
_STOP_SECONDS = 1.0
# By the wall clock, which alone goes on while a process is frozen: AWS's side closes idle connections soon after.
_FROZEN_MS = 10_000
_NO_HTTP = (
    "The event is no HTTP request. Invoke the function through its URL, an API of API Gateway, or a load balancer."
)


@dataclass(frozen=True, slots=True)
class Serving:
    """How invocations are served. `to_request` raises for an event that is no HTTP request; `before_freeze` is awaited
    between an answer's end and the next invocation, and `after_freeze` called where that came long after; `clock_ms` is
    wall time in milliseconds."""

    application: RunningApplication
    to_request: Callable[[Invocation], AskedRequest]
    before_freeze: Callable[[], Awaitable[None]]
    after_freeze: Callable[[], None]
    clock_ms: Callable[[], int]


class Runtime:
    """Serves the invocations of one environment, `concurrency` at a time."""

    def __init__(self, api: RuntimeApi, serving: Serving, concurrency: int = 1) -> None:
        self._api = api
        self._serving = serving
        self._concurrency = concurrency

    async def run(self) -> None:
        """For ever: until it is cancelled, which ends what is being answered. Raises TransportError and
        RuntimeApiRefused where the Runtime API is of no use any more."""
        loops = [asyncio.create_task(self._loop(), name=f"lambda-{number}") for number in range(self._concurrency)]
        try:
            # None ends but by an exception. Not `gather`: of its tasks, those that take their time to end when they are
            # cancelled would be cancelled twice.
            await asyncio.wait(loops, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for loop in loops:
                loop.cancel()
            ends = await asyncio.gather(*loops, return_exceptions=True)
        raise next(end for end in ends if end is not None and not isinstance(end, asyncio.CancelledError))

    async def _loop(self) -> None:
        if self._concurrency > 1:  # the environment is never frozen between two invocations
            while True:
                await self._answer(await self._api.next_invocation())
        while True:
            asked_ms = self._serving.clock_ms()
            invocation = await self._api.next_invocation()
            if self._serving.clock_ms() - asked_ms > _FROZEN_MS:
                self._serving.after_freeze()
            await self._answer(invocation)
            await self._serving.before_freeze()

    async def _answer(self, invocation: Invocation) -> None:
        try:
            request = self._serving.to_request(invocation)
        except Exception as error:
            logger.warning("an event is no HTTP request", extra={"error": f"{type(error).__name__}: {error}"[:200]})
            await self._api.refuse(invocation, "Sluice.NoHttpRequest", _NO_HTTP)
            return
        due, stop_at = self._times_of(invocation)
        request.scope["asgi"] = {"version": "3.0", "spec_version": "2.4"}  # whose `send` raises once the client left
        request.scope["state"] = dict(self._serving.application.state)
        request.scope[DUE] = due
        exchange = Exchange(request, lambda: self._api.open_response(invocation))
        try:
            await exchange.run(self._serving.application.app, stop_at)
        except (OSError, TransportError):
            logger.exception("an answer could not be given")

    def _times_of(self, invocation: Invocation) -> tuple[float, float]:
        """When the application is to break off, and when it is stopped, in loop time."""
        left_seconds = max((invocation.deadline_ms - self._serving.clock_ms()) / 1000, 0.0)
        ends_at = asyncio.get_running_loop().time() + left_seconds
        return (
            ends_at - min(_SETTLE_SECONDS, left_seconds / 3),
            ends_at - min(_STOP_SECONDS, left_seconds / 6),
        )
