"""One streamed chat: Bedrock's events in, frames out, and its hold settled once however it ends."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator

from gateway.bedrock.client import ConverseStream
from gateway.errors import BedrockError, StreamBroken
from gateway.openai.chunks import DONE, ChunkEncoder
from gateway.routes.errors import answer_of, has_row
from gateway.routes.request_log import RequestLog
from gateway.settling import OpenHold
from gateway.translate.chat_stream import ChatStream
from tenants.event import UsageStatus
from tenants.usage import NO_TOKENS, TokenCounts

logger = logging.getLogger("sluice.request")


class MeteredChat:
    """Not thread-safe; made for one answer. Whoever iterates `pieces` has to `close` it, whatever happened."""

    def __init__(self, stream: ConverseStream, hold: OpenHold, encoder: ChunkEncoder, log: RequestLog) -> None:
        self._stream = stream
        self._hold = hold
        self._encoder = encoder
        self._log = log
        self._chat = ChatStream()
        self._failure: Exception | None = None

    async def pieces(self) -> AsyncGenerator[bytes, None]:
        """Frames as they come, those of one read together, and `[DONE]` last in any case.

        What the request used is on the ledger before the last piece is given out. A failure is a frame as well: the
        status went out long ago.
        """
        encode, feed = self._encoder.delta, self._chat.feed
        try:
            async for events in self._stream.batches():
                piece = b"".join([encode(delta) for name, payload in events for delta in feed(name, payload)])
                if piece:
                    yield piece
            finish_reason = self._chat.finish_reason
            if finish_reason is None:
                raise StreamBroken("Bedrock's stream ended before the answer did.")
        except Exception as error:
            yield await self.fail(error)
            return
        tokens = await self._settle()
        yield self._encoder.finish(finish_reason) + self._encoder.usage(tokens) + DONE

    async def fail(self, error: Exception) -> bytes:
        """Settle, and tell the client: the error's frame, then `[DONE]`."""
        self._failure = error
        self._log.error = error.name if isinstance(error, BedrockError) else type(error).__name__
        if not has_row(error):
            logger.error("a stream failed", exc_info=error, extra={"request_id": self._log.request_id})
        await self._settle()
        return answer_of(error).frame() + DONE

    async def close(self) -> None:
        """Settle what was not: the client left and Bedrock's count did not come in time, or the server is stopping."""
        await self._settle()

    async def _settle(self) -> TokenCounts:
        status, tokens = self._outcome()
        await self._hold.settle(status, tokens)
        return tokens

    def _outcome(self) -> tuple[UsageStatus, TokenCounts]:
        usage, output_bytes = self._chat.usage, self._chat.output_text_bytes
        if usage is not None:
            return (UsageStatus.OK if self._failure is None else UsageStatus.ERROR), usage
        if isinstance(self._failure, BedrockError) and self._failure.name == "ValidationException":
            return UsageStatus.ERROR, NO_TOKENS  # a refusal of the request, which Bedrock may find inside the stream
        return UsageStatus.ESTIMATED, self._hold.estimate(output_bytes)
