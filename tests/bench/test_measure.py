"""CPU and memory are those of the process that was asked about."""

from __future__ import annotations

import os
import threading
import time

import pytest

from bench.measure import cpu_seconds, on_cores, resident_mib


def spend(seconds: float) -> None:
    """Uses so much CPU, by the thread's own clock."""
    until = time.thread_time() + seconds
    while time.thread_time() < until:
        sum(range(1_000))


def test_cpu_of_every_living_thread_is_counted() -> None:
    done, seen = threading.Event(), threading.Event()

    def work() -> None:
        spend(0.1)
        done.set()
        seen.wait()

    before = cpu_seconds(os.getpid())
    thread = threading.Thread(target=work)
    thread.start()
    done.wait()
    spent = cpu_seconds(os.getpid()) - before
    seen.set()
    thread.join()
    assert spent >= 0.05  # the scheduler's counter may lag behind the clock by a tick


def test_a_process_that_has_ended_is_an_error_and_not_zero() -> None:
    with pytest.raises(FileNotFoundError):
        cpu_seconds(2**22 + 1)


def test_the_resident_set_of_a_python_is_some_megabytes() -> None:
    assert 5 < resident_mib(os.getpid()) < 5_000


def test_cores_are_given_back() -> None:
    before = os.sched_getaffinity(0)
    with on_cores({min(before)}):
        assert os.sched_getaffinity(0) == {min(before)}
    assert os.sched_getaffinity(0) == before
