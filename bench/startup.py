"""How long it takes to start: from the command to the first chat that is answered with 200."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from bench.budgets import SERVE_START_SECONDS, Figure
from bench.pairs import REPETITIONS
from bench.stack import Cores, find_chat, open_dev, open_gateway


def measure_startup(cores: Cores) -> list[Figure]:
    """`sluice dev` on a new data folder and all cores; `sluice serve` on a core of its own, beside it.

    Python's compiled files and the kernel's file cache are warm: one start of each comes before. Raises ChildFailed.
    """
    everywhere = cores.measured | cores.others
    dev_seconds, serve_seconds = [], []
    for repetition in range(REPETITIONS + 1):
        with tempfile.TemporaryDirectory(prefix="sluice-bench-") as name, ExitStack() as stack:
            began = time.perf_counter()
            ready = open_dev(Path(name), everywhere, stack)
            find_chat(ready["base_url"], ready["api_key"])
            served = time.perf_counter()
            open_gateway(Path(name), ready["serve_env"], ready["api_key"], cores.measured, stack)
            if repetition:
                dev_seconds.append(served - began)
                serve_seconds.append(time.perf_counter() - served)
    serve = median(serve_seconds)
    return [
        Figure("`sluice dev`: start to first chat", "s", median(dev_seconds)),
        Figure("`sluice serve`: start to first chat", "s", serve, None, serve, SERVE_START_SECONDS),
    ]
