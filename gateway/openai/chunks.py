"""Chunks of a streamed chat completion, as frames of server-sent events."""

from __future__ import annotations

from typing import Final

import orjson

from gateway.openai.completion import ChoiceDelta, Envelope, FinishReason
from gateway.openai.usage import to_usage
from tenants.usage import TokenCounts

DONE: Final = b"data: [DONE]\n\n"


class ChunkEncoder:
    """Encodes one stream's chunks; what all of them share is encoded once.

    Only the delta is serialised per chunk: 0.2 us in place of 0.8 us for the whole chunk through orjson, and 5.5 us
    through pydantic. With `include_usage` every chunk but the last carries `"usage": null`, as OpenAI's do.
    """

    __slots__ = ("_after_delta", "_after_finish", "_before_delta", "_head", "_include_usage")

    def __init__(self, envelope: Envelope, include_usage: bool) -> None:
        head = orjson.dumps(
            {
                "id": envelope.id,
                "object": "chat.completion.chunk",
                "created": envelope.created,
                "model": envelope.model,
            }
        )
        self._head = b"data: " + head[:-1]
        self._include_usage = include_usage
        self._before_delta = self._head + b',"choices":[{"index":0,"delta":'
        self._after_finish = b'}],"usage":null}\n\n' if include_usage else b"}]}\n\n"
        self._after_delta = b',"logprobs":null,"finish_reason":null' + self._after_finish

    def delta(self, delta: ChoiceDelta) -> bytes:
        return self._before_delta + orjson.dumps(delta) + self._after_delta

    def finish(self, reason: FinishReason) -> bytes:
        """A chunk of its own with an empty delta: clients lose text that comes together with the reason."""
        return (
            self._before_delta + b'{},"logprobs":null,"finish_reason":"' + reason.encode() + b'"' + self._after_finish
        )

    def usage(self, counts: TokenCounts) -> bytes:
        """The last chunk, without choices. Nothing where the client did not ask: some index `choices` blindly."""
        if not self._include_usage:
            return b""
        return self._head + b',"choices":[],"usage":' + orjson.dumps(to_usage(counts)) + b"}\n\n"
