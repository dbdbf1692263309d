"""The gateway on AWS Lambda, streaming. AWS_LAMBDA_EXEC_WRAPPER starts it on the managed Python runtime, in the place
of AWS's own loop, which knows no streams: docs/lambda.md.

`handler` is for doors that cannot stream, and AWS's own loop. `maintain` is for a schedule.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from mangum import Mangum

from awswire.http import TransportError
from awswire.transport_lean import LeanTransport
from gateway import logs
from gateway.app import create_app
from gateway.aws import TIMING, connect_secrets
from gateway.aws_lambda.exchange import AskedRequest
from gateway.aws_lambda.extension import Extension
from gateway.aws_lambda.invocation import Invocation
from gateway.aws_lambda.lifespan import RunningApplication
from gateway.aws_lambda.overrides import read_overrides, with_overrides
from gateway.aws_lambda.restoring import is_snapshot, wait_for_restore
from gateway.aws_lambda.runtime import Runtime, Serving
from gateway.aws_lambda.runtime_api import RuntimeApi, RuntimeApiRefused
from gateway.aws_lambda.secrets import names_of, with_secrets
from gateway.predecessor import understand
from gateway.routes.application import Application
from gateway.settings import Settings
from gateway.wall_clock import clock_ms

logger = logging.getLogger("sluice.lambda")

_CONCURRENCY = "AWS_LAMBDA_MAX_CONCURRENCY"
# "on-demand" for a cold start that somebody waits for: what a chat does not need is then left for later.
_INITIALIZATION = "AWS_LAMBDA_INITIALIZATION_TYPE"
# A server reads the list of models beside its first requests. An environment begins for a request, which would find
# none, and be refused a model that is called through a profile; and it may be frozen before it has read the list.
_WARM_SECONDS = 2.0
# What was settled is delivered before the environment may be frozen, if that does not take longer.
_FLUSH_SECONDS = 2.0
# What settings need to be settings at all; it is no pepper of anything.
_LEAST_SETTINGS = {"SLUICE_SURFACES": "gateway", "SLUICE_PEPPER": "p1:" + "00" * 32}


async def build(environ: Mapping[str, str]) -> Application:
    """The application, with its secrets fetched and its log set up. Nothing of it is started.

    Raises SettingsError, and as `complete`.
    """
    understood = understand(await complete(environ))
    settings = Settings.from_env(understood.environ)
    logs.configure(settings.log_level, settings.log_format)
    for saying in understood.sayings:
        logger.warning(saying)
    return create_app(settings, environ, framework_late=environ.get(_INITIALIZATION, "on-demand") == "on-demand")


async def complete(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` with the settings that the package brings, and the secrets.

    Raises OverridesUnusable, EndpointUnknown, CredentialsUnavailable, SecretUnavailable.
    """
    environ = with_overrides(environ)
    transport = LeanTransport()
    try:
        service = connect_secrets(transport, environ) if names_of(environ) else None
        return await with_secrets(environ, service, TIMING)
    finally:
        await transport.aclose()


async def serve(environ: Mapping[str, str]) -> int:
    """Serve this environment's invocations until SIGTERM. The process's exit status."""
    transport = LeanTransport()
    api = RuntimeApi(transport, environ["AWS_LAMBDA_RUNTIME_API"])
    extension = Extension(api)
    try:
        application = await _begin(api, extension, environ)
        if application is None:
            return 1
        try:
            return await _serve_until_stopped(api, application, int(environ.get(_CONCURRENCY) or 1))
        finally:
            await application.stop()
    finally:
        await extension.close()
        await transport.aclose()


async def _begin(api: RuntimeApi, extension: Extension, environ: Mapping[str, str]) -> RunningApplication | None:
    """The application, started; None where it cannot be had, which Lambda was told then."""
    report = api.report_init_error
    try:
        app = await build(environ)
        gc.freeze()  # what is there now stays: no later collection looks at it
        gc.enable()
        await extension.register()
        if is_snapshot(environ):
            report = api.report_restore_error
            await wait_for_restore(api, os.urandom)
        application = RunningApplication(app)
        await application.start()
        await _warm(app)
    except Exception as error:
        # Settings say what to do, and never the secret.
        print(f"sluice: {error}", file=sys.stderr)  # noqa: T201 - the log may not be set up yet
        await report(f"Sluice.{type(error).__name__}", str(error))
        return None
    return application


