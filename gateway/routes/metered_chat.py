"""One streamed chat: Bedrock's events in, frames out, and its hold settled once however it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from gateway.bedrock.client import ConverseStream
from gateway.bedrock.errors import says_not_run
from gateway.errors import BedrockError, GatewayError, StreamBroken
from gateway.open_hold import OpenHold
from gateway.openai.chunks import DONE, ChunkEncoder
from gateway.openai.completion import FinishReason, ServiceTier
from gateway.routes.errors import answer_of, has_row
from gateway.routes.request_log import RequestLog
from gateway.translate.answer.stream import ChatStream
from tenants.account import Bound
from tenants.event import UsageStatus
from tenants.usage import NO_TOKENS, TokenCounts

logger = logging.getLogger("sluice.request")

KEEPALIVE = b": keep-alive\n\n"

# Pieces of all choices together that wait to be sent, before their streams are no longer read.
_MOST_WAITING = 64


@dataclass(slots=True)
class Choice:
    """One choice of a chat: Bedrock's stream of it, how it reads, and what it broke off with. Its place among the
    others is its index."""

    stream: ConverseStream
    chat: ChatStream
    begun: bool = False
    error: Exception | None = None

    @property
    def refused(self) -> bool:
        """Bedrock found the request at fault, or had no room for it, and gave nothing out: it bills nothing."""
        if not isinstance(self.error, BedrockError) or self.chat.output_text_bytes:
            return False
        return self.error.name == "ValidationException" or (says_not_run(self.error) and not self.begun)


@dataclass(frozen=True, slots=True)
class Metering:
    """What a streamed chat is charged to. `bound` is one choice's share of the hold's, and `lost` estimates by it and
    by the bytes that were seen what a choice used whose count never came. `explain` gives a refusal that comes inside
    a stream in OpenAI's words. `keep` is awaited with the chats that came to their end, before the client is told."""

    hold: OpenHold
    bound: Bound
    lost: Callable[[Bound, int], TokenCounts]
    log: RequestLog
    explain: Callable[[BedrockError], Exception]
    keep: Callable[[Sequence[ChatStream]], Awaitable[None]]


