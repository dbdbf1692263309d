"""Spans are of the right shape, in the right trace, and hold no content."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from starlette.types import Receive, Scope, Send

from gateway.bedrock.client import InvokeAnswer
from gateway.errors import BedrockError, StreamBroken
from gateway.routes.middleware import LOG
from gateway.routes.request_log import RequestLog
from gateway.tracing import TracedBedrock, TracedRequests, Traces
from tests.gateway.fakes import START, USAGE, WHOLE, FakeBedrock, FakeStream, text_delta

TRACE_ID, PARENT_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


class Recorder:
    """Traces that are kept."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider()
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.traces = Traces(provider)
        self.tracer = self.traces.tracer

    @property
    def spans(self) -> Sequence[ReadableSpan]:
        return self._exporter.get_finished_spans()

    def bedrock(self, *answers: Any) -> TracedBedrock:
        return TracedBedrock(FakeBedrock(*answers), self.tracer)


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


async def request(recorder: Recorder, status: int = 200, path: str = "/v1/chat/completions", **headers: str) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scope[LOG] = RequestLog("req_1", "POST", path, status, key_id="key_1", tenant_id="proj_1", model="m")
        with recorder.tracer.start_as_current_span("inner"):
            pass

    async def receive() -> Any:
        raise AssertionError("nobody reads")

    async def send(message: Any) -> None:
        return None

    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": path, "headers": raw}
    await TracedRequests(app, recorder.tracer)(scope, receive, send)


async def test_a_request_is_a_span_with_what_its_log_line_has(recorder: Recorder) -> None:
    await request(recorder)
    inner, outer = recorder.spans
    assert (outer.name, outer.kind) == ("POST chat", SpanKind.SERVER)
    assert outer.attributes is not None
    assert dict(outer.attributes) == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "sluice.operation": "chat",
        "sluice.request_id": "req_1",
        "sluice.project_id": "proj_1",
        "sluice.api_key_id": "key_1",
        "gen_ai.request.model": "m",
    }
    assert inner.parent is not None
    assert inner.parent.span_id == outer.context.span_id


async def test_a_request_goes_on_in_the_trace_of_its_caller(recorder: Recorder) -> None:
    await request(recorder, traceparent=f"00-{TRACE_ID}-{PARENT_ID}-01")
    outer = recorder.spans[-1]
    assert outer.parent is not None
    assert (f"{outer.context.trace_id:032x}", f"{outer.parent.span_id:016x}") == (TRACE_ID, PARENT_ID)


@pytest.mark.parametrize("header", ["", "x", f"00-{'0' * 32}-{PARENT_ID}-01", "00-" + "z" * 32 + "-1-01", "é"])
async def test_a_broken_traceparent_begins_a_trace(recorder: Recorder, header: str) -> None:
    await request(recorder, traceparent=header)
    assert recorder.spans[-1].parent is None


@pytest.mark.parametrize(
    ("status", "code"), [(200, StatusCode.UNSET), (429, StatusCode.UNSET), (503, StatusCode.ERROR)]
)
async def test_only_our_own_failures_are_errors(recorder: Recorder, status: int, code: StatusCode) -> None:
    await request(recorder, status)
    assert recorder.spans[-1].status.status_code is code


async def test_probes_have_no_spans(recorder: Recorder) -> None:
    await request(recorder, path="/healthz")
    assert [span.name for span in recorder.spans] == ["inner"]


async def test_a_call_to_bedrock_has_its_model_and_its_counts(recorder: Recorder) -> None:
    answer = {"usage": {"inputTokens": 11, "outputTokens": 7}, "output": {"message": "secret"}}
    assert await recorder.bedrock(answer).converse("amazon.nova-lite-v1:0", b"{}") is answer
    (span,) = recorder.spans
    assert (span.name, span.kind) == ("chat amazon.nova-lite-v1:0", SpanKind.CLIENT)
    assert span.attributes is not None
    assert dict(span.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "aws.bedrock",
        "gen_ai.request.model": "amazon.nova-lite-v1:0",
        "gen_ai.usage.input_tokens": 11,
        "gen_ai.usage.output_tokens": 7,
    }


async def test_embeddings_are_a_span_as_well(recorder: Recorder) -> None:
    await recorder.bedrock(InvokeAnswer({}, 5)).invoke("amazon.titan", b"{}", {})
    (span,) = recorder.spans
    assert span.attributes is not None
    assert (span.name, span.attributes["gen_ai.usage.input_tokens"]) == ("embeddings amazon.titan", 5)


async def test_the_span_of_a_stream_ends_with_it_and_once(recorder: Recorder) -> None:
    stream = await recorder.bedrock(FakeStream(*WHOLE)).open_stream("m", b"{}")
    batches = [batch async for batch in stream.batches()]
    assert batches == list(WHOLE)
    assert len(recorder.spans) == 0
    for _ in range(2):
        await stream.aclose()
    (span,) = recorder.spans
    assert span.attributes is not None
    assert span.attributes["gen_ai.usage.output_tokens"] == USAGE.payload["usage"]["outputTokens"]
    assert span.status.status_code is StatusCode.UNSET


async def test_a_stream_that_is_left_ends_its_span(recorder: Recorder) -> None:
    stream = await recorder.bedrock(FakeStream(*WHOLE)).open_stream("m", b"{}")
    await stream.aclose()
    assert len(recorder.spans) == 1


@pytest.mark.parametrize("error", [BedrockError("ThrottlingException", 429, "the prompt was: x"), StreamBroken("x")])
async def test_a_failure_is_told_by_its_name_and_never_by_its_text(recorder: Recorder, error: Exception) -> None:
    name = getattr(error, "name", "StreamBroken")
    for call in ("converse", "open_stream"):
        with pytest.raises(type(error)):
            await getattr(recorder.bedrock(error), call)("m", b"{}")
    stream = await recorder.bedrock(FakeStream([START, text_delta("a")], error)).open_stream("m", b"{}")
    with pytest.raises(type(error)):
        [batch async for batch in stream.batches()]
    await stream.aclose()
    assert len(recorder.spans) == 3
    for span in recorder.spans:
        assert span.attributes is not None
        assert (span.attributes["error.type"], span.status.status_code) == (name, StatusCode.ERROR)
        assert span.events == ()
        assert "prompt" not in span.to_json()


async def test_a_step_that_fails_is_told_by_its_name_and_raised(recorder: Recorder) -> None:
    class Steps:
        async def reserve(self, what: str) -> str:
            if not what:
                raise ValueError("a text that nobody shall see")
            return what

    steps = Steps()
    recorder.traces._watch(steps, reserve="reserve")
    assert await steps.reserve("x") == "x"
    with pytest.raises(ValueError, match="nobody"):
        await steps.reserve("")
    done, failed = recorder.spans
    assert (done.name, done.status.status_code) == ("reserve", StatusCode.UNSET)
    assert failed.attributes is not None
    assert failed.attributes["error.type"] == "ValueError"
    assert "nobody" not in failed.to_json()


def test_without_traces_neither_the_spans_nor_their_exporter_are_loaded() -> None:
    """OpenTelemetry's API alone is there: FastAPI imports it where it finds it, and asks it nothing."""
    program = "import sys, gateway.app; print(*sys.modules, sep='\\n')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    loaded = done.stdout.split()
    assert "gateway.app" in loaded, done.stderr
    unwanted = ("opentelemetry.sdk", "opentelemetry.exporter", "gateway.tracing")
    assert [name for name in loaded if name.startswith(unwanted)] == []
