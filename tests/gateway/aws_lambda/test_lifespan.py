from __future__ import annotations

import pytest
from starlette.types import Receive, Scope, Send

from gateway.aws_lambda.lifespan import RunningApplication, StartupFailed


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "lifespan.startup.failed", "message": "no store"})


async def raise_(scope: Scope, receive: Receive, send: Send) -> None:
    raise ValueError("no store")


async def say_nothing(scope: Scope, receive: Receive, send: Send) -> None:
    pass


@pytest.mark.parametrize(
    ("app", "error"), [(refuse, StartupFailed), (raise_, ValueError), (say_nothing, StartupFailed)]
)
async def test_an_application_that_does_not_start_is_an_error(app: object, error: type[Exception]) -> None:
    with pytest.raises(error):
        await RunningApplication(app).start()  # type: ignore[arg-type]


async def test_what_was_never_started_can_be_stopped() -> None:
    await RunningApplication(say_nothing).stop()
