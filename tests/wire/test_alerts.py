"""A project's alert reaches a webhook once, over several gateways, also when the one that served is killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.engines import dynoxide_binary
from tests.wire.killable import KillableGateway, start_killable
from tests.wire.messages import ask
from tests.wire.polling import eventually
from tests.wire.stack import CHAT_MODEL, Stack, running_stack
from tests.wire.tenancy import IssuedKey, Tenancy
from tests.wire.webhook_receiver import Receiver, open_receiver

THRESHOLD_TOKENS = 100
RECIPIENTS = ["finance@example.com"]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with open_receiver() as opened:
        yield opened


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[Stack]:
    """A store of its own, whose own gateway tells nobody anything."""
    dynoxide_binary()
    with running_stack(tmp_path / "store", {"SLUICE_SWEEP_SECONDS": "0"}) as stack:
        yield stack


@pytest.fixture
def gateways(quiet: Stack, receiver: Receiver, tmp_path: Path) -> Iterator[list[KillableGateway]]:
    """Three: the first one never sweeps, so that nobody was told of what it served; the others sweep often."""
    settings = {"SLUICE_SURFACES": "gateway", **receiver.settings}
    started: list[KillableGateway] = []
    try:
        for number, sweep_seconds in enumerate(("0", "0.4", "0.4")):
            log = tmp_path / f"gateway-{number}.log"
            started.append(start_killable(quiet, log, {**settings, "SLUICE_SWEEP_SECONDS": sweep_seconds}))
        yield started
    finally:
        for gateway in started:
            gateway.kill()


def chat(gateway: KillableGateway, key: IssuedKey, tokens: int) -> None:
    with gateway.openai(key.value) as client:
        text = f"Hi [[sim:input_tokens={tokens} tokens=0]]"
        client.chat.completions.create(model=CHAT_MODEL, messages=ask(text), max_tokens=50)


def test_a_projects_alert_is_told_once_also_where_the_gateway_that_served_is_killed(
    quiet: Stack, receiver: Receiver, gateways: list[KillableGateway]
) -> None:
    with closing(Tenancy(quiet.base_url, quiet.admin_key)) as tenancy:
        project_id = tenancy.create_project()
        keys = [tenancy.issue(project_id) for _ in range(2)]
        for threshold in (THRESHOLD_TOKENS, 10 * THRESHOLD_TOKENS):
            tenancy.post(
                f"/organization/projects/{project_id}/spend_alerts",
                {
                    "currency": "tokens",
                    "interval": "month",
                    "threshold_amount": threshold,
                    "notification_channel": {"type": "email", "recipients": RECIPIENTS},
                },
            )
    doomed, *others = gateways
    for gateway, key in zip(others, keys, strict=True):
        chat(gateway, key, THRESHOLD_TOKENS // 3)
    assert receiver.events == []  # neither key alone, nor both: not yet
    chat(doomed, keys[0], THRESHOLD_TOKENS // 2)
    doomed.kill()
    (event,) = eventually(lambda: list(receiver.events), bool, 60.0)
    data = event["data"]
    assert (data["project_id"], data["api_key_id"], data["interval"]) == (project_id, None, "month")
    assert (data["threshold_tokens"], data["notification_channel"]["recipients"]) == (THRESHOLD_TOKENS, RECIPIENTS)
    assert data["used_tokens"] >= THRESHOLD_TOKENS
    for gateway, key in zip(others, keys, strict=True):
        chat(gateway, key, THRESHOLD_TOKENS)
    chat(others[0], keys[0], 10 * THRESHOLD_TOKENS)
    *first, second = eventually(lambda: list(receiver.events), lambda events: len(events) > 1, 60.0)
    assert first == [event]
    assert second["data"]["threshold_tokens"] == 10 * THRESHOLD_TOKENS
