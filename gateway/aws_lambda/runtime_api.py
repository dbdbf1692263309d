"""Lambda's Runtime API, and the part of its Extensions API that a runtime needs to be told of its end.

https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. `/restore/next` is on no public page: awslambdaric,
Lambda's .NET runtime and the Web Adapter use it.
"""

from __future__ import annotations

import orjson

from awswire.http import HttpRequest, HttpTransport, Origin, Timeouts
from gateway.aws_lambda.invocation import Invocation, from_next
from gateway.aws_lambda.prelude import CONTENT_TYPE
from gateway.aws_lambda.response_stream import ERROR_TYPE, ResponseStream, open_stream

_RUNTIME = "/2018-06-01/runtime"
_EXTENSION = "/2020-01-01/extension"
_RESPONSE_MODE = "Lambda-Runtime-Function-Response-Mode"
_INVOCATION_ID = "Lambda-Runtime-Invocation-Id"
_EXTENSION_NAME = "sluice"
_EXTENSION_ID = "lambda-extension-identifier"

# Between two requests the process is frozen, for days perhaps.
_FOR_EVER = Timeouts(connect_seconds=10.0, read_seconds=10 * 365 * 86_400.0)
_SHORTLY = Timeouts(connect_seconds=10.0, read_seconds=10.0)

Json = dict[str, object]


class RuntimeApiRefused(Exception):
    """The Runtime API answered with an error: the environment is of no use any more."""


class RuntimeApi:
    """`address` is AWS_LAMBDA_RUNTIME_API, `host:port`. All methods raise TransportError and RuntimeApiRefused."""

    def __init__(self, transport: HttpTransport, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._origin = Origin(host, int(port))
        self._transport = transport

    async def next_invocation(self) -> Invocation:
        """Wait for the next invocation, however long."""
        headers, body = await self._ask("GET", f"{_RUNTIME}/invocation/next", wait=_FOR_EVER)
        return from_next(headers, body)

    async def open_response(self, invocation: Invocation) -> ResponseStream:
        """Begin to answer. From here on a failure can only be told at the answer's end. Raises OSError."""
        headers = {"Content-Type": CONTENT_TYPE, _RESPONSE_MODE: "streaming", **_echo(invocation)}
        return await open_stream(self._origin, f"{_RUNTIME}/invocation/{invocation.request_id}/response", headers)

    async def refuse(self, invocation: Invocation, error_type: str, message: str) -> None:
        """Answer an invocation, of which nothing was answered yet, with an error."""
        path = f"{_RUNTIME}/invocation/{invocation.request_id}/error"
        await self._report(path, error_type, message, _echo(invocation))

    async def report_init_error(self, error_type: str, message: str) -> None:
        """Tell why this environment cannot serve. The process has to end then."""
        await self._report(f"{_RUNTIME}/init/error", error_type, message)

    async def wait_for_restore(self) -> None:
        """Wait until this environment, frozen as a snapshot here, is thawed: with SnapStart alone."""
        await self._ask("GET", f"{_RUNTIME}/restore/next", wait=_FOR_EVER)

    async def report_restore_error(self, error_type: str, message: str) -> None:
        """Tell why the environment cannot serve after it was thawed."""
        await self._report(f"{_RUNTIME}/restore/error", error_type, message)

    async def register_extension(self) -> str:
        """Register as an internal extension, of no event, and return its id: an environment without any extension is
        ended without SIGTERM."""
        headers = {"Lambda-Extension-Name": _EXTENSION_NAME, "Content-Type": "application/json"}
        answered, _ = await self._ask("POST", f"{_EXTENSION}/register", headers, orjson.dumps({"events": []}))
        return answered[_EXTENSION_ID]

    async def next_extension_event(self, extension_id: str) -> None:
        """Wait for an event of the extension. None comes; but Lambda's init ends only once it is asked for."""
        await self._ask(
            "GET", f"{_EXTENSION}/event/next", {"Lambda-Extension-Identifier": extension_id}, wait=_FOR_EVER
        )

    async def _report(self, path: str, error_type: str, message: str, headers: dict[str, str] | None = None) -> None:
        fields = {"Content-Type": "application/vnd.aws.lambda.error+json", ERROR_TYPE: error_type, **(headers or {})}
        told: Json = {"errorType": error_type, "errorMessage": message, "stackTrace": []}
        await self._ask("POST", path, fields, orjson.dumps(told))

    async def _ask(
        self,
        method: str,
        path: str,
        headers: dict[str, str] | None = None,
        body: bytes = b"",
        *,
        wait: Timeouts = _SHORTLY,
    ) -> tuple[dict[str, str], bytes]:
        request = HttpRequest(method, self._origin, path, headers or {}, body)
        response = await self._transport.send(request, wait)
        try:
            content = await response.read()
        finally:
            await response.aclose()
        if response.status >= 300:
            raise RuntimeApiRefused(f"{method} {path}: {response.status} {content[:200].decode(errors='replace')}")
        return dict(response.headers), content


def _echo(invocation: Invocation) -> dict[str, str]:
    return {_INVOCATION_ID: invocation.invocation_id} if invocation.invocation_id else {}
