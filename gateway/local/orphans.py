"""Ends an engine whose owner died without ending it: where the kernel has no death signal, or it came too late."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from pathlib import Path

_END_TIMEOUT_SECONDS = 5.0
_LOOK_AGAIN_SECONDS = 0.01


def is_holder(pid: int, lock: Path) -> bool:
    """Whether that process is alive and has the file `lock` open.

    A pid alone proves nothing: pids are used again. Where there is no /proc to ask, being alive has to do.
    """
    if sys.platform != "linux":
        return _is_alive(pid)
    wanted = lock.stat()
    try:
        descriptors = list(Path(f"/proc/{pid}/fd").iterdir())
    except PermissionError:
        return _is_alive(pid)
    except OSError:
        return False
    return any(_is_same_file(each, wanted) for each in descriptors)


def end_orphan(pid: int, lock: Path, patience_seconds: float = _END_TIMEOUT_SECONDS) -> None:
    """Ends that process, if it has `lock` open: asks it to, and kills it if it has not gone after `patience_seconds`.

    Returns when it is gone, or cannot be killed either.
    """
    for kill in (signal.SIGTERM, signal.SIGKILL):
        if not is_holder(pid, lock):
            return
        try:
            os.kill(pid, kill)
        except ProcessLookupError:
            return
        if _wait_for_end(pid, patience_seconds):
            return


def _wait_for_end(pid: int, timeout_seconds: float) -> bool:
    """waitpid(2) serves children alone, and an orphan is somebody else's."""
    if sys.platform == "linux":
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return True
        try:
            # A pidfd becomes readable when its process ends, by then without open files (pidfd_open(2)).
            return bool(select.select([descriptor], [], [], timeout_seconds)[0])
        finally:
            os.close(descriptor)
    deadline = time.monotonic() + timeout_seconds
    while _is_alive(pid):
        if time.monotonic() >= deadline:
            return False
        time.sleep(_LOOK_AGAIN_SECONDS)
    return True


def _is_same_file(descriptor: Path, wanted: os.stat_result) -> bool:
    try:
        return os.path.samestat(descriptor.stat(), wanted)
    except OSError:
        return False


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