class MeteredChat:
    """Not thread-safe; made for one answer. Whoever makes it has to `close` it, whatever happened."""

    def __init__(self, choices: Sequence[Choice], encoder: ChunkEncoder, metering: Metering) -> None:
        self._choices = choices
        self._encoder = encoder
        self._metering = metering
        self._sources = [self._frames_of(index, choice) for index, choice in enumerate(choices)]
        self._firsts: list[asyncio.Task[bytes | None]] = []
        self._failure: Exception | None = None

    async def begin(self, within_seconds: float) -> None:
        """Wait for every choice's first event, for so long at most: Bedrock refuses some requests in a stream that it
        opened.

        Raises what one begins with, as long as nothing was told to the client. What the others may have used is
        settled then; it is left open where nothing was used by any of them, for another model to be asked.
        """
        self._firsts = [asyncio.create_task(anext(source, None)) for source in self._sources]
        await asyncio.wait(self._firsts, timeout=within_seconds, return_when=asyncio.FIRST_EXCEPTION)
        error = next((choice.error for choice in self._choices if choice.error is not None), None)
        if error is None:
            return
        self._failure = error
        await self.abandon()
        _, tokens = self._outcome()
        if tokens != NO_TOKENS or not says_not_run(error):
            await self._settle()
        if tokens != NO_TOKENS and isinstance(error, GatewayError):
            error.charged = True
        raise error

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Frames as they come, those of one read together, and `[DONE]` last in any case.

        What the request used is on the ledger before the last piece is given out. A failure is a frame as well: the
        status went out long ago.
        """
        if not all(first.done() for first in self._firsts):
            yield KEEPALIVE  # it has been silent for a while, see `begin`
        try:
            async for piece in self._pieces_of(0) if len(self._choices) == 1 else self._merged():
                yield piece
            endings = self._endings()
            tokens = await self._conclude()
        except Exception as error:
            yield await self.fail(error)
            return
        yield endings + self._encoder.usage(tokens, self._tier) + DONE

    async def fail(self, error: Exception) -> bytes:
        """Settle, and tell the client: the error's frame, then `[DONE]`."""
        self._failure = error
        log = self._metering.log
        log.broken = error
        log.error = error.name if isinstance(error, BedrockError) else type(error).__name__
        if not has_row(error):
            logger.error("a stream failed", exc_info=error, extra={"request_id": log.request_id})
        await self._settle()
        told = self._metering.explain(error) if isinstance(error, BedrockError) else error
        return answer_of(told).frame() + DONE

    async def abandon(self) -> None:
        """Read no further. What was begun is left to be settled."""
        for first in self._firsts:
            first.cancel()
        await asyncio.gather(*self._firsts, return_exceptions=True)
        for source in self._sources:
            await source.aclose()

    async def close(self) -> None:
        """Settle what was not: the client left and Bedrock's count did not come in time, or the server is stopping."""
        await self.abandon()
        await self._settle()

    async def _frames_of(self, index: int, choice: Choice) -> AsyncGenerator[bytes, None]:
        """The choice's own frames. Of several choices the roles are told by `_merged`."""
        encode, feed, log = self._encoder.delta, choice.chat.feed, self._metering.log
        several = len(self._choices) > 1
        try:
            async for events in choice.stream.batches():
                choice.begun = True
                deltas = [delta for name, payload in events for delta in feed(name, payload)]
                if log.first_token_at is None and choice.chat.output_text_bytes:
                    log.note_first_token()
                if several:
                    deltas = [delta for delta in deltas if "role" not in delta]
                    yield b"".join([encode(delta, index) for delta in deltas])
                elif deltas:
                    yield b"".join([encode(delta) for delta in deltas])
        except Exception as error:
            choice.error = error
            raise

    async def _pieces_of(self, index: int) -> AsyncGenerator[bytes, None]:
        """A choice's frames from the first on, which `begin` may have waited for."""
        if self._firsts and (first := await self._firsts[index]) is not None:
            yield first
        async for piece in self._sources[index]:
            yield piece

    async def _merged(self) -> AsyncGenerator[bytes, None]:
        """The frames of all choices, as they come."""
        waiting: asyncio.Queue[bytes | Exception | None] = asyncio.Queue(_MOST_WAITING)

        async def pump(index: int) -> None:
            try:
                async for piece in self._pieces_of(index):
                    await waiting.put(piece)
                await waiting.put(None)
            except Exception as error:
                await waiting.put(error)

        running = len(self._choices)
        pumps = [asyncio.create_task(pump(index)) for index in range(running)]
        # OpenAI's accumulator keeps choices by the order of their first chunks, and streams begin in any order.
        ahead = b"".join(self._encoder.delta({"role": "assistant", "content": ""}, index) for index in range(running))
        try:
            while running:
                item = await waiting.get()
                if isinstance(item, Exception):
                    raise item
                if item is None:
                    running -= 1
                elif ahead or item:
                    yield ahead + item
                    ahead = b""
        finally:
            for each in pumps:
                each.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    def _endings(self) -> bytes:
        reasons = [choice.chat.finish_reason for choice in self._choices]
        if None in reasons:
            raise StreamBroken("Bedrock's stream ended before the answer did.")
        told: list[FinishReason] = [reason for reason in reasons if reason is not None]
        return b"".join(
            self._encoder.finish(reason, index, choice.chat.service_tier)
            for index, (reason, choice) in enumerate(zip(told, self._choices, strict=True))
        )

    async def _conclude(self) -> TokenCounts:
        tokens = await self._settle()
        await self._metering.keep([choice.chat for choice in self._choices])
        return tokens

    async def _settle(self) -> TokenCounts:
        status, tokens = self._outcome()
        await self._metering.hold.settle(status, tokens, self._tier)
        return tokens

    @property
    def _tier(self) -> ServiceTier | None:
        """The first that any choice tells: of one that broke off none is known."""
        return next((tier for choice in self._choices if (tier := choice.chat.service_tier)), None)

    def _outcome(self) -> tuple[UsageStatus, TokenCounts]:
        tokens, status = NO_TOKENS, UsageStatus.OK if self._failure is None else UsageStatus.ERROR
        for choice in self._choices:
            usage = choice.chat.usage
            if usage is None and not choice.refused:
                usage = self._metering.lost(self._metering.bound, choice.chat.output_text_bytes)
                status = UsageStatus.ESTIMATED
            tokens += usage or NO_TOKENS
        return status, tokens
