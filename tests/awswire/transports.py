"""The transports that the contract tests run on, and the ways those tests use them."""

from __future__ import annotations

from collections.abc import Callable

from awswire.http import HttpRequest, HttpResponse, HttpTransport, Timeouts
from awswire.transport_aiohttp import AiohttpTransport
from awswire.transport_lean import LeanTransport

TRANSPORTS: list[Callable[[], HttpTransport]] = [AiohttpTransport, LeanTransport]

PATIENT = Timeouts(connect_seconds=5.0, read_seconds=5.0)
IMPATIENT = Timeouts(connect_seconds=5.0, read_seconds=0.05)


async def read_and_close(response: HttpResponse) -> bytes:
    try:
        return await response.read()
    finally:
        await response.aclose()


async def ask(transport: HttpTransport, request: HttpRequest) -> bytes:
    return await read_and_close(await transport.send(request, PATIENT))


async def collect(response: HttpResponse) -> bytes:
    """The body by way of `chunks`."""
    try:
        return b"".join([chunk async for chunk in response.chunks()])
    finally:
        await response.aclose()
