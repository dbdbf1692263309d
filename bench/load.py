"""The load: a closed loop over kept-alive connections, in a process of its own.

Each connection sends its next request when the answer to the last one is complete. Answers are kept, and checked when
the clock has stopped, so that the check is no part of the load.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
import time
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, cast

import httptools
import uvloop

from bench.answers import Answered, WrongAnswer, read
from bench.wire import HOST

TIME_LIMIT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """`answers` requests in all, over `connections`, that begin evenly spread over `spread_seconds`.

    Connection i sends `requests[i % len(requests)]`. `form` is how an answer is read, `expected` what it has to say;
    None: whatever the first one said.
    """

    port: int
    requests: tuple[bytes, ...]
    connections: int
    answers: int
    form: str
    expected: Answered | None = None
    spread_seconds: float = 0.0

    def to_json(self) -> str:
        return json.dumps(asdict(self) | {"requests": [b64encode(each).decode() for each in self.requests]})

    @classmethod
    def from_json(cls, text: str) -> Plan:
        fields = json.loads(text)
        expected = fields["expected"]
        fields["expected"] = None if expected is None else _to_answered(expected)
        return cls(**(fields | {"requests": tuple(b64decode(each) for each in fields["requests"])}))


@dataclass(frozen=True, slots=True)
class Report:
    """What came back: counts, percentiles in milliseconds, and what every answer said."""

    answers: int
    wall_seconds: float
    latency_p50_ms: float
    latency_p99_ms: float
    first_byte_p50_ms: float
    first_byte_p99_ms: float
    answered: Answered

    @classmethod
    def from_json(cls, text: str) -> Report:
        fields = json.loads(text)
        return cls(**(fields | {"answered": _to_answered(fields["answered"])}))


def _to_answered(fields: dict[str, Any]) -> Answered:
    return Answered(**(fields | {"vectors": tuple(fields["vectors"])}))


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` of the values do not exceed. Raises IndexError where there are none."""
    return sorted(values)[max(0, math.ceil(len(values) * share) - 1)]


@dataclass(slots=True)
class Received:
    """All answers so far: times in seconds from the request's first byte; `bodies` with their status."""

    latencies: list[float] = field(default_factory=list)
    first_bytes: list[float] = field(default_factory=list)
    bodies: list[tuple[int, bytes]] = field(default_factory=list)


class _Connection(asyncio.Protocol):
    """Sends one request `answers` times, the next when the last is answered."""

    def __init__(self, request: bytes, answers: int, received: Received) -> None:
        self._request = request
        self._left = answers
        self._received = received
        self._parser = httptools.HttpResponseParser(self)
        self.done = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop has classes of its own

    def send(self) -> None:
        self._body: list[bytes] = []
        self._first_byte_at = 0.0
        self._sent_at = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, chunk: bytes) -> None:
        self._parser.feed_data(chunk)

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the connection was closed before its answers were in"))

    # What follows is called by httptools.

    def on_body(self, chunk: bytes) -> None:
        if not self._body:
            self._first_byte_at = time.perf_counter()
        self._body.append(chunk)

    def on_message_complete(self) -> None:
        received = self._received
        received.latencies.append(time.perf_counter() - self._sent_at)
        received.first_bytes.append(self._first_byte_at - self._sent_at)
        received.bodies.append((self._parser.get_status_code(), b"".join(self._body)))
        self._left -= 1
        if self._left:
            self.send()
        else:
            self.done.set_result(None)
            self._transport.close()


async def run_load(plan: Plan) -> Report:
    """Raises WrongAnswer, TimeoutError, OSError."""
    received = Received()
    loop = asyncio.get_running_loop()
    connections = [_Connection(request, answers, received) for request, answers in shares(plan)]
    for connection in connections:
        await loop.create_connection(partial(_itself, connection), HOST, plan.port)
    started = time.perf_counter()
    for index, connection in enumerate(connections):
        loop.call_later(index * plan.spread_seconds / plan.connections, connection.send)
    async with asyncio.timeout(TIME_LIMIT_SECONDS):
        await asyncio.gather(*(connection.done for connection in connections))
    return to_report(plan, received, time.perf_counter() - started)


def shares(plan: Plan) -> list[tuple[bytes, int]]:
    """What each connection sends, and how often. Together they make `plan.answers`."""
    each, rest = divmod(plan.answers, plan.connections)
    requests = plan.requests
    return [(requests[index % len(requests)], each + (index < rest)) for index in range(plan.connections)]


def _itself(connection: _Connection) -> _Connection:
    return connection


def to_report(plan: Plan, received: Received, wall_seconds: float) -> Report:
    """Checks every answer. Raises WrongAnswer."""
    answers = [read(plan.form, status, body) for status, body in received.bodies]
    expected = plan.expected or answers[0]
    for answered in answers:
        if answered != expected:
            raise WrongAnswer(f"{answered} instead of {expected}")
    return Report(
        answers=len(answers),
        wall_seconds=wall_seconds,
        latency_p50_ms=percentile(received.latencies, 0.50) * 1_000,
        latency_p99_ms=percentile(received.latencies, 0.99) * 1_000,
        first_byte_p50_ms=percentile(received.first_bytes, 0.50) * 1_000,
        first_byte_p99_ms=percentile(received.first_bytes, 0.99) * 1_000,
        answered=expected,
    )


def _main() -> int:
    try:
        report = uvloop.run(run_load(Plan.from_json(sys.stdin.read())))
    except (WrongAnswer, TimeoutError, OSError) as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(json.dumps(asdict(report)))
    return 0


if __name__ == "__main__":
    sys.exit(_main())
