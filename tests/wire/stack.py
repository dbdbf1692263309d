"""`sluice dev` and `sluice serve` as child processes, the way a person starts them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
from openai import AsyncOpenAI, OpenAI

from tests.wire.child_processes import children_of, is_running
from tests.wire.polling import eventually

PROJECT = Path(__file__).parents[2]
CHAT_MODEL = "amazon.nova-lite-v1:0"
CLAUDE_MODEL = "us.anthropic.claude-haiku-4-5-20251001-v1:0"
START_TIMEOUT_SECONDS = 60.0  # three processes start, on a machine that may be busy with others
STOP_TIMEOUT_SECONDS = 40.0


@dataclass(frozen=True, slots=True)
class Gateway:
    """Something that answers below `base_url`, which ends in `/v1`."""

    base_url: str

    @property
    def root_url(self) -> str:
        return self.base_url.removesuffix("/v1")

    def openai(self, api_key: str) -> OpenAI:
        """The SDK as it is installed, but without its own retries: they would hide the first answer."""
        return OpenAI(api_key=api_key, base_url=self.base_url, max_retries=0)

    def async_openai(self, api_key: str) -> AsyncOpenAI:
        return AsyncOpenAI(api_key=api_key, base_url=self.base_url, max_retries=0)


@dataclass(frozen=True, slots=True)
class Stack(Gateway):
    """A running `sluice dev`: the fields of its ready file. `log` is where its standard error goes."""

    admin_key: str
    api_key: str
    dynamodb_endpoint: str
    bedrock_endpoint: str
    pid: int
    serve_env: Mapping[str, str]
    data_dir: Path
    log: Path
    banner: Path
    process: subprocess.Popen[bytes] = field(repr=False)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ends it by a signal and waits. Its exit status."""
        self.process.send_signal(number)
        return self.process.wait(STOP_TIMEOUT_SECONDS)

    def kill(self) -> None:
        """SIGKILL, and wait until the processes it had started are gone with it."""
        children = children_of(self.pid)
        self.process.kill()
        self.process.wait()
        eventually(lambda: [pid for pid in children if is_running(pid)], lambda left: not left)


def dev_command(data_dir: Path, *options: str) -> Sequence[str]:
    return [sys.executable, "-m", "gateway", "dev", "--data-dir", str(data_dir), *options]


def start_stack(data_dir: Path, settings: Mapping[str, str] | None = None) -> Stack:
    """Start and wait until it serves. For the caller to stop. `settings`: `SLUICE_…` variables beside the defaults."""
    ready_file = data_dir.with_name(data_dir.name + ".ready.json")
    log, banner = data_dir.with_name(data_dir.name + ".log"), data_dir.with_name(data_dir.name + ".banner")
    ready_file.unlink(missing_ok=True)
    with log.open("ab") as errors, banner.open("wb") as output:
        command = dev_command(data_dir, "--port", "0", "--ready-file", str(ready_file))
        environment = {**os.environ, **(settings or {})}
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=output, stderr=errors)
    try:
        eventually(lambda: process.poll() is not None or ready_file.exists(), bool, START_TIMEOUT_SECONDS)
        assert process.poll() is None, f"sluice dev ended with {process.poll()}: {log.read_text()[-2000:]}"
    except BaseException:
        process.kill()
        process.wait()
        raise
    fields = json.loads(ready_file.read_text())
    return Stack(**fields, data_dir=data_dir, log=log, banner=banner, process=process)


@contextmanager
def running_stack(data_dir: Path, settings: Mapping[str, str] | None = None) -> Iterator[Stack]:
    """A stack that has to end cleanly: status 0, and none of its children left."""
    stack = start_stack(data_dir, settings)
    children = children_of(stack.pid)
    try:
        yield stack
        assert stack.stop() == 0, stack.log.read_text()[-2000:]
        assert [pid for pid in children if is_running(pid)] == []
    finally:
        if stack.process.poll() is None:
            stack.kill()


@contextmanager
def running_serve(stack: Stack, log: Path, settings: Mapping[str, str] | None = None) -> Iterator[Gateway]:
    """One more gateway on the stack's store: `sluice serve` with the variables of the ready file."""
    command = [sys.executable, "-m", "gateway", "serve", "--port", "0"]
    environment = {**os.environ, **stack.serve_env, **(settings or {})}
    with log.open("wb") as errors:
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=errors, stderr=errors)
    try:
        said = eventually(log.read_text, lambda text: "serves http" in text or process.poll() is not None)
        assert process.poll() is None, said
        gateway = Gateway(said.partition("serves ")[2].split()[0])
        eventually(lambda: is_live(gateway), bool, START_TIMEOUT_SECONDS)
        yield gateway
        process.terminate()
        # uvicorn raises the signal it ended by once more, for its parent to see.
        assert process.wait(STOP_TIMEOUT_SECONDS) in (0, -signal.SIGTERM), log.read_text()[-2000:]
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def is_live(gateway: Gateway) -> bool:
    """Whether it answers its liveness probe."""
    try:
        return httpx2.get(f"{gateway.root_url}/healthz").status_code == 200
    except httpx2.TransportError:
        return False
