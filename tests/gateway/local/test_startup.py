from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from gateway.local.startup import ChildNotStarted, PortTaken, wait_until_listening


@contextmanager
def a_child(code: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", f"import sys, time; say = lambda text: print(text, file=sys.stderr); {code}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def test_the_port_is_the_one_the_child_says() -> None:
    with a_child("say('loading'); say('Engine listening on http://127.0.0.1:4711'); time.sleep(600)") as child:
        assert wait_until_listening(child, timeout_seconds=30) == 4711
        assert child.poll() is None


def test_a_child_that_ends_is_quoted() -> None:
    with (
        a_child("say('no such file'); say('giving up'); sys.exit(3)") as child,
        pytest.raises(ChildNotStarted, match="it ended with status 3: no such file / giving up"),
    ):
        wait_until_listening(child, timeout_seconds=30)


def test_a_taken_port_is_told_apart() -> None:
    with (
        a_child("say('Address already in use (os error 98)'); sys.exit(1)") as child,
        pytest.raises(PortTaken),
    ):
        wait_until_listening(child, timeout_seconds=30)


def test_a_child_that_never_listens_ends_the_wait() -> None:
    with (
        a_child("time.sleep(600)") as child,
        pytest.raises(ChildNotStarted, match=r"did not listen within 0\.1 s without a word"),
    ):
        wait_until_listening(child, timeout_seconds=0.1)


def test_a_talkative_child_is_never_blocked_by_its_pipe() -> None:
    # A pipe holds 64 KiB on Linux; this writes 2 MiB after it listens, and then ends by itself.
    with a_child("say('listening on http://127.0.0.1:1'); [say('x' * 1023) for _ in range(2048)]") as child:
        assert wait_until_listening(child, timeout_seconds=30) == 1
        assert child.wait(timeout=30) == 0
