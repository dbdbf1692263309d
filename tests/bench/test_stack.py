"""The measured process has a core to itself wherever there are two."""

from __future__ import annotations

from bench.stack import Cores


def test_the_measured_process_shares_its_core_with_nothing() -> None:
    assert Cores.choose({3, 1, 2}) == Cores(measured={1}, others={2})


def test_a_single_core_is_shared() -> None:
    assert Cores.choose({5}) == Cores(measured={5}, others={5})
