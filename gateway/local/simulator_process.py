"""The Bedrock simulator as a child process."""

from __future__ import annotations

import json
import subprocess
import sys

from gateway.local.environment import REGION, SIMULATOR_ACCESS_KEY, SIMULATOR_SECRET_KEY
from gateway.local.startup import ChildNotStarted, end


class SimulatorProcess:
    """Starts at once; `endpoint_url` waits until it listens. Whoever started it must `stop` it.

    Start it from a thread that lives as long as it shall: on Linux it ends when that thread does.
    """

    def __init__(self) -> None:
        command = [sys.executable, "-m", "simulator", "--exit-with-parent", "--region", REGION]
        command += ["--access-key", SIMULATOR_ACCESS_KEY, "--secret-key", SIMULATOR_SECRET_KEY]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, start_new_session=True
        )

    def endpoint_url(self) -> str:
        """Raises ChildNotStarted where it ended instead; what it said is on standard error."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ChildNotStarted(f"The Bedrock simulator ended with status {self._process.wait()}.")
        return str(json.loads(line)["endpoint"])

    def stop(self) -> None:
        end(self._process)
        if self._process.stdout is not None:
            self._process.stdout.close()
