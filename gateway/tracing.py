"""OpenTelemetry: a span for a request, and in it for authenticating, reserving, each call to Bedrock, and settling.

Names and attributes are those of the semantic conventions for HTTP and for generative AI, where these have any; no
span holds a word of what was asked or answered. Imported only where SLUICE_TRACES says so: without it nothing of this
is on the path of a request.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib.metadata import version
from typing import Any, ParamSpec, TypeVar

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.bedrock.client import Bedrock, ConverseEvent, ConverseStream, InvokeAnswer
from gateway.errors import BedrockError
from gateway.metrics import operation_of
from gateway.plane import DataPlane
from gateway.routes.middleware import LOG
from gateway.routes.request_log import RequestLog
from tenants.store import Ledger

P = ParamSpec("P")
T = TypeVar("T")
Envelope = Callable[[ASGIApp], ASGIApp]

_CONTEXT_HEADERS = ("traceparent", "tracestate")
_PROVIDER = "aws.bedrock"
_CLOSE_SECONDS = 10.0


class Traces:
    """Where spans go. Close it at the end: what is not sent yet is sent then, for ten seconds at most."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self.tracer: Tracer = provider.get_tracer("sluice", version("sluice"))

    def instrument(self, plane: DataPlane, ledger: Ledger) -> DataPlane:
        """The plane with its steps as spans. Its admission and the ledger, which were just made, are changed in place:
        as OpenTelemetry's own instrumentations do, so that nothing asks whether there are traces where there are none.
        """
        self._watch(plane.admission, authenticate="authenticate", authenticate_now="authenticate", reserve="reserve")
        self._watch(ledger, settle="settle", settle_soft="settle")
        return replace(plane, bedrock=TracedBedrock(plane.bedrock, self.tracer))

    def around(self, envelope: Envelope) -> Envelope:
        """The envelope, with a span around each request."""
        return lambda app: TracedRequests(envelope(app), self.tracer)

    def _watch(self, watched: object, **spans: str) -> None:
        for method, span in spans.items():
            setattr(watched, method, self._spanned(getattr(watched, method), span))

    def _spanned(self, call: Callable[P, Awaitable[T]], name: str) -> Callable[P, Awaitable[T]]:
        async def spanned(*args: P.args, **kwargs: P.kwargs) -> T:
            with self.tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False) as span:
                try:
                    return await call(*args, **kwargs)
                except Exception as error:
                    _fail(span, error)
                    raise

        return spanned

    async def close(self) -> None:
        try:
            await asyncio.wait_for(asyncio.to_thread(self._provider.shutdown), _CLOSE_SECONDS)
        except TimeoutError:
            return  # the collector is away: its loss


def open_traces() -> Traces:
    """Traces by OTLP over HTTP, as OpenTelemetry's own variables say: OTEL_EXPORTER_OTLP_ENDPOINT and so on."""
    # The variables' own attributes win: Resource.create merges OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME.
    provider = TracerProvider(resource=Resource.create({"service.version": version("sluice")} | _service_name()))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return Traces(provider)


def _service_name() -> dict[str, str]:
    detected = Resource.create().attributes.get("service.name", "")
    return {"service.name": "sluice"} if str(detected).startswith("unknown_service") else {}


class TracedRequests:
    """An ASGI application whose requests are spans, in the trace that a `traceparent` header names."""

    def __init__(self, app: ASGIApp, tracer: Tracer) -> None:
        self._app = app
        self._tracer = tracer
        self._propagator = TraceContextTextMapPropagator()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        operation = operation_of(scope["path"]) if scope["type"] == "http" else "probe"
        if operation == "probe":
            await self._app(scope, receive, send)
            return
        headers = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        carrier = {name: value for name, value in headers if name in _CONTEXT_HEADERS}
        with self._tracer.start_as_current_span(
            f"{scope['method']} {operation}",
            context=self._propagator.extract(carrier),
            kind=SpanKind.SERVER,
            attributes={"http.request.method": scope["method"], "sluice.operation": operation},
            record_exception=False,  # its message may hold what a client sent
            set_status_on_exception=False,
        ) as span:
            try:
                await self._app(scope, receive, send)
            finally:
                if LOG in scope:
                    _describe(span, scope[LOG])


