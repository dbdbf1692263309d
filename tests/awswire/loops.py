"""The event loops that the transport has to work on: asyncio's own and uvloop."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

LoopFactory = Callable[[], asyncio.AbstractEventLoop]

LOOP_FACTORIES: dict[str, LoopFactory] = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}

CLIENT_LEFT_DURING_HANDSHAKE = "Error on transport creation for incoming connection"
"""What asyncio in debug mode has to say, on a server's side, where a client leaves during the TLS handshake."""

LIMIT_SECONDS = 60.0
"""No test waits for time to pass: what takes longer has hung."""


def on_both_loops(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run an async test on asyncio and on uvloop. What a task or callback of the loop fails with fails the test."""

    def run(loop_factory: LoopFactory, **fixtures: Any) -> None:
        stray_errors: list[dict[str, Any]] = []
        with asyncio.Runner(loop_factory=loop_factory) as runner:
            runner.get_loop().set_exception_handler(lambda _, context: stray_errors.append(context))
            runner.run(_within_limit(test(**fixtures)))
        assert [error for error in stray_errors if error["message"] != CLIENT_LEFT_DURING_HANDSHAKE] == []

    functools.update_wrapper(run, test)
    loop_parameter = inspect.Parameter("loop_factory", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = [loop_parameter, *inspect.signature(test).parameters.values()]
    vars(run)["__signature__"] = inspect.Signature(parameters)  # by which pytest finds parameters and fixtures
    both = pytest.mark.parametrize("loop_factory", LOOP_FACTORIES.values(), ids=LOOP_FACTORIES)
    parametrized: Callable[..., None] = both(run)
    return parametrized


async def _within_limit(test: Coroutine[Any, Any, None]) -> None:
    async with asyncio.timeout(LIMIT_SECONDS):
        await test
