"""What a process has used: CPU of all its threads, and memory. Linux, from /proc."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def cpu_seconds(pid: int) -> float:
    """User and system time of the process, all threads that are alive. Raises FileNotFoundError once it has ended.

    /proc/PID/schedstat counts nanoseconds, but of the main thread alone; /proc/PID/stat counts all, in steps of 10 ms.
    """
    texts = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    if not texts:
        raise FileNotFoundError(f"there is no process {pid}")
    return sum(int(text.split()[0]) for text in texts) / 1e9


def resident_mib(pid: int) -> float:
    """The resident set, in MiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"process {pid} has no resident set")


@contextmanager
def on_cores(cores: set[int]) -> Iterator[None]:
    """What is started inside inherits these cores. No `preexec_fn`: that one runs Python between fork and exec."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