def _describe(span: Span, log: RequestLog) -> None:
    """What the request's log line has, as attributes."""
    attributes: dict[str, Any] = {
        "http.response.status_code": log.status,
        "sluice.request_id": log.request_id,
        "sluice.project_id": log.tenant_id,
        "sluice.api_key_id": log.key_id,
        "gen_ai.request.model": log.model,
        "gen_ai.response.model": log.served_model,
        "error.type": log.reason or log.error,
    }
    settled_as = None if log.hold is None else log.hold.settled_as
    if settled_as is not None and log.hold is not None:
        status, tokens = settled_as
        attributes |= {
            "gen_ai.provider.name": _PROVIDER,
            "gen_ai.usage.input_tokens": tokens.prompt_tokens,
            "gen_ai.usage.output_tokens": tokens.output_tokens,
            "sluice.usage_status": status.value,
            "sluice.cost_pico_usd": log.hold.cost_pico_usd,
        }
    if log.first_token_seconds is not None:
        attributes["sluice.first_token_seconds"] = log.first_token_seconds
    span.set_attributes({name: value for name, value in attributes.items() if value is not None})
    if log.status >= 500 or log.broken is not None:
        span.set_status(Status(StatusCode.ERROR))


class TracedBedrock:
    """A Bedrock whose calls are spans; that of a stream lasts until the stream is closed."""

    def __init__(self, bedrock: Bedrock, tracer: Tracer) -> None:
        self._bedrock = bedrock
        self._tracer = tracer

    async def converse(self, model_id: str, body: bytes) -> dict[str, Any]:
        async with self._span("chat", model_id) as span:
            answer = await self._bedrock.converse(model_id, body)
            _count_tokens(span, answer.get("usage"))
            return answer

    async def invoke(self, model_id: str, body: bytes, metadata: Mapping[str, str]) -> InvokeAnswer:
        async with self._span("embeddings", model_id) as span:
            answer = await self._bedrock.invoke(model_id, body, metadata)
            _count_tokens(span, {"inputTokens": answer.input_tokens})
            return answer

    async def open_stream(self, model_id: str, body: bytes) -> ConverseStream:
        span = self._start("chat", model_id)
        try:
            return _TracedStream(await self._bedrock.open_stream(model_id, body), span)
        except BaseException as error:
            _fail(span, error)
            span.end()
            raise

    def _start(self, operation: str, model_id: str) -> Span:
        return self._tracer.start_span(
            f"{operation} {model_id}",
            kind=SpanKind.CLIENT,
            attributes={
                "gen_ai.operation.name": operation,
                "gen_ai.provider.name": _PROVIDER,
                "gen_ai.request.model": model_id,
            },
        )

    @asynccontextmanager
    async def _span(self, operation: str, model_id: str) -> AsyncIterator[Span]:
        span = self._start(operation, model_id)
        try:
            yield span
        except BaseException as error:
            _fail(span, error)
            raise
        finally:
            span.end()


class _TracedStream:
    """A ConverseStream that ends its span once."""

    def __init__(self, stream: ConverseStream, span: Span) -> None:
        self._stream = stream
        self._span = span

    async def batches(self) -> AsyncIterator[list[ConverseEvent]]:
        try:
            async for events in self._stream.batches():
                for event in events:
                    if event.event_type == "metadata":
                        _count_tokens(self._span, event.payload.get("usage"))
                yield events
        except Exception as error:
            _fail(self._span, error)
            raise

    async def aclose(self) -> None:
        await self._stream.aclose()
        if self._span.is_recording():
            self._span.end()


def _count_tokens(span: Span, usage: Any) -> None:
    """Bedrock's own counts, where it told any."""
    for name, attribute in (("inputTokens", "input_tokens"), ("outputTokens", "output_tokens")):
        count = usage.get(name) if isinstance(usage, dict) else None
        if isinstance(count, int):
            span.set_attribute(f"gen_ai.usage.{attribute}", count)


def _fail(span: Span, error: BaseException) -> None:
    """The error's name. Its message is Bedrock's, and may hold part of what was asked."""
    span.set_attribute("error.type", error.name if isinstance(error, BedrockError) else type(error).__name__)
    span.set_status(Status(StatusCode.ERROR))