async def _warm(app: Application) -> None:
    if hasattr(app.state, "data_plane"):  # the control plane calls no model
        await app.state.warm(_WARM_SECONDS)


async def _flush(app: Any) -> None:
    await app.state.flush(_FLUSH_SECONDS)


async def _serve_until_stopped(api: RuntimeApi, application: RunningApplication, concurrency: int) -> int:
    app: Any = application.app
    serving = Serving(application, to_request(application), lambda: _flush(app), app.state.drop_idle, clock_ms)
    running = asyncio.create_task(Runtime(api, serving, concurrency).run())

    def stop() -> None:
        if not running.cancelling():  # a second time would cut short what the first one lets end
            running.cancel()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    try:
        await running
    except asyncio.CancelledError:
        return 0
    except (TransportError, RuntimeApiRefused):
        logger.exception("the Runtime API is away")
    return 1


def to_request(application: RunningApplication) -> Callable[[Invocation], AskedRequest]:
    """Reads an invocation as an HTTP request. What it returns raises RuntimeError, ValueError and the like for events
    that are none."""
    mangum = Mangum(application.app, lifespan="off")  # type: ignore[arg-type]  # it says Coroutine for Awaitable

    def read(invocation: Invocation) -> AskedRequest:
        event = orjson.loads(invocation.event)
        door: Any = mangum.infer(event, invocation)  # type: ignore[arg-type]  # of the context it asks for nothing
        scope: dict[str, Any] = door.scope
        return AskedRequest(scope, door.body, multi_value="resource" in event)

    return read


class _Buffered:
    """The application for AWS's own loop, built with the first invocation and never ended: nobody says when."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._app: Application | None = None
        # Of the task that it waits in asyncio itself keeps only a weak reference.
        self._running: RunningApplication | None = None
        self._mangum: Mangum | None = None

    def answer(self, event: Any, context: Any) -> Any:
        asyncio.set_event_loop(self._loop)  # where Mangum looks for it
        if self._mangum is None or self._app is None:
            self._app = self._loop.run_until_complete(self._start())
            self._mangum = Mangum(self._app, lifespan="off")
        answer = self._mangum(event, context)
        self._loop.run_until_complete(_flush(self._app))
        return answer

    async def _start(self) -> Application:
        app = await build(os.environ)
        self._running = RunningApplication(app)
        await self._running.start()
        await _warm(app)
        return app


_buffered: list[_Buffered] = []


def handler(event: Any, context: Any) -> Any:
    """For doors that cannot stream: each answer is sent whole, and may have 6 MB."""
    if not _buffered:
        _buffered.append(_Buffered())
    return _buffered[0].answer(event, context)


def maintain(event: Any, context: Any) -> dict[str, object]:
    """For a schedule, and for a deployment. `{"sluice": "sweep"}` finishes what environments left behind when they
    ended; `{"sluice": "rollup"}` makes the sums of closed hours and days ahead of reports; `{"sluice": "migrate"}`
    records the migrations of tables that the template owns, and looks at the settings that the package brings. Raises
    ValueError for another event, SettingsError."""
    from gateway.aws_lambda.maintenance import TASKS, migrate, sweep

    task = TASKS.get(str(event.get("sluice"))) if isinstance(event, dict) else None
    if task is None:
        raise ValueError(f'the event has to be {{"sluice": <one of {", ".join(TASKS)}>}}')
    logs.configure("info", "json")
    if task is migrate:  # part of a deployment, which fails by settings that the gateway would not start with
        Settings.from_env({**read_overrides(os.environ), **_LEAST_SETTINGS})
    # The webhook's secret is for the sweep alone: where it cannot be read, the others do their work all the same.
    return task(asyncio.run(complete(os.environ)) if task is sweep else with_overrides(os.environ))


def main() -> int:
    """The loop in the place of AWS's own: `gateway/aws_lambda/__main__.py`. The process's exit status."""
    return asyncio.run(serve(os.environ))
