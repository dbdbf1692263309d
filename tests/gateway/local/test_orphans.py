from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.local.orphans import end_orphan, is_holder

POLITE = "print(flush=True); input()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + POLITE


@contextmanager
def a_child(code: str, *descriptors: int) -> Iterator[subprocess.Popen[bytes]]:
    """A process that runs `code`, past its first line of output, with `descriptors` open."""
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=descriptors) as child:
        assert child.stdout is not None
        child.stdout.readline()
        try:
            yield child
        finally:
            child.kill()


@pytest.mark.parametrize("code", [POLITE, STUBBORN])
def test_an_orphan_is_ended_even_if_it_will_not_listen(tmp_path: Path, code: str) -> None:
    lock = tmp_path / "lock"
    with lock.open("w") as file, a_child(code, file.fileno()) as orphan:
        assert is_holder(orphan.pid, lock)
        end_orphan(orphan.pid, lock, patience_seconds=0.2)
        assert not is_holder(orphan.pid, lock)
        assert orphan.wait() < 0


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere no /proc says which files a process has open")
def test_a_process_that_does_not_hold_the_lock_is_never_ended(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.touch()
    with a_child(POLITE) as bystander:
        end_orphan(bystander.pid, lock)
        assert bystander.poll() is None


def test_a_process_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    lock.touch()
    with a_child(POLITE) as child:
        pass
    assert not is_holder(child.pid, lock)
    end_orphan(child.pid, lock)
