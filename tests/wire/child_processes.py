"""Processes as Linux shows them: who a process's children are, and whether a pid still runs."""

from __future__ import annotations

from pathlib import Path


def children_of(pid: int) -> list[int]:
    """Pids of the direct children, of all of the process's threads."""
    lists = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for each in lists for child in each.read_text().split()]


def is_running(pid: int) -> bool:
    """False for a zombie as well: it has ended, and only waits for its parent to notice."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"
