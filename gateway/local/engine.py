"""Starts and stops a local DynamoDB engine: one child process on loopback, shared by all workers over HTTP.

Engines know no authentication, so they bind 127.0.0.1 alone. They get a session of their own, so that the terminal's
Ctrl-C reaches the gateway, which drains its requests first and ends the engine last.
"""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from gateway.local import moto_server, tether
from gateway.local.data_dir import DataDir
from gateway.local.startup import ChildNotStarted, PortTaken, end, wait_until_listening

HOST = "127.0.0.1"
_START_TIMEOUT_SECONDS = 30.0
_PORT_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine. Whoever started it must `stop` it. `persistent`: its tables outlive it."""

    name: str
    endpoint_url: str
    process: subprocess.Popen[str]
    persistent: bool

    def stop(self) -> None:
        """Ends the child: politely first, so that dynoxide closes its file; killed after five seconds."""
        end(self.process)


def start_dynoxide(binary: Path, data_dir: DataDir | None = None, port: int = 0) -> Engine:
    """dynoxide on the data folder's database, or in memory where there is none. Port 0 takes a free one.

    The data folder's lock is inherited: an engine that outlives its owner keeps others off the database.
    Call it from a thread that lives as long as the engine shall: Linux ends the child when that *thread* ends.
    Raises ChildNotStarted; PortTaken if a port was asked for and is in use.
    """
    for attempts_left in reversed(range(_PORT_ATTEMPTS)):
        chosen = port or _free_port()
        command = [str(binary), "serve", "--host", HOST, "--port", str(chosen)]
        if data_dir is not None:
            command += ["--db-path", str(data_dir.database)]
        try:
            return _start("dynoxide", command, data_dir)
        except PortTaken:
            # dynoxide cannot say which port it got when given 0, so another process may take the free one first.
            if port or not attempts_left:
                raise
    raise AssertionError("the last attempt returns or raises")


def start_moto() -> Engine:
    """moto's DynamoDB, in memory, one request at a time. Threads: see `start_dynoxide`.

    Raises ChildNotStarted, also where moto is not installed (extra `local`).
    """
    if importlib.util.find_spec("moto") is None:
        raise ChildNotStarted(
            "moto is not installed. `python -m gateway.local.install` fetches dynoxide (needs npm), which keeps its "
            "data; pip install 'sluice[local]' brings moto, which forgets everything when it stops."
        )
    # By path and with -P: the package need not be importable, and this folder's names must not hide the library's.
    return _start("moto", [sys.executable, "-P", moto_server.__file__], None)


def _start(name: str, command: Sequence[str], data_dir: DataDir | None) -> Engine:
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", tether.__file__, str(os.getpid()), *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
        pass_fds=() if data_dir is None else (data_dir.lock_descriptor,),
        umask=0o077,  # dynoxide's file is plain text
    )
    try:
        if data_dir is not None:
            data_dir.record_engine(process.pid)
        port = wait_until_listening(process, _START_TIMEOUT_SECONDS)
    except ChildNotStarted as error:
        end(process)
        raise type(error)(f"{name} did not start: {error}") from error
    except BaseException:
        end(process)
        raise
    return Engine(name, f"http://{HOST}:{port}", process, persistent=data_dir is not None)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
