"""The catalog, read from Bedrock's control plane: lazily, in the background, and never on the path of a chat."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import quote, urlencode

import orjson

from awswire.credentials import CredentialsUnavailable
from awswire.http import Timeouts, TransportError
from awswire.service import AwsService
from gateway.bedrock.errors import from_answer
from gateway.catalog.snapshot import EMPTY, Snapshot, from_listings
from gateway.errors import BedrockError, BedrockUnreachable

logger = logging.getLogger("sluice.catalog")

_TIMEOUTS = Timeouts(connect_seconds=3.0, read_seconds=15.0)
_PAGE_SIZE = 1000  # the most that ListInferenceProfiles gives at once
_RETRY_SECONDS = 30.0


class Catalog(Protocol):
    """Which models exist. `latest` never waits; `load` does, once, when nothing is known yet."""

    def latest(self) -> Snapshot:
        """What is known now, perhaps nothing; starts to look again in the background where it is old."""
        ...

    async def load(self) -> Snapshot:
        """What is known, after a first look. Raises BedrockError, BedrockUnreachable."""
        ...

    async def aclose(self) -> None: ...


class BedrockCatalog:
    """Catalog over the `bedrock` service. A failed look keeps what was known, and is tried again after a while."""

    def __init__(self, service: AwsService, monotonic: Callable[[], float], fresh_seconds: float) -> None:
        self._service = service
        self._monotonic = monotonic
        self._fresh_seconds = fresh_seconds
        self._snapshot = EMPTY
        self._look_again_at = 0.0
        self._looking: asyncio.Task[Snapshot] | None = None

    def latest(self) -> Snapshot:
        if self._monotonic() >= self._look_again_at:
            self._look()
        return self._snapshot

    async def load(self) -> Snapshot:
        if self._snapshot is not EMPTY:
            return self.latest()
        return await asyncio.shield(self._look())

    async def aclose(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    def _look(self) -> asyncio.Task[Snapshot]:
        if self._looking is None:
            self._looking = asyncio.create_task(self._list(), name="catalog")
            self._looking.add_done_callback(self._done)
        return self._looking

    def _done(self, looking: asyncio.Task[Snapshot]) -> None:
        self._looking = None
        if looking.cancelled():
            return
        error = looking.exception()
        if error is None:
            self._snapshot = looking.result()
        else:
            logger.warning("the list of models could not be read", extra={"error": str(error)})
        self._look_again_at = self._monotonic() + (self._fresh_seconds if error is None else _RETRY_SECONDS)

    async def _list(self) -> Snapshot:
        models, profiles = await asyncio.gather(self._list_models(), self._list_profiles())
        return from_listings(models, profiles, self._service.endpoint.region)

    async def _list_models(self) -> list[dict[str, Any]]:
        models: list[dict[str, Any]] = (await self._get("/foundation-models", {}))["modelSummaries"]
        return models

    async def _list_profiles(self) -> list[dict[str, Any]]:
        profiles: list[dict[str, Any]] = []
        query: dict[str, str | int] = {"maxResults": _PAGE_SIZE}
        while True:
            page = await self._get("/inference-profiles", query)
            profiles += page["inferenceProfileSummaries"]
            if not page.get("nextToken"):
                return profiles
            query["nextToken"] = page["nextToken"]

    async def _get(self, path: str, query: Mapping[str, str | int]) -> dict[str, Any]:
        target = f"{path}?{urlencode(sorted(query.items()), quote_via=quote)}" if query else path
        try:
            response = await self._service.send("GET", target, {"accept": "application/json"}, b"", _TIMEOUTS)
            try:
                body = await response.read()
            finally:
                await response.aclose()
        except (TransportError, CredentialsUnavailable) as error:
            raise BedrockUnreachable("Bedrock's list of models could not be read.", may_have_run=False) from error
        if response.status != 200:
            raise from_answer(response.status, response.headers, body)
        try:
            answer: dict[str, Any] = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise BedrockError("InternalServerException", response.status, "no JSON") from error
        return answer
