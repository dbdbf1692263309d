"""What is measured, and what it stands on.

    core 0   one at a time has work: the gateway (`sluice serve`), or the floor
    core 1   load generator, replaying upstreams, and `sluice dev` with its simulator and its DynamoDB engine

`sluice dev` makes the tables, issues the keys and reads the books; no load goes through it. With a single core
everything shares it, and the figures say little.
"""

from __future__ import annotations

import json
import os
import re
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.children import ChildFailed, Command, Server
from bench.control import Control, Key
from bench.payloads import Ask, to_chat_request
from bench.wire import HOST

MOST_KEYS = 64
_SERVES = re.compile(r"serves http://127\.0\.0\.1:(\d+)/")


@dataclass(frozen=True, slots=True)
class Cores:
    """The cores of the measured process, and of everything else."""

    measured: set[int]
    others: set[int]

    @classmethod
    def choose(cls, available: set[int]) -> Cores:
        first, *rest = sorted(available)
        return cls({first}, {rest[0]} if rest else {first})


@dataclass(frozen=True, slots=True)
class Target:
    """A server under load."""

    name: str
    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything a run needs, running. `direct_port` is the replaying upstream without anything in front of it."""

    cores: Cores
    control: Control
    keys: tuple[Key, ...]
    gateway: Target
    floor: Target
    direct_port: int


@contextmanager
def open_stack(folder: Path, cores: Cores) -> Iterator[Stack]:
    """Starts everything, its files in `folder`, and ends everything. Raises ChildFailed."""
    with ExitStack() as stack:
        ready = open_dev(folder, cores.others, stack)
        control = Control(ready["base_url"], ready["admin_key"])
        keys = control.issue_keys(MOST_KEYS)
        simulator_port = urlsplit(ready["bedrock_endpoint"]).port
        replays = [
            _open_server("bench.replay", {"simulator_port": simulator_port}, cores.others, stack) for _ in range(2)
        ]
        serve_env = ready["serve_env"] | {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": f"http://{HOST}:{replays[0].port}"}
        gateway = open_gateway(folder, serve_env, keys[0].value, cores.measured, stack)
        floor_fields = {
            "upstream_port": replays[1].port,
            "keys": [key.value for key in keys],
            "region": serve_env["AWS_REGION"],
            "access_key": serve_env["AWS_ACCESS_KEY_ID"],
            "secret_key": serve_env["AWS_SECRET_ACCESS_KEY"],
        }
        floor = _open_server("bench.floor", floor_fields, cores.measured, stack)
        yield Stack(cores, control, keys, gateway, Target("floor", floor.port, floor.pid), replays[1].port)


def open_dev(folder: Path, cores: set[int], stack: ExitStack) -> dict[str, Any]:
    """`sluice dev` on a new data folder. Gives what its ready file says."""
    ready_file = folder / "ready.json"
    arguments = ["dev", "--port", "0", "--data-dir", str(folder / "store"), "--ready-file", str(ready_file)]
    dev = Command(arguments, os.environ, folder / "dev.log", cores)
    stack.callback(dev.stop)

    def find_ready() -> dict[str, Any] | None:
        return json.loads(ready_file.read_text()) if ready_file.exists() else None

    return dev.wait_for(find_ready)


def open_gateway(folder: Path, serve_env: Mapping[str, str], key: str, cores: set[int], stack: ExitStack) -> Target:
    """`sluice serve` on the store of `sluice dev`, after its first chat was answered with 200."""
    command = Command(["serve", "--port", "0"], os.environ | dict(serve_env), folder / "serve.log", cores)
    stack.callback(command.stop)

    def find_port() -> int | None:
        found = _SERVES.search(command.output())
        return int(found[1]) if found else None

    port = command.wait_for(find_port)
    command.wait_for(lambda: find_chat(f"http://{HOST}:{port}/v1", key))
    return Target("gateway", port, command.pid)


def find_chat(base_url: str, key: str) -> bool | None:
    """True once a chat is answered; None while nobody listens. Raises ChildFailed for a refusal."""
    body = to_chat_request(Ask(tokens=3), key).partition(b"\r\n\r\n")[2]
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    request = urllib.request.Request(f"{base_url}/chat/completions", body, headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            response.read()
            return True
    except urllib.error.HTTPError as refusal:
        raise ChildFailed(f"the first chat was answered with {refusal.code}: {refusal.read()[:500]!r}") from refusal
    except OSError:
        return None


def _open_server(module: str, fields: Mapping[str, Any], cores: set[int], stack: ExitStack) -> Server:
    server = Server(module, fields, cores)
    stack.callback(server.stop)
    return server
