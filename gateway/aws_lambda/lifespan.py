"""An application's lifespan, run once per environment: Mangum would start and stop it with every request."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Message


class StartupFailed(Exception):
    """The application refused to start."""


class RunningApplication:
    """An application between `start` and `stop`. `state` goes into the scope of each of its requests."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.state: dict[str, Any] = {}
        self._to_app: asyncio.Queue[Message] = asyncio.Queue()
        self._started = asyncio.Event()
        self._failure: str | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Raises StartupFailed, and what the application raises while it starts."""
        scope: MutableMapping[str, Any] = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        self._to_app.put_nowait({"type": "lifespan.startup"})
        self._task = asyncio.create_task(self._run(scope), name="lifespan")
        started = asyncio.create_task(self._started.wait())
        await asyncio.wait({self._task, started}, return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        if self._failure is not None or not self._started.is_set():
            await self._task
            raise StartupFailed(self._failure or "The application ended while it was started.")

    async def stop(self) -> None:
        """Raises what the application raises while it stops."""
        if self._task is None:
            return
        self._to_app.put_nowait({"type": "lifespan.shutdown"})
        await self._task

    async def _run(self, scope: MutableMapping[str, Any]) -> None:
        await self.app(scope, self._to_app.get, self._send)

    async def _send(self, message: Message) -> None:
        if message["type"] == "lifespan.startup.failed":
            self._failure = message.get("message") or "The application could not be started."
        elif message["type"] == "lifespan.startup.complete":
            self._started.set()
