"""One load on the floor and on the gateway in turn, three times, with every answer and every book checked."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import median

from bench.answers import Answered
from bench.children import run_load_process
from bench.control import Books, Key
from bench.load import Plan, Report
from bench.measure import cpu_seconds
from bench.payloads import Ask, to_chat_request, to_converse_request
from bench.stack import Stack

REPETITIONS = 3
# Usage events are written behind the answers, in batches: their CPU belongs to the requests before them.
_WRITTEN_BEHIND_SECONDS = 0.4


class BooksWrong(Exception):
    """The ledger does not say what was answered. The message holds both."""


@dataclass(frozen=True, slots=True)
class Load:
    """A closed loop of one kind of chat. The floor is given more answers: it is done with each so much sooner."""

    ask: Ask
    connections: int
    keys: int
    answers: int
    floor_answers: int
    spread_seconds: float = 0.0

    def to_plan(self, port: int, requests: tuple[bytes, ...], form: str, expected: Answered | None) -> Plan:
        return Plan(port, requests, self.connections, self.answers, form, expected, self.spread_seconds)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run took: CPU of the server in microseconds for each answer, and what the load saw."""

    cpu_us: float
    report: Report


@dataclass(frozen=True, slots=True)
class Costs:
    """The repetitions of a run."""

    runs: tuple[Cost, ...]

    @property
    def cpu_us(self) -> float:
        return median(cost.cpu_us for cost in self.runs)

    @property
    def cpu_spread(self) -> float:
        """From the lowest to the highest, as a share of the median."""
        each = [cost.cpu_us for cost in self.runs]
        return (max(each) - min(each)) / self.cpu_us

    def median_of(self, read: Callable[[Report], float]) -> float:
        return median(read(cost.report) for cost in self.runs)


@dataclass(frozen=True, slots=True)
class Pair:
    """One load on the floor, on the gateway, and on the replaying upstream with nothing in front of it."""

    floor: Costs
    gateway: Costs
    direct: Costs


def measure_pair(stack: Stack, load: Load) -> Pair:
    """Raises ChildFailed for a wrong answer, BooksWrong."""
    keys = stack.keys[: load.keys]
    expected = learn(stack, load.ask)
    floor_load = replace(load, answers=load.floor_answers)
    floor_form = "event-stream" if load.ask.stream else "converse"
    floor_requests = tuple(to_converse_request(load.ask, key.value) for key in keys)
    floor_plan = floor_load.to_plan(stack.floor.port, floor_requests, floor_form, expected)
    form = "chunks" if load.ask.stream else "completion"
    requests = tuple(to_chat_request(load.ask, key.value) for key in keys)
    gateway_plan = load.to_plan(stack.gateway.port, requests, form, expected)
    direct_plan = replace(floor_plan, port=stack.direct_port, answers=load.answers)
    for plan in (floor_plan, gateway_plan):
        warm(stack, plan)
    floor, gateway, direct = [], [], []
    for _ in range(REPETITIONS):
        direct.append(run(stack, direct_plan, stack.floor.pid))
        floor.append(run(stack, floor_plan, stack.floor.pid))
        gateway.append(run_booked(stack, gateway_plan, keys))
    return Pair(Costs(tuple(floor)), Costs(tuple(gateway)), Costs(tuple(direct)))


def learn(stack: Stack, ask: Ask) -> Answered:
    """What this chat is answered with, by the simulator, through the floor. Streamed or not, it says the same."""
    request = to_converse_request(replace(ask, stream=False), stack.keys[0].value)
    plan = Plan(stack.floor.port, (request,), connections=1, answers=1, form="converse")
    return run_load_process(plan, stack.cores.others).answered


def warm(stack: Stack, plan: Plan) -> None:
    """Opens connections and accounts, fills caches: one request alone, then one on each connection."""
    once = replace(plan, requests=plan.requests[:1], connections=1, answers=1)
    run_load_process(once, stack.cores.others)
    rounds = replace(plan, answers=max(plan.connections, len(plan.requests)), spread_seconds=0.0)
    run_load_process(rounds, stack.cores.others)


def run(stack: Stack, plan: Plan, pid: int) -> Cost:
    before = cpu_seconds(pid)
    report = run_load_process(plan, stack.cores.others)
    time.sleep(_WRITTEN_BEHIND_SECONDS)
    return Cost((cpu_seconds(pid) - before) / report.answers * 1e6, report)


def run_thrice_booked(stack: Stack, plan: Plan, keys: tuple[Key, ...]) -> Costs:
    """A load that the floor is not measured with. Raises ChildFailed, BooksWrong."""
    warm(stack, plan)
    return Costs(tuple(run_booked(stack, plan, keys) for _ in range(REPETITIONS)))


def run_booked(stack: Stack, plan: Plan, keys: tuple[Key, ...]) -> Cost:
    """A run of the gateway after which the accounts of `keys` have grown by exactly what was answered.

    Raises BooksWrong.
    """
    before = stack.control.read_books(keys)
    cost = run(stack, plan, stack.gateway.pid)
    after = stack.control.read_books(keys)
    answered, count = cost.report.answered, cost.report.answers
    wanted = before + Books(count, count * answered.input_tokens, count * answered.output_tokens)
    if after != wanted:
        raise BooksWrong(f"the ledger has {after} where the answers make {wanted}")
    return cost
