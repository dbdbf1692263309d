"""An internal extension that does nothing: Lambda sends SIGTERM only to environments that have an extension."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress

from awswire.http import TransportError
from gateway.aws_lambda.runtime_api import RuntimeApi, RuntimeApiRefused

logger = logging.getLogger("sluice.lambda")


class Extension:
    """Register it before the first invocation is asked for; close it at the end."""

    def __init__(self, api: RuntimeApi) -> None:
        self._api = api
        self._waiting: asyncio.Task[None] | None = None

    async def register(self) -> None:
        """Without it nothing is lost but the order at the end: what is open then is left to its holds' expiry."""
        try:
            extension_id = await self._api.register_extension()
        except (TransportError, RuntimeApiRefused, KeyError) as error:
            logger.warning("the environment's end will come unannounced", extra={"error": str(error)})
            return
        self._waiting = asyncio.create_task(self._wait(extension_id), name="lambda-extension")

    async def close(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            await asyncio.gather(self._waiting, return_exceptions=True)

    async def _wait(self, extension_id: str) -> None:
        with suppress(TransportError, RuntimeApiRefused):
            await self._api.next_extension_event(extension_id)
