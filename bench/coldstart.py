"""What an environment of AWS Lambda does before it asks for its first request: import, and build the application."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

from bench.budgets import COLD_START_MS, Figure
from bench.children import ChildFailed
from bench.pairs import REPETITIONS
from bench.stack import Cores

# Of CPU: what a machine does beside it is not counted, and no secret and no table is asked for.
_PROGRAM = """
import asyncio, os, time
from gateway.lambda_runtime import build
asyncio.run(build(os.environ))
print(time.process_time() * 1000)
"""
_SETTINGS = {
    "AWS_REGION": "us-east-1",
    "SLUICE_SURFACES": "gateway",
    "SLUICE_PEPPER": "p1:" + "00" * 32,
    # As Lambda sets them; and no folder ~/.aws, as there.
    "AWS_ACCESS_KEY_ID": "AKID",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "HOME": "/nonexistent",
}
# The least of so many: what other processes do to the caches only ever adds to it.
_RUNS = 10


def measure_cold_start(cores: Cores) -> list[Figure]:
    """With compiled files, as scripts/package_lambda deploys them, against without, as SAM's own build does; from the
    start of Python on. Raises ChildFailed."""
    compiled = min(_start_ms(cores) for _ in range(_RUNS + 1))
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as empty:
        uncompiled = min(_start_ms(cores, "-B", "-X", f"pycache_prefix={empty}") for _ in range(REPETITIONS))
    return [Figure("Lambda: cold start, CPU", "ms", compiled, uncompiled, compiled, COLD_START_MS)]


def _start_ms(cores: Cores, *options: str) -> float:
    environment = {"PATH": os.environ["PATH"], **_SETTINGS}
    done = subprocess.run(
        [sys.executable, *options, "-c", _PROGRAM],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: os.sched_setaffinity(0, cores.measured),
    )
    if done.returncode:
        raise ChildFailed(done.stderr[-2000:])
    return float(done.stdout)
