"""Metrics, log lines and traces of a running gateway, as a scraper, a log shipper and a collector see them."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.wire.messages import ask
from tests.wire.polling import eventually
from tests.wire.stack import CHAT_MODEL, Gateway, Stack, running_serve
from tests.wire.tenancy import IssuedKey

TRACE_ID, PARENT_ID = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
PROMPT = "a prompt that nobody else shall see"


@dataclass
class Collector:
    """An OTLP/HTTP receiver, and what came."""

    bodies: list[bytes] = field(default_factory=list)

    def spans(self, trace_id: str) -> dict[str, Any]:
        """The spans of a trace, by name."""
        found: dict[str, Any] = {}
        for body in list(self.bodies):
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                for scope in resource.scope_spans:
                    found |= {span.name: span for span in scope.spans if span.trace_id.hex() == trace_id}
        return found


@pytest.fixture(scope="module")
def collector() -> Iterator[tuple[Collector, str]]:
    received = Collector()

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            received.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield received, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("watched") / "log"


@pytest.fixture(scope="module")
def watched(stack: Stack, collector: tuple[Collector, str], log: Path) -> Iterator[Gateway]:
    settings = {
        "SLUICE_METRICS": "true",
        "SLUICE_TRACES": "true",
        "SLUICE_LOG_FORMAT": "json",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector[1],
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }
    with running_serve(stack, log, settings) as gateway:
        yield gateway


@pytest.fixture(scope="module")
def request_id(watched: Gateway, tenancy: Any) -> str:
    """Of a streamed chat that was read to its end."""
    key: IssuedKey = tenancy.issue_alone()
    with watched.openai(key.value) as client:
        stream = client.chat.completions.create(
            model=CHAT_MODEL,
            messages=ask(PROMPT),
            stream=True,
            extra_headers={"traceparent": f"00-{TRACE_ID}-{PARENT_ID}-01"},
        )
        assert PROMPT in "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
        return str(stream.response.headers["x-request-id"])


def test_a_scrape_has_the_request_by_its_model(watched: Gateway, request_id: str) -> None:
    text = httpx2.get(f"{watched.root_url}/metrics").text
    for name in ("sluice_model_requests_total", "sluice_first_token_seconds_count", "sluice_bedrock_seconds_count"):
        assert any(line.startswith(name) and not line.endswith(" 0") for line in text.splitlines()), name
    assert f'model="{CHAT_MODEL}"' in text or f'model="us.{CHAT_MODEL}"' in text
    assert PROMPT not in text


def test_the_log_line_has_what_an_operator_asks_for(watched: Gateway, request_id: str, log: Path) -> None:
    def lines() -> list[dict[str, Any]]:
        parsed = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
        return [line for line in parsed if line.get("request_id") == request_id and line["logger"] == "sluice.request"]

    (line,) = eventually(lines, bool)
    assert {
        "key_id", "tenant_id", "model", "bedrock_model", "status", "duration_ms", "first_token_ms", "usage_status",
        "input_tokens", "output_tokens", "cost_pico_usd",
    } <= line.keys()  # fmt: skip
    assert 0 < line["first_token_ms"] <= line["duration_ms"]
    assert PROMPT not in log.read_text()


def test_the_trace_of_a_caller_goes_on_through_every_step(
    watched: Gateway, request_id: str, collector: tuple[Collector, str]
) -> None:
    names = {"POST chat", "authenticate", "reserve", "settle"}
    spans = eventually(lambda: collector[0].spans(TRACE_ID), lambda found: names <= found.keys())
    request = spans["POST chat"]
    assert request.parent_span_id.hex() == PARENT_ID
    (call,) = (span for name, span in spans.items() if name.startswith("chat "))
    for step in (spans["authenticate"], spans["reserve"], call, spans["settle"]):
        assert step.parent_span_id == request.span_id
    attributes = {each.key: each.value for each in request.attributes}
    assert attributes["sluice.request_id"].string_value == request_id
    assert attributes["gen_ai.usage.output_tokens"].int_value > 0
    assert not [body for body in collector[0].bodies if PROMPT.encode() in body]
