"""A Bedrock that counts what goes through it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from gateway.bedrock.client import Bedrock, ConverseStream, InvokeAnswer
from gateway.errors import GatewayError
from gateway.metrics import Metrics


class MeteredBedrock:
    """Promises what `bedrock` does, and counts it: durations, refusals. `monotonic` gives seconds.

    What goes wrong inside a stream that was accepted is counted by whoever reads it (`RequestLog.broken`): a step
    more for every piece of every answer would be paid by those that go well.
    """

    def __init__(self, bedrock: Bedrock, metrics: Metrics, monotonic: Callable[[], float]) -> None:
        self._bedrock = bedrock
        self._metrics = metrics
        self._monotonic = monotonic

    async def converse(self, model_id: str, body: bytes) -> dict[str, Any]:
        async with self._timed("converse"):
            return await self._bedrock.converse(model_id, body)

    async def open_stream(self, model_id: str, body: bytes) -> ConverseStream:
        async with self._timed("converse_stream"):
            return await self._bedrock.open_stream(model_id, body)

    async def invoke(self, model_id: str, body: bytes, metadata: Mapping[str, str]) -> InvokeAnswer:
        async with self._timed("invoke"):
            return await self._bedrock.invoke(model_id, body, metadata)

    @asynccontextmanager
    async def _timed(self, operation: str) -> AsyncIterator[None]:
        began, outcome = self._monotonic(), "failed"
        try:
            yield
            outcome = "done"
        except GatewayError as error:
            self._metrics.count_bedrock_error(error)
            raise
        finally:
            self._metrics.bedrock_seconds.observe(self._monotonic() - began, operation, outcome)
