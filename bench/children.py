"""The processes of a run: started, waited for, and ended in any case."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from bench.load import Plan, Report
from bench.measure import on_cores
from gateway.local import tether

PROJECT = Path(__file__).parent.parent
_START_TIMEOUT_SECONDS = 30.0
_STOP_TIMEOUT_SECONDS = 10.0
_LOOK_AGAIN_SECONDS = 0.002

T = TypeVar("T")


class ChildFailed(Exception):
    """A process did not start, or ended with an error. The message holds its last words."""


class Server:
    """A server of the rig's own: it ends when its standard input does, so also when the rig is killed."""

    def __init__(self, module: str, fields: Mapping[str, Any], cores: set[int]) -> None:
        with on_cores(cores):
            self._process = subprocess.Popen(
                [sys.executable, "-m", module], cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(fields) + "\n")
        self._process.stdin.flush()
        ready = self._process.stdout.readline()
        if not ready:
            raise ChildFailed(f"{module} ended with status {self._process.wait()}")
        self.port = int(json.loads(ready)["port"])
        self.pid = self._process.pid

    def stop(self) -> None:
        """Ends it by ending its standard input."""
        self._process.communicate(timeout=_STOP_TIMEOUT_SECONDS)


class Command:
    """`sluice` with these arguments, as its users start it. Its output goes to `log`; it dies with the rig."""

    def __init__(self, arguments: Sequence[str], environ: Mapping[str, str], log: Path, cores: set[int]) -> None:
        command = [sys.executable, tether.__file__, str(os.getpid()), sys.executable, "-m", "gateway", *arguments]
        with log.open("wb") as output, on_cores(cores):
            self._process = subprocess.Popen(
                command, cwd=PROJECT, env=dict(environ), stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )
        self._log = log
        self.pid = self._process.pid

    def wait_for(self, find: Callable[[], T | None]) -> T:
        """What `find` gives once it gives anything. Raises ChildFailed."""
        deadline = time.monotonic() + _START_TIMEOUT_SECONDS
        while (found := find()) is None:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise ChildFailed(f"sluice did not start: {self.output()[-2_000:]}")
            time.sleep(_LOOK_AGAIN_SECONDS)
        return found

    def output(self) -> str:
        return self._log.read_text(errors="replace")

    def stop(self) -> None:
        """SIGTERM, and SIGKILL where that is not enough."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def run_load_process(plan: Plan, cores: set[int]) -> Report:
    """Runs the load to its end. Raises ChildFailed, with what was wrong with the first wrong answer."""
    with on_cores(cores):
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.load"],
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    try:
        output, errors = process.communicate(plan.to_json())
    except BaseException:
        process.kill()
        raise
    if process.returncode:
        raise ChildFailed(f"the load ended: {errors[-2_000:]}")
    return Report.from_json(output)
