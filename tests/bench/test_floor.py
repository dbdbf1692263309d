"""The floor does what it is compared for: it lets known keys in alone, and what it signs is accepted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from awswire.credentials import Credentials
from awswire.sigv4 import SigV4
from bench.answers import WrongAnswer
from bench.children import Server
from bench.floor import Relay
from bench.load import Plan, run_load
from bench.payloads import Ask, to_converse_request
from gateway.local.environment import REGION, SIMULATOR_ACCESS_KEY, SIMULATOR_SECRET_KEY
from gateway.local.simulator_process import SimulatorProcess

KEY = "sk-sluice_known"
CORES = os.sched_getaffinity(0)


def test_a_caller_is_known_by_a_bearer_key() -> None:
    relay = Relay(80, [KEY], SigV4(REGION, "bedrock", lambda: 0.0), Credentials("id", "secret"))
    assert relay.find_caller({b"authorization": b"Bearer " + KEY.encode()}) == 0
    assert relay.find_caller({b"authorization": b"Bearer sk-sluice_other"}) is None
    assert relay.find_caller({b"authorization": b"Basic " + KEY.encode()}) is None
    assert relay.find_caller({}) is None


@pytest.fixture(scope="module")
def floor_port() -> Iterator[int]:
    """A floor on a replay on a simulator that verifies signatures."""
    simulator = SimulatorProcess()
    with ExitStack() as stack:
        stack.callback(simulator.stop)
        simulator_port = int(simulator.endpoint_url().rpartition(":")[2])
        replay = Server("bench.replay", {"simulator_port": simulator_port}, CORES)
        stack.callback(replay.stop)
        fields = {
            "upstream_port": replay.port,
            "keys": [KEY],
            "region": REGION,
            "access_key": SIMULATOR_ACCESS_KEY,
            "secret_key": SIMULATOR_SECRET_KEY,
        }
        floor = Server("bench.floor", fields, CORES)
        stack.callback(floor.stop)
        yield floor.port


@pytest.mark.parametrize("stream", [False, True])
async def test_a_simulator_that_verifies_answers_through_it_and_the_replay_says_the_same(
    floor_port: int, stream: bool
) -> None:
    request = to_converse_request(Ask(tokens=3, stream=stream), KEY)
    form = "event-stream" if stream else "converse"
    plan = Plan(floor_port, (request,), connections=2, answers=6, form=form)
    report = await run_load(plan)
    assert (report.answers, report.answered.text) == (6, "alpha beta gamma")
    assert (report.answered.finish_reason, report.answered.output_tokens) == ("stop", 3)


async def test_an_unknown_key_is_refused(floor_port: int) -> None:
    plan = Plan(floor_port, (to_converse_request(Ask(tokens=3), "sk-other"),), 1, 1, "converse")
    with pytest.raises(WrongAnswer, match="status 401"):
        await run_load(plan)
