from __future__ import annotations

import os
import subprocess
import sys

from gateway.local import tether


def run(parent_pid: int) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", tether.__file__, str(parent_pid), sys.executable, "-c", "print('ran')"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_takes_the_place_of_the_wrapper() -> None:
    done = run(os.getpid())
    assert (done.returncode, done.stdout, done.stderr) == (0, "ran\n", "")


def test_nothing_is_run_for_a_parent_that_is_already_gone() -> None:
    done = run(os.getppid())  # not the wrapper's parent: as after the parent's death, when another adopts it
    assert (done.returncode, done.stdout) == (1, "")
