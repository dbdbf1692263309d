"""An environment's life: how it begins, serves several at once, and ends."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.lambda_.environment import running_environment, start_runtime
from tests.lambda_.front_door import open_front_door
from tests.wire.ledger import Ledger
from tests.wire.messages import ask
from tests.wire.polling import eventually
from tests.wire.stack import CHAT_MODEL, Stack
from tests.wire.tenancy import IssuedKey, Tenancy


def test_two_requests_are_served_at_once_where_lambda_says_so(stack: Stack, tmp_path: Path, key: IssuedKey) -> None:
    with running_environment(stack, tmp_path / "log", concurrency=2) as environment:
        with environment.openai(key.value) as client, ThreadPoolExecutor(2) as pool:

            def chat(text: str) -> str | None:
                messages = ask(text)
                return client.chat.completions.create(model=CHAT_MODEL, messages=messages).choices[0].message.content

            slow = pool.submit(chat, "slow [[sim:first_ms=3000]]")
            eventually(lambda: environment.door.api.waiting, lambda waiting: waiting == 1)
            assert chat("quick") == "echo: quick"
            assert not slow.done()
            assert slow.result() == "echo: slow"


def test_sigterm_in_a_stream_settles_it_and_tells_its_client(
    stack: Stack, tmp_path: Path, tenancy: Tenancy, ledger: Ledger
) -> None:
    key = tenancy.issue_alone()
    with running_environment(stack, tmp_path / "log") as environment:
        with environment.openai(key.value) as client:
            messages = ask("[[sim:tokens=1000 gap_ms=50]]")
            stream = client.chat.completions.create(model=CHAT_MODEL, messages=messages, stream=True)
            next(chunk for chunk in stream if chunk.choices[0].delta.content)
            assert environment.stop() == 0
        answer = environment.door.answers[-1]
        eventually(answer.over.is_set, bool)
    assert b'"code":"shutting_down"' in answer.body
    assert answer.failure["errorType"] == "ShuttingDown"
    totals = ledger.totals(key)
    assert (totals.requests, totals.holds) == (1, ())
    assert totals.tokens.output_tokens > 0
    assert [event.status for event in ledger.events(key)] == ["estimated"]


def test_an_idle_environment_ends_at_sigterm(stack: Stack, tmp_path: Path) -> None:
    with running_environment(stack, tmp_path / "log") as environment:
        assert environment.stop() == 0


def test_settings_that_cannot_be_used_are_told_to_lambda_before_anything_is_served(
    stack: Stack, tmp_path: Path
) -> None:
    with open_front_door() as door:
        variables = {**stack.serve_env, "SLUICE_PEPPER": "no-pepper-of-ours"}
        process = start_runtime(door.api.address, tmp_path / "log", variables)
        assert process.wait(30) == 1
        told = door.api.init_error
    assert told is not None
    assert told["errorType"] == "Sluice.SettingsError"
    assert "SLUICE_PEPPER has to be" in told["errorMessage"]
    assert "no-pepper-of-ours" not in told["errorMessage"]
    assert not [asked for asked in door.api.asked if asked.path.endswith("/invocation/next")]


def test_with_snapstart_nothing_is_asked_for_before_the_snapshot_is_thawed(stack: Stack, tmp_path: Path) -> None:
    with open_front_door() as door:
        variables = {**stack.serve_env, "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"}
        process = start_runtime(door.api.address, tmp_path / "log", variables)
        try:
            asked = eventually(
                lambda: [each.path for each in door.api.asked],
                lambda paths: any(path.endswith("/restore/next") for path in paths) or process.poll() is not None,
            )
            assert not [path for path in asked if path.endswith("/invocation/next")]
            door.thaw()
            eventually(lambda: door.api.waiting, lambda waiting: waiting == 1)
            process.send_signal(signal.SIGTERM)
            assert process.wait(30) == 0
        finally:
            process.kill()
            process.wait()
