"""The answer to one invocation, sent while it is being made: a chunked POST, with trailers where it fails half-way.

Its own connection, closed at its end: the Runtime API asks for both.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Mapping
from contextlib import suppress

import orjson

from awswire.http import Origin

logger = logging.getLogger("sluice.lambda")

ERROR_TYPE = "Lambda-Runtime-Function-Error-Type"
ERROR_BODY = "Lambda-Runtime-Function-Error-Body"

# A client that reads slowly is to slow the stream down, not to fill the memory.
_HIGH_WATER_BYTES = 64 * 1024
_ACCEPTED = b"202"


class ResponseStream:
    """Made by `open_stream`. Whoever has it ends it by `finish` or `fail`, or not at all, and then awaits `close`."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._ended = False
        self._answer = asyncio.create_task(self._read_answer(), name="lambda-response")
        self.gone = asyncio.Event()
        """Set once nobody takes the rest of the answer."""

    async def write(self, piece: bytes) -> None:
        """Send `piece` as one chunk of its own. Raises OSError once nobody takes it.

        Nothing is sent for an empty piece: a chunk of no bytes would end the answer.
        """
        if not piece:
            return
        self._require_taker()
        self._writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        await self._drain()

    async def finish(self) -> None:
        """End the answer. Raises OSError once nobody takes it."""
        await self._end(b"0\r\n\r\n")

    async def fail(self, error_type: str, message: str) -> None:
        """End the answer as one that broke off, for Lambda to know: the client's status went out long ago. Raises as
        `finish`."""
        body = base64.b64encode(orjson.dumps({"errorType": error_type, "errorMessage": message})).decode()
        await self._end(f"0\r\n{ERROR_TYPE}: {error_type}\r\n{ERROR_BODY}: {body}\r\n\r\n".encode())

    async def close(self) -> None:
        """Wait until an answer that was ended is taken, however slowly its client reads, and close the connection."""
        if self._ended:
            await asyncio.shield(self._answer)
        self._answer.cancel()
        await asyncio.gather(self._answer, return_exceptions=True)
        self._writer.transport.abort()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def _end(self, last: bytes) -> None:
        self._require_taker()
        self._ended = True
        self._writer.write(last)
        await self._drain()

    def _require_taker(self) -> None:
        if self.gone.is_set():
            raise ConnectionResetError("the Runtime API takes no more of this answer")

    async def _drain(self) -> None:
        try:
            await self._writer.drain()
        except OSError:
            self.gone.set()
            raise

    async def _read_answer(self) -> None:
        """What comes before our own end is a refusal of it: it is too large, or of an invocation that is over."""
        status = b""
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            head = await self._reader.readuntil(b"\r\n\r\n")
            status = head.split(b" ", 2)[1] if head.count(b" ") else b""
        if status != _ACCEPTED:
            logger.warning("an answer was not taken by Lambda", extra={"status": status.decode("latin-1") or None})
        self.gone.set()


async def open_stream(origin: Origin, target: str, headers: Mapping[str, str]) -> ResponseStream:
    """Begin a POST whose body is to come. Raises OSError."""
    reader, writer = await asyncio.open_connection(origin.host, origin.port)
    writer.transport.set_write_buffer_limits(high=_HIGH_WATER_BYTES)
    fields = {
        "Host": origin.authority,
        **headers,
        "Transfer-Encoding": "chunked",
        "Trailer": f"{ERROR_TYPE}, {ERROR_BODY}",
        "Connection": "close",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    writer.write(f"POST {target} HTTP/1.1\r\n{lines}\r\n".encode())
    return ResponseStream(reader, writer)
