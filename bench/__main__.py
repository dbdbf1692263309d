"""`python -m bench`: measures, prints a table, and fails only where an answer or a book was wrong."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType, MappingProxyType

from bench.budgets import Figure
from bench.children import ChildFailed
from bench.coldstart import measure_cold_start
from bench.figures import measure_bursts, measure_chat, measure_streams
from bench.hot_key import measure_hot_key
from bench.pairs import BooksWrong
from bench.stack import Cores, Stack, open_stack
from bench.startup import measure_startup
from bench.table import to_table

_LOADS: Mapping[str, Callable[[Stack], list[Figure]]] = MappingProxyType(
    {"chat": measure_chat, "stream": measure_streams, "burst": measure_bursts}
)


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="What a request to Sluice costs, as a multiple of a relay that is measured in the same run. "
        "Everything runs on this machine, on loopback, and ends by itself. bench/README.md tells how to read it.",
    )
    parser.add_argument(
        "what", choices=[*_LOADS, "startup", "coldstart", "hotkey", "all"], help="which figures; all takes four minutes"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """0, or 1 where an answer was wrong, a book was, or something did not start. A missed budget is no failure:
    figures are noisy, and machines differ."""
    what = build_parser().parse_args(argv).what
    signal.signal(signal.SIGTERM, _stop)
    cores = Cores.choose(os.sched_getaffinity(0))
    began, load_before = time.perf_counter(), os.getloadavg()[0]
    try:
        figures = _measure(what, cores)
    except (ChildFailed, BooksWrong) as error:
        print(f"bench: {type(error).__name__}: {error}", file=sys.stderr)
        return 1
    print(f"{time.strftime('%Y-%m-%d %H:%M')}, {_machine()}, {time.perf_counter() - began:.0f} s")
    print(f"load average of the machine before the run: {load_before:.1f}\n")
    print(to_table(figures))
    if what not in ("startup", "coldstart"):
        print("\nEvery answer was whole and right, and the ledger grew by exactly what was answered.")
    return 0


def _measure(what: str, cores: Cores) -> list[Figure]:
    if cores.measured == cores.others:
        print("bench: there is one core only; these figures say little", file=sys.stderr)
    figures: list[Figure] = []
    wanted = [name for name in _LOADS if what in (name, "all")]
    if wanted:
        with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder, open_stack(Path(folder), cores) as stack:
            for name in wanted:
                print(f"bench: {name} …", file=sys.stderr)
                figures += _LOADS[name](stack)
    if what in ("startup", "all"):
        print("bench: startup …", file=sys.stderr)
        figures += measure_startup(cores)
    if what in ("coldstart", "all"):
        print("bench: coldstart …", file=sys.stderr)
        figures += measure_cold_start(cores)
    if what in ("hotkey", "all"):
        print("bench: hotkey …", file=sys.stderr)
        figures += measure_hot_key(cores)
    return figures


def _machine() -> str:
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return f"{os.cpu_count()} x {model}, Python {platform.python_version()}, Linux {platform.release()}"


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(143)


if __name__ == "__main__":
    sys.exit(main())
