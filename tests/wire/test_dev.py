"""`sluice dev` as a process: what it says, what it refuses, how it ends, what it keeps."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.engines import dynoxide_binary
from tests.wire.child_processes import children_of, is_running
from tests.wire.messages import ask
from tests.wire.stack import CHAT_MODEL, PROJECT, Stack, dev_command, start_stack
from tests.wire.tenancy import Tenancy


def refused(*command: str) -> str:
    """What a start that has to be refused says."""
    ended = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=30)
    assert ended.returncode == 2, ended.stderr
    assert "Traceback" not in ended.stderr
    return ended.stderr


def test_a_second_instance_on_the_same_folder_is_refused(stack: Stack) -> None:
    said = refused(*dev_command(stack.data_dir, "--port", "0"))
    assert f"in use by the process with pid {stack.pid}" in said


def test_a_port_that_is_taken_is_refused_before_anything_starts(stack: Stack, tmp_path: Path) -> None:
    port = urlsplit(stack.base_url).port
    assert f"Cannot listen on 127.0.0.1:{port}" in refused(*dev_command(tmp_path / "store", "--port", str(port)))
    assert not (tmp_path / "store").exists()


def test_the_ready_file_is_for_its_user_alone_and_names_the_process(stack: Stack) -> None:
    path = stack.data_dir.with_name(stack.data_dir.name + ".ready.json")
    assert path.stat().st_mode & 0o777 == 0o600
    fields = json.loads(path.read_text())
    assert set(fields) == {
        "base_url", "admin_key", "api_key", "dynamodb_endpoint", "bedrock_endpoint", "pid", "serve_env",
    }  # fmt: skip
    assert fields["pid"] == stack.process.pid
    assert fields["serve_env"]["SLUICE_ADMIN_KEY"] == fields["admin_key"]


def test_secrets_in_the_data_folder_are_for_its_user_alone(stack: Stack) -> None:
    modes = {path.name: path.stat().st_mode & 0o077 for path in stack.data_dir.iterdir()}
    assert modes
    assert set(modes.values()) == {0}


def test_no_secret_is_in_the_log(stack: Stack) -> None:
    text = stack.log.read_text()
    assert stack.base_url
    assert not any(secret in text for secret in (stack.api_key, stack.admin_key, stack.serve_env["SLUICE_PEPPER"]))


def chat_status(stack: Stack, api_key: str) -> str | None:
    with stack.openai(api_key) as client:
        answer = client.chat.completions.create(model=CHAT_MODEL, messages=ask("Hello!"))
        return answer.choices[0].message.content


def test_it_stops_with_all_its_children_and_keeps_keys_and_secrets(tmp_path: Path) -> None:
    dynoxide_binary()
    first = start_stack(tmp_path / "store")
    try:
        tenancy = Tenancy(first.base_url, first.admin_key)
        key = tenancy.issue_alone()
        tenancy.close()
        children = children_of(first.pid)
        assert len(children) == 2  # the engine and the simulator
        assert first.stop(signal.SIGINT) == 0
        assert [pid for pid in children if is_running(pid)] == []
    finally:
        first.kill() if first.process.poll() is None else None
    again = start_stack(tmp_path / "store")
    try:
        assert (again.admin_key, again.api_key) == (first.admin_key, first.api_key)
        assert chat_status(again, key.value) == chat_status(again, again.api_key) == "echo: Hello!"
        children = children_of(again.pid)
        assert again.stop(signal.SIGTERM) == 0
        assert [pid for pid in children if is_running(pid)] == []
    finally:
        again.kill() if again.process.poll() is None else None


def test_a_request_in_flight_is_finished_before_it_stops(tmp_path: Path) -> None:
    dynoxide_binary()
    running = start_stack(tmp_path / "store")
    try:
        with running.openai(running.api_key) as client:
            messages = ask("[[sim:tokens=20 gap_ms=20]]")
            chunks = iter(client.chat.completions.create(model=CHAT_MODEL, messages=messages, stream=True))
            next(chunks)
            os.kill(running.pid, signal.SIGTERM)
            reasons = [chunk.choices[0].finish_reason for chunk in chunks]
        assert reasons[-1] == "stop"
        assert running.process.wait(30) == 0
    finally:
        running.kill() if running.process.poll() is None else None


@pytest.mark.parametrize("option", ["--engine", "--bedrock"])
def test_an_option_that_is_not_known_is_refused(option: str, tmp_path: Path) -> None:
    assert "Invalid value" in refused(*dev_command(tmp_path / "store", option, "postgres"))
