"""A streamed answer under way, in process: a scripted Bedrock on one side, an ASGI client on the other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from typing import Any

from starlette.types import Message

from gateway.bounds import estimate_of
from gateway.open_hold import OpenHold
from gateway.openai.chunks import ChunkEncoder
from gateway.openai.completion import Envelope
from gateway.plane import Patience
from gateway.routes.metered_chat import Choice, MeteredChat, Metering
from gateway.routes.request_log import RequestLog
from gateway.routes.sse import ChatStreamResponse
from gateway.translate.answer.stream import ChatStream
from tenants.event import UsageStatus
from tenants.usage import TokenCounts
from tests.gateway.fakes import BOUND, MODEL, START, Door, FakeStream, Step, text_delta

COUNTED = TokenCounts(11, 7)
NEVER = 3600.0
SOON = 0.02
HELLO = [START, text_delta("Hello")]


async def hang() -> None:
    await asyncio.Event().wait()


class Client:
    """The ASGI server's side of one answer. `on_body` is called with each piece, before it counts as sent.

    `gone` is for the test to set; `noticed` is set once the answer has been told.
    """

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.gone = asyncio.Event()
        self.noticed = asyncio.Event()
        self.on_body: Callable[[bytes], Awaitable[None]] | None = None

    async def receive(self) -> Message:
        await self.gone.wait()
        self.noticed.set()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.body" and self.on_body is not None:
            await self.on_body(message["body"])
        self.sent.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent)

    @property
    def frames(self) -> list[Any]:
        """The JSON of each frame; `[DONE]` as it is. Comments are left out."""
        texts = [frame.removeprefix("data: ") for frame in self.body.decode().split("\n\n") if frame.startswith("data")]
        return [text if text == "[DONE]" else json.loads(text) for text in texts]


class Answer:
    """A streamed answer under way: a door with one hold taken, a scripted stream, a client."""

    def __init__(self, door: Door, hold: OpenHold, *script: Step) -> None:
        self.door, self.hold, self.client = door, hold, Client()
        self.stream = FakeStream(*script)
        self.kept: list[ChatStream] = []
        self.log = RequestLog(hold.call.request_id, "POST", "/v1/chat/completions")

    async def give(self, patience: Patience, include_usage: bool = False) -> None:
        encoder = ChunkEncoder(Envelope("chatcmpl-1", 0, MODEL.name), include_usage)
        owned = AsyncExitStack()
        await owned.enter_async_context(self.hold)
        owned.push_async_callback(self.stream.aclose)
        metering = Metering(self.hold, BOUND, estimate_of, self.log, explain=lambda error: error, keep=self._keep)
        chat = MeteredChat([Choice(self.stream, ChatStream())], encoder, metering)
        due = asyncio.get_running_loop().time() + patience.request_seconds
        response = ChatStreamResponse(chat, owned, patience, due, {})
        await response({"type": "http"}, self.client.receive, self.client.send)

    async def _keep(self, chats: Sequence[ChatStream]) -> None:
        self.kept += chats

    async def assert_settled_once(self, status: UsageStatus, tokens: TokenCounts) -> None:
        await self.door.admission.close(grace_seconds=5)
        settled = [(each.settlement.status, each.settlement.tokens) for each in self.door.ledger.settled]
        assert settled == [(status, tokens)]
        assert self.door.ledger.calls.count("settle") == 1
        assert self.door.ledger.holds == {}
        assert self.stream.closed >= 1

    @property
    def settled(self) -> bool:
        return bool(self.door.ledger.settled)


def patience(request: float = NEVER, drain: float = NEVER, keepalive: float = NEVER) -> Patience:
    return Patience(request_seconds=request, drain_seconds=drain, keepalive_seconds=keepalive)


async def answer(*script: Step) -> Answer:
    door = Door()
    return Answer(door, await door.reserve(), *script)


def estimate(text_bytes: int) -> TokenCounts:
    return estimate_of(BOUND, text_bytes)
