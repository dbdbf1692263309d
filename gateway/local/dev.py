"""`sluice dev`: everything on one machine, in the order in which it has to start, and back."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn

from gateway.local.address import remove_address, write_address
from gateway.local.banner import Instance, banner
from gateway.local.credentials import load_or_make_credentials
from gateway.local.data_dir import DataDir, open_data_dir
from gateway.local.demo_key import AdminClient, FirstKeyNotIssued, load_or_issue
from gateway.local.dynoxide import find_dynoxide
from gateway.local.engine import Engine, start_dynoxide, start_moto
from gateway.local.environment import TABLE_PREFIX, apply, serve_environment
from gateway.local.private_file import write_private
from gateway.local.simulator_process import SimulatorProcess
from gateway.local.startup import ChildNotStarted
from gateway.migrating import migrate_tables
from gateway.serving import bind, config_of, reachable
from gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class DevOptions:
    """`bedrock` is `simulator` or `aws`; `engine` is `auto`, `dynoxide` or `moto`."""

    host: str
    port: int
    data_dir: Path
    bedrock: str
    engine: str
    ready_file: Path | None


class ReadyFileUnwritable(Exception):
    """Whoever waits for the ready file would wait for ever."""


class _Stopped(BaseException):
    """SIGINT or SIGTERM: unwinds everything that was started."""


def run_dev(options: DevOptions, environ: Mapping[str, str]) -> None:
    """Start everything, serve until SIGINT or SIGTERM, stop everything. Raises what `LOCAL_FAILURES` lists."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _stop)
    try:
        with ExitStack() as stack:
            _run(options, environ, stack)
    except _Stopped:
        pass
    print("Stopped.", file=sys.stderr)


def _stop(_number: int, _frame: FrameType | None) -> None:
    raise _Stopped


def _run(options: DevOptions, environ: Mapping[str, str], stack: ExitStack) -> None:
    listener = stack.enter_context(bind(options.host, options.port))
    data_dir = open_data_dir(options.data_dir)
    stack.callback(data_dir.close)
    remove_address(data_dir.path)  # a killed instance's
    stack.callback(remove_address, data_dir.path)
    if options.ready_file is not None:
        # An earlier run's would lead a script that waits for it astray.
        options.ready_file.unlink(missing_ok=True)
        stack.callback(options.ready_file.unlink, missing_ok=True)
    credentials = load_or_make_credentials(data_dir, secrets.token_bytes)
    simulator = None
    if options.bedrock == "simulator":
        simulator = SimulatorProcess()
        stack.callback(simulator.stop)
    engine = _start_engine(options.engine, data_dir, environ)
    stack.callback(engine.stop)
    bedrock_endpoint = simulator.endpoint_url() if simulator else None
    serve_env = serve_environment(
        credentials, engine.endpoint_url, bedrock_endpoint, bearer="AWS_BEARER_TOKEN_BEDROCK" in environ
    )
    environment = apply(environ, serve_env)
    # botocore's credential providers read the process's own environment.
    os.environ.clear()
    os.environ.update(environment)
    settings = Settings.from_env(environment)
    migrate_tables(TABLE_PREFIX, environment, lambda line: None, http_client="lean")
    port = listener.getsockname()[1]
    root_url = f"http://{reachable(options.host)}:{port}"
    instance = Instance(
        base_url=f"{root_url}/v1",
        admin_key=credentials.admin_key.text,
        data_dir=options.data_dir.absolute(),  # for a terminal that is elsewhere
        engine=engine,
        bedrock_endpoint=bedrock_endpoint,
        serve_env=serve_env,
        console_url=f"{root_url}/console/" if settings.console and "admin" in settings.surfaces else None,
        program=_find_program(),
    )
    server = _DevServer(config_of(settings), instance, options.ready_file)
    server.run(sockets=[listener])
    if server.failure is not None:
        raise server.failure


def _find_program() -> str:
    """By its name where the PATH has it; else, as in a checkout's own environment, by its path."""
    installed = Path(sys.prefix) / "bin" / "sluice"
    return "sluice" if shutil.which("sluice") or not installed.is_file() else str(installed)


def _start_engine(choice: str, data_dir: DataDir, environ: Mapping[str, str]) -> Engine:
    binary = None if choice == "moto" else find_dynoxide(environ, Path(sys.prefix))
    if binary is not None:
        return start_dynoxide(binary, data_dir)
    if choice == "dynoxide":
        raise ChildNotStarted(
            "dynoxide is not installed. `python -m gateway.local.install` fetches it, or name it in SLUICE_DYNOXIDE."
        )
    return start_moto()


class _DevServer(uvicorn.Server):
    """Once it serves: issues the first key over its own API, then tells the person and the script that wait."""

    def __init__(self, config: uvicorn.Config, instance: Instance, ready_file: Path | None) -> None:
        super().__init__(config)
        self._instance = instance
        self._ready_file = ready_file
        self.failure: Exception | None = None

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        if not self.should_exit:
            threading.Thread(target=self._announce, name="announce", daemon=True).start()

    def _announce(self) -> None:
        try:
            admin = AdminClient(self._instance.base_url, self._instance.admin_key)
            api_key = load_or_issue(admin, self._instance.data_dir, keep=self._instance.engine.persistent)
            write_address(self._instance.data_dir, self._instance.base_url)
        except OSError as error:
            self.failure = FirstKeyNotIssued(f"The first key could not be issued: {error}")
            self.should_exit = True
            return
        try:
            if self._ready_file is not None:
                _write_ready_file(self._ready_file, self._instance, api_key)
        except OSError as error:
            self.failure = ReadyFileUnwritable(
                f"The ready file {self._ready_file} cannot be written: {error.strerror}."
            )
            self.should_exit = True
            return
        print(banner(self._instance, api_key), flush=True)


def _write_ready_file(path: Path, instance: Instance, api_key: str) -> None:
    fields = {
        "base_url": instance.base_url,
        "admin_key": instance.admin_key,
        "api_key": api_key,
        "dynamodb_endpoint": instance.engine.endpoint_url,
        "bedrock_endpoint": instance.bedrock_endpoint,
        "pid": os.getpid(),
        "serve_env": instance.serve_env,
    }
    write_private(path, json.dumps(fields, indent=2) + "\n")
