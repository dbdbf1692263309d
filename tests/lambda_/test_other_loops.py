"""The functions that AWS's own loop calls: without streams, and on a schedule. Each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from migrations.catalog import discover
from tests.lambda_.events import Json, function_url_event, rest_event
from tests.wire.ledger import Ledger
from tests.wire.stack import CHAT_MODEL, PROJECT, Stack
from tests.wire.tenancy import IssuedKey

# As AWS's loop does it: import once, then one call for each event. What nobody keeps is gone in between.
_LOOP = """
import gc, json, os, sys
from gateway import lambda_runtime
for line in sys.stdin:
    print(json.dumps(getattr(lambda_runtime, sys.argv[1])(json.loads(line), None)), flush=True)
    gc.collect()
os._exit(0)  # Lambda's environments are killed
"""


def call(stack: Stack, function: str, *events: Json) -> list[Any]:
    environment = {**os.environ, **stack.serve_env}
    done = subprocess.run(
        [sys.executable, "-c", _LOOP, function],
        input="".join(json.dumps(event) + "\n" for event in events),
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "Task was destroyed" not in done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def chat_event(key: IssuedKey, *, stream: bool, make: Any = function_url_event) -> Json:
    headers = {"authorization": f"Bearer {key.value}", "content-type": "application/json"}
    body = {"model": CHAT_MODEL, "stream": stream, "messages": [{"role": "user", "content": "Hello"}]}
    event: Json = make("POST", "/v1/chat/completions", headers, json.dumps(body).encode())
    return event


def test_the_buffered_handler_answers_whole_through_either_door(stack: Stack, key: IssuedKey, ledger: Ledger) -> None:
    events = [
        chat_event(key, stream=False),
        chat_event(key, stream=True),
        chat_event(key, stream=False, make=rest_event),
        function_url_event("GET", "/v1/models", {"authorization": "Bearer sk-wrong"}),
    ]
    whole, streamed, by_rest, refused = call(stack, "handler", *events)
    for answer in (whole, by_rest):
        assert json.loads(answer["body"])["choices"][0]["message"]["content"] == "echo: Hello"
    assert streamed["body"].endswith("data: [DONE]\n\n")
    assert refused["statusCode"] == 401
    totals = ledger.totals(key)
    assert (totals.requests, totals.holds) == (3, ())
    assert len(ledger.events(key)) == 3  # delivered before AWS's loop could freeze the process


def test_a_scheduled_sweep_says_what_it_found(stack: Stack) -> None:
    (swept,) = call(stack, "maintain", {"sluice": "sweep"})
    assert swept.keys() == {"accounts", "abandoned", "delivered", "failed"}


def test_a_scheduled_rollup_says_what_it_did(stack: Stack) -> None:
    (rolled_up,) = call(stack, "maintain", {"sluice": "rollup"})
    assert rolled_up.keys() == {"days", "pages", "failed"}
    assert rolled_up["failed"] == 0


def test_a_deployment_can_record_its_migrations(stack: Stack) -> None:
    (recorded,) = call(stack, "maintain", {"sluice": "migrate"})
    assert recorded == {"applied": [], "already_done": [step.version for step in discover()]}


def test_another_event_is_refused_by_the_schedule(stack: Stack) -> None:
    with pytest.raises(AssertionError, match="the event has to be"):
        call(stack, "maintain", {"sluice": "something else"})
