"""An execution environment: the runtime's process behind a front door, with a stack's store and simulator."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from openai import OpenAI

from tests.lambda_.front_door import FrontDoor, open_front_door
from tests.wire.polling import eventually
from tests.wire.stack import PROJECT, START_TIMEOUT_SECONDS, STOP_TIMEOUT_SECONDS, Stack

_FOREIGN = ("AWS_", "SLUICE_")


@dataclass(frozen=True, slots=True)
class Environment:
    """`log` is where the process's standard error goes."""

    door: FrontDoor
    process: subprocess.Popen[bytes]
    log: Path

    def openai(self, api_key: str) -> OpenAI:
        """The SDK as it is installed, without its own retries: they would hide the first answer."""
        return OpenAI(api_key=api_key, base_url=self.door.base_url, max_retries=0)

    def stop(self) -> int:
        """As Lambda ends an environment. The process's exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_TIMEOUT_SECONDS)


def start_runtime(
    address: str,
    log: Path,
    variables: Mapping[str, str],
    command: Sequence[str] = (sys.executable, "-m", "gateway.aws_lambda"),
) -> subprocess.Popen[bytes]:
    """The runtime alone, as the wrapper starts it. For the caller to stop."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    environment = {**own, "AWS_LAMBDA_RUNTIME_API": address, **variables}
    with log.open("wb") as errors:
        return subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=errors, stderr=errors)


@contextmanager
def running_environment(
    stack: Stack, log: Path, variables: Mapping[str, str] | None = None, concurrency: int = 1
) -> Iterator[Environment]:
    """An environment that waits for invocations. It has to end cleanly, and by SIGTERM."""
    more = {"AWS_LAMBDA_MAX_CONCURRENCY": str(concurrency)} if concurrency > 1 else {}
    with open_front_door() as door:
        process = start_runtime(door.api.address, log, {**stack.serve_env, **more, **(variables or {})})
        try:
            eventually(
                lambda: process.poll() is not None or door.api.waiting == concurrency, bool, START_TIMEOUT_SECONDS
            )
            assert process.poll() is None, log.read_text()
            environment = Environment(door, process, log)
            yield environment
            if process.poll() is None:
                assert environment.stop() == 0, log.read_text()
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
