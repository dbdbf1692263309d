from __future__ import annotations

import asyncio
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeAlias

import pytest

from awswire.attributes import to_attributes
from awswire.dynamodb import DynamoDb
from gateway.local.data_dir import DataDir, open_data_dir
from gateway.local.engine import Engine, start_dynoxide, start_moto
from gateway.local.orphans import is_holder
from gateway.local.startup import ChildNotStarted, PortTaken
from migrations.runner import migrate
from tenants.tables import TableNames
from tests.engines import connected, dynoxide_binary, new_run, running_dynoxide, running_moto

PROJECT = Path(__file__).parents[3]
TABLES = TableNames("kept")

RunningEngine: TypeAlias = Callable[[], AbstractContextManager[Engine]]


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[DataDir]:
    opened = open_data_dir(tmp_path / "data")
    yield opened
    opened.close()


def address(endpoint_url: str) -> tuple[str, int]:
    host, port = endpoint_url.removeprefix("http://").split(":")
    return host, int(port)


async def put(client: DynamoDb, sort: int) -> None:
    item = to_attributes({"pk": "P", "sk": str(sort)})
    await client.call("PutItem", {"TableName": TABLES.usage, "Item": item}, repeatable=True)


async def count(client: DynamoDb) -> int:
    body = {
        "TableName": TABLES.usage,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": to_attributes({":pk": "P"}),
        "Select": "COUNT",
    }
    answer = await client.call("Query", body, repeatable=True)
    return int(answer["Count"])


async def add_one(client: DynamoDb, partition: str) -> None:
    body = {
        "TableName": TABLES.usage,
        "Key": to_attributes({"pk": partition, "sk": "S"}),
        "UpdateExpression": "ADD n :one",
        "ExpressionAttributeValues": to_attributes({":one": 1}),
    }
    await client.call("UpdateItem", body, repeatable=False)


async def test_what_was_acknowledged_survives_a_kill(data_dir: DataDir) -> None:
    engine = start_dynoxide(dynoxide_binary(), data_dir)
    try:
        async with connected(engine.endpoint_url) as client:
            await migrate(client, TABLES, new_run())
            for sort in range(100):
                await put(client, sort)
        assert engine.persistent
    finally:
        engine.process.kill()
        engine.process.wait()
    again = start_dynoxide(dynoxide_binary(), data_dir)
    try:
        async with connected(again.endpoint_url) as client:
            assert await count(client) == 100
    finally:
        again.stop()


def test_an_engine_holds_its_folders_lock_itself(data_dir: DataDir) -> None:
    engine = start_dynoxide(dynoxide_binary(), data_dir)
    try:
        assert is_holder(engine.process.pid, data_dir.path / "lock")
    finally:
        engine.stop()


def test_the_database_is_readable_by_its_owner_alone(data_dir: DataDir) -> None:
    engine = start_dynoxide(dynoxide_binary(), data_dir)
    engine.stop()
    assert data_dir.database.is_file()
    assert data_dir.database.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("running", [running_dynoxide, running_moto])
async def test_twenty_writers_of_one_counter_lose_nothing(running: RunningEngine) -> None:
    with running() as engine:
        async with connected(engine.endpoint_url) as client:
            await migrate(client, TABLES, new_run())
            async with asyncio.TaskGroup() as writers:
                for _ in range(20):
                    writers.create_task(_add_many(client, 25))
            body = {"TableName": TABLES.usage, "Key": to_attributes({"pk": "C", "sk": "S"}), "ConsistentRead": True}
            assert (await client.call("GetItem", body, repeatable=True))["Item"]["n"] == {"N": "500"}


async def _add_many(client: DynamoDb, times: int) -> None:
    for _ in range(times):
        await add_one(client, "C")


@pytest.mark.parametrize("running", [running_dynoxide, running_moto])
def test_an_engine_listens_on_loopback_until_it_is_stopped(running: RunningEngine) -> None:
    with running() as engine:
        host, port = address(engine.endpoint_url)
        assert host == "127.0.0.1"
        assert not engine.persistent
        socket.create_connection((host, port)).close()
        assert os.getsid(engine.process.pid) == engine.process.pid  # the terminal's Ctrl-C does not reach it
    assert engine.process.poll() is not None
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, port))


def test_a_port_asked_for_and_in_use_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(PortTaken, match="already in use"):
            start_dynoxide(dynoxide_binary(), port=taken.getsockname()[1])


def test_an_engine_that_fails_to_start_is_quoted(tmp_path: Path) -> None:
    binary = tmp_path / "engine"
    binary.write_text("#!/bin/sh\necho 'the disk is full' >&2\nexit 7\n")
    binary.chmod(0o755)
    with pytest.raises(ChildNotStarted, match=r"dynoxide did not start: it ended with status 7: the disk is full"):
        start_dynoxide(binary)


def test_without_moto_the_message_names_both_engines_and_which_one_forgets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.local.engine.importlib.util.find_spec", lambda name: None)
    with pytest.raises(ChildNotStarted, match=r"gateway\.local\.install.*keeps its data.*sluice\[local\].*forgets"):
        start_moto()


OWNER = """
import sys, time
from pathlib import Path
from gateway.local.data_dir import open_data_dir
from gateway.local.engine import start_dynoxide, start_moto
name, binary, folder = sys.argv[1:]
engine = start_moto() if name == "moto" else start_dynoxide(Path(binary), open_data_dir(Path(folder)))
print(engine.process.pid, flush=True)
time.sleep(600)
"""


def start_owner(name: str, binary: Path, folder: Path) -> tuple[subprocess.Popen[str], int]:
    """A process that started an engine, and the engine's pid."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, name, str(binary), str(folder)], cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    return owner, int(owner.stdout.readline())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
@pytest.mark.parametrize("name", ["dynoxide", "moto"])
def test_an_engine_dies_with_its_parent(name: str, tmp_path: Path) -> None:
    binary = dynoxide_binary() if name == "dynoxide" else Path("unused")
    owner, engine_pid = start_owner(name, binary, tmp_path / "data")
    engine = os.pidfd_open(engine_pid)
    try:
        owner.send_signal(signal.SIGKILL)
        owner.communicate()
        ended, _, _ = select.select([engine], [], [], 10)
        assert ended
    finally:
        os.close(engine)
    opened = open_data_dir(tmp_path / "data")  # and with it, its hold on the lock
    opened.close()


def test_stopping_twice_is_harmless() -> None:
    with running_dynoxide() as engine:
        engine.stop()
        assert engine.process.poll() is not None
