from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from gateway.errors import BedrockError
from gateway.metered_bedrock import MeteredBedrock
from gateway.metrics import Metrics
from tests.gateway.fakes import NOW_MS, FakeBedrock, FakeStream

Ask = Callable[[MeteredBedrock], Awaitable[object]]
CALLS: dict[str, Ask] = {
    "converse": lambda bedrock: bedrock.converse("m", b"{}"),
    "converse_stream": lambda bedrock: bedrock.open_stream("m", b"{}"),
    "invoke": lambda bedrock: bedrock.invoke("m", b"{}", {}),
}


@pytest.mark.parametrize("operation", CALLS)
async def test_every_call_is_timed_and_its_answer_untouched(operation: str) -> None:
    metrics, stream = Metrics("1", lambda: NOW_MS), FakeStream()
    assert await CALLS[operation](MeteredBedrock(FakeBedrock(stream), metrics, lambda: 0.0)) is stream
    assert metrics.bedrock_seconds.count(operation, "done") == 1


@pytest.mark.parametrize("operation", CALLS)
async def test_a_refusal_is_raised_and_counted(operation: str) -> None:
    metrics = Metrics("1", lambda: NOW_MS)
    refusing = FakeBedrock(BedrockError("ThrottlingException", 429, ""))
    with pytest.raises(BedrockError):
        await CALLS[operation](MeteredBedrock(refusing, metrics, lambda: 0.0))
    assert metrics.bedrock_seconds.count(operation, "failed") == 1
    assert metrics.bedrock_errors.count("ThrottlingException") == 1
