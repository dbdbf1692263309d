"""What is measured: each function runs its loads and gives the lines they make."""

from __future__ import annotations

from bench import budgets
from bench.budgets import Figure
from bench.load import Plan
from bench.measure import resident_mib
from bench.pairs import Costs, Load, Pair, measure_pair, run_thrice_booked
from bench.payloads import EMBEDDING_TEXTS, Ask, to_embeddings_request
from bench.stack import Stack

_CHAT = Ask(tokens=100)
_STREAM_DELTAS = 100
_STREAM = Ask(tokens=_STREAM_DELTAS, stream=True, pace="first_ms=300 gap_ms=10")
_STREAM_SECONDS = 1.3
# messageStart, contentBlockStop, messageStop and metadata are events, too, and cost the same.
_STREAM_EVENTS = _STREAM_DELTAS + 4
_SHORT_DELTAS, _LONG_DELTAS = 10, 110


def measure_chat(stack: Stack) -> list[Figure]:
    """Whole chats of 100 tokens: at concurrency 16 with one key and with 16, and alone; memory around them."""
    at_rest_mib = resident_mib(stack.gateway.pid)
    one_key = measure_pair(stack, Load(_CHAT, connections=16, keys=1, answers=1_200, floor_answers=9_600))
    many_keys = measure_pair(stack, Load(_CHAT, connections=16, keys=16, answers=1_200, floor_answers=9_600))
    alone = measure_pair(stack, Load(_CHAT, connections=1, keys=1, answers=300, floor_answers=300))
    floor_mib = resident_mib(stack.floor.pid)
    return [
        _ratio("chat, 16 at once, one key: CPU", "us/request", one_key, budgets.CHAT_RATIO),
        _ratio("chat, 16 at once, 16 keys: CPU", "us/request", many_keys, budgets.CHAT_RATIO),
        _ratio("chat, one at a time: CPU", "us/request", alone, None),
        _added("chat, one at a time: added latency p50", alone, "latency_p50_ms", budgets.ADDED_P50_MS),
        Figure("memory at rest", "MiB RSS", at_rest_mib, floor_mib, at_rest_mib, budgets.RESIDENT_MIB),
        Figure("memory after these loads", "MiB RSS", resident_mib(stack.gateway.pid)),
        _measure_embeddings(stack, one_key.gateway),
    ]


def measure_streams(stack: Stack) -> list[Figure]:
    """64 streams of 100 tokens on 64 keys: 300 ms to the first, 10 ms apart, begun evenly over their duration."""
    load = Load(_STREAM, connections=64, keys=64, answers=128, floor_answers=128, spread_seconds=_STREAM_SECONDS)
    pair = measure_pair(stack, load)
    floor_us, gateway_us = pair.floor.cpu_us / _STREAM_EVENTS, pair.gateway.cpu_us / _STREAM_EVENTS
    ratio = gateway_us / floor_us
    return [
        Figure(
            "64 streams: CPU, all in",
            "us/chunk",
            gateway_us,
            floor_us,
            ratio,
            budgets.STREAM_RATIO,
            pair.gateway.cpu_spread,
        ),
        _added("64 streams: added time to first byte p50", pair, "first_byte_p50_ms", budgets.FIRST_BYTE_P50_MS),
        _added("64 streams: added time to first byte p99", pair, "first_byte_p99_ms", budgets.FIRST_BYTE_P99_MS),
        _added("64 streams: added duration p50", pair, "latency_p50_ms", None),
    ]


def measure_bursts(stack: Stack) -> list[Figure]:
    """Streams whose events all come at once: what a chunk costs where no wait and no write of its own hide it."""
    short, long = (
        measure_pair(stack, Load(Ask(deltas, stream=True), connections=16, keys=16, answers=1_000, floor_answers=4_000))
        for deltas in (_SHORT_DELTAS, _LONG_DELTAS)
    )
    gateway_us, floor_us = (
        (many.cpu_us - few.cpu_us) / (_LONG_DELTAS - _SHORT_DELTAS)
        for few, many in ((short.gateway, long.gateway), (short.floor, long.floor))
    )
    return [
        Figure("burst: CPU, slope 10 to 110", "us/chunk", gateway_us, floor_us, gateway_us, budgets.BURST_CHUNK_US),
        Figure(
            "burst: CPU of 110 chunks",
            "us/stream",
            long.gateway.cpu_us,
            long.floor.cpu_us,
            spread=long.gateway.cpu_spread,
        ),
    ]


def _measure_embeddings(stack: Stack, chat: Costs) -> Figure:
    """96 texts, one request at a time on each of four connections. The floor has no figure: it would relay 2 MB."""
    keys = stack.keys[:1]
    request = to_embeddings_request(keys[0].value)
    plan = Plan(stack.gateway.port, (request,), connections=4, answers=60, form="embeddings")
    costs = run_thrice_booked(stack, plan, keys)
    budget = budgets.embeddings_budget(chat.cpu_us, len(EMBEDDING_TEXTS))
    return Figure(
        "embeddings of 96 texts: CPU", "us/request", costs.cpu_us, None, costs.cpu_us, budget, costs.cpu_spread
    )


def _ratio(name: str, unit: str, pair: Pair, budget: budgets.Budget | None) -> Figure:
    floor_us, gateway_us = pair.floor.cpu_us, pair.gateway.cpu_us
    return Figure(name, unit, gateway_us, floor_us, gateway_us / floor_us, budget, pair.gateway.cpu_spread)


def _added(name: str, pair: Pair, percentile: str, budget: budgets.Budget | None) -> Figure:
    """Over the same percentile of the upstream with nothing in front of it."""
    direct, floor, gateway = (
        costs.median_of(lambda report: float(getattr(report, percentile)))
        for costs in (pair.direct, pair.floor, pair.gateway)
    )
    return Figure(name, "ms", gateway - direct, floor - direct, gateway - direct, budget)
