"""Runs a command that dies with its parent: `python tether.py <parent's pid> <command> <argument>...`

A wrapper around exec, and no `preexec_fn`: that one runs Python between fork and exec, which can deadlock in a process
with threads. The kernel keeps the death signal across exec (prctl(2), PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence

_PR_SET_PDEATHSIG = 1
_EXIT_PARENT_GONE = 1


def tether(parent_pid: int) -> bool:
    """From now on this process is killed when its parent dies. False if it already has.

    Linux alone has this. Elsewhere nothing happens, and an engine that outlives its owner is ended when the data
    folder is opened again.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    return os.getppid() == parent_pid


def main(arguments: Sequence[str]) -> int:
    parent_pid, *command = arguments
    if not tether(int(parent_pid)):
        return _EXIT_PARENT_GONE
    os.execv(command[0], command)  # noqa: S606  # no shell is what we want


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
