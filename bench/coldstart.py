"""What an environment of AWS Lambda does before it asks for its first request, import and build the application, and
what that request, a chat, takes besides: what is loaded late is no gain if it is only moved there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from bench.budgets import COLD_IMPORT_MS, COLD_START_MS, Figure
from bench.children import ChildFailed
from bench.pairs import REPETITIONS
from bench.payloads import Ask, to_chat_request
from bench.stack import Cores, open_dev

# Of CPU: what a machine does beside it is not counted, and no secret and no table is asked for. As
# gateway/aws_lambda/__main__.py begins.
_START = """
import gc
gc.disable()
import asyncio, json, os, sys, time
began = time.process_time()
from gateway.lambda_runtime import build
imported = time.process_time()
app = asyncio.run(build(os.environ))
print(json.dumps([time.process_time() * 1000, (imported - began) * 1000]))
"""
# Two chats, as the loop hands them to the application. The second one is what a chat takes that finds all loaded.
_CHATS = """
import gc
gc.disable()
import asyncio, json, os, sys, time
from gateway.aws_lambda.lifespan import RunningApplication
from gateway.lambda_runtime import build

async def ask(app, key, body):
    headers = [(b"authorization", b"Bearer " + key.encode()), (b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": "/v1/chat/completions", "headers": headers, "query_string": b""}
    bodies = [{"type": "http.request", "body": body}]
    sent = []
    async def receive():
        return bodies.pop() if bodies else await asyncio.Event().wait()
    async def send(message):
        sent.append(message)
    began = time.process_time()
    await app(scope, receive, send)
    assert sent[0]["status"] == 200, sent
    return (time.process_time() - began) * 1000

async def main():
    key, body = json.load(sys.stdin)
    app = await build(os.environ)
    gc.freeze()
    gc.enable()
    running = RunningApplication(app)
    await running.start()
    await app.state.warm(5)
    print(json.dumps([await ask(app, key, body.encode()) for _ in range(2)]))
    await running.stop()

asyncio.run(main())
"""
# As template.yaml and run_lambda set them.
_SETTINGS = {
    "SLUICE_SURFACES": "gateway",
    "SLUICE_SWEEP_SECONDS": "0",
    "SLUICE_SHUTDOWN_GRACE_SECONDS": "0",
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
}
# As Lambda sets them; and no folder ~/.aws, as there.
_ALONE = {
    "AWS_REGION": "us-east-1",
    "SLUICE_PEPPER": "p1:" + "00" * 32,
    "AWS_ACCESS_KEY_ID": "AKID",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "HOME": "/nonexistent",
}
# The least of so many: what other processes do to the caches only ever adds to it.
_RUNS = 10


def measure_cold_start(cores: Cores) -> list[Figure]:
    """With compiled files, as scripts/package_lambda deploys them, against without, as SAM's own build does; Python's
    own are compiled in both. From the start of Python on. Raises ChildFailed."""
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as name:
        compiled, bare = Path(name) / "compiled", Path(name) / "bare"
        start = _Program(_START, _ALONE, cores)
        start.run(compiled, writing=True)
        stdlib = Path(sysconfig.get_path("stdlib"))
        packages = shutil.ignore_patterns("site-packages")
        shutil.copytree(_below(compiled, stdlib), _below(bare, stdlib), ignore=packages)
        least, importing = map(min, zip(*(start.run(compiled) for _ in range(_RUNS)), strict=True))
        uncompiled, compiling = map(min, zip(*(start.run(bare) for _ in range(REPETITIONS)), strict=True))
        first, second = _measure_chats(Path(name), compiled, cores)
    return [
        Figure("Lambda: cold start, CPU", "ms", least, uncompiled, least, COLD_START_MS),
        Figure("Lambda: of it, importing the data plane", "ms", importing, compiling, importing, COLD_IMPORT_MS),
        Figure("Lambda: the same without compiled files", "x", uncompiled / least),
        Figure("Lambda: first chat, and one after it, CPU", "ms", first, second),
    ]


def _measure_chats(folder: Path, compiled: Path, cores: Cores) -> tuple[float, float]:
    """The least that the first and the second chat of a process take, with plain HTTP to AWS."""
    with ExitStack() as stack:
        ready = open_dev(folder, cores.others, stack)
        body = to_chat_request(Ask(tokens=100), ready["api_key"]).partition(b"\r\n\r\n")[2]
        chats = _Program(_CHATS, ready["serve_env"], cores, json.dumps([ready["api_key"], body.decode()]))
        chats.run(compiled, writing=True)
        runs = [chats.run(compiled) for _ in range(_RUNS)]
    return min(first for first, _ in runs), min(second for _, second in runs)


class _Program:
    """A program that prints milliseconds, as a JSON array, run in a process of its own on the measured core."""

    def __init__(self, code: str, variables: Mapping[str, str], cores: Cores, told: str = "") -> None:
        self._code = code
        self._variables = {"PATH": os.environ["PATH"], **variables, **_SETTINGS}
        self._cores = cores
        self._told = told

    def run(self, compiled: Path, *, writing: bool = False) -> list[float]:
        """With the compiled files of a folder, which are written where `writing` says so. Raises ChildFailed."""
        options = [*(() if writing else ("-B",)), "-X", f"pycache_prefix={compiled}"]
        done = subprocess.run(
            [sys.executable, *options, "-c", self._code],
            env=self._variables,
            input=self._told,
            capture_output=True,
            text=True,
            check=False,
            preexec_fn=lambda: os.sched_setaffinity(0, self._cores.measured),
        )
        if done.returncode:
            raise ChildFailed(done.stderr[-2000:])
        figures: list[float] = json.loads(done.stdout)
        return figures


def _below(folder: Path, path: Path) -> Path:
    return folder / path.relative_to(path.anchor)
