"""The folder of one local instance: its database, its credentials, and the lock that makes it the only one.

dynoxide opens a database that another process has open without complaint, so the lock is ours: flock(2) on `lock`. The
engine inherits the locked descriptor, and flock lasts until the last copy of it is closed. So as long as an engine
lives, even one whose owner was killed, nobody else opens the database.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path

from gateway.local.orphans import end_orphan, is_holder

_DATABASE = "sluice.db"
_LOCK = "lock"


class DataDirInUse(Exception):
    """Another instance has the folder. The message names its owner's pid, where the lock's file says it."""

    def __init__(self, path: Path, pid: int | None) -> None:
        owner = "another process" if pid is None else f"the process with pid {pid}"
        super().__init__(f"{path} is in use by {owner}. Stop that one first, or choose another folder.")


class DataDirUnusable(Exception):
    """The folder cannot be made or written."""


@dataclass(frozen=True, slots=True)
class DataDir:
    """An open data folder: locked for this process and the engine it starts. Whoever opened it must `close` it."""

    path: Path
    lock_descriptor: int

    @property
    def database(self) -> Path:
        return self.path / _DATABASE

    def record_engine(self, engine_pid: int) -> None:
        """Notes the engine's pid beside our own, so that a later instance can end it should we die before it."""
        _write_holders(self.lock_descriptor, _Holders(os.getpid(), engine_pid))

    def close(self) -> None:
        """Gives the lock up. It stays taken while an engine that inherited it is alive: stop that one first."""
        os.close(self.lock_descriptor)


@dataclass(frozen=True, slots=True)
class _Holders:
    owner_pid: int | None = None
    engine_pid: int | None = None


def open_data_dir(path: Path) -> DataDir:
    """Makes the folder, for this user alone, where it does not exist, and locks it.

    An engine that is left over from an owner that was killed is ended first. Raises DataDirInUse if the owner is
    alive, and DataDirUnusable.
    """
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DataDirUnusable(f"The data folder {path} cannot be used: {error.strerror}.") from error
    try:
        if not _lock(descriptor):
            _take_over(path, descriptor)
        _write_holders(descriptor, _Holders(os.getpid()))
    except BaseException:
        os.close(descriptor)
        raise
    return DataDir(path.absolute(), descriptor)


def _take_over(path: Path, descriptor: int) -> None:
    holders = _read_holders(descriptor)
    owner_pid, engine_pid = holders.owner_pid, holders.engine_pid
    if owner_pid is None or engine_pid is None or is_holder(owner_pid, path / _LOCK):
        raise DataDirInUse(path, owner_pid)
    end_orphan(engine_pid, path / _LOCK)
    if not _lock(descriptor):
        raise DataDirInUse(path, _read_holders(descriptor).owner_pid)


def _lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write_holders(descriptor: int, holders: _Holders) -> None:
    # Space-padded to one length: a reader that comes between two calls never sees half of it.
    record = json.dumps({"owner_pid": holders.owner_pid, "engine_pid": holders.engine_pid}).ljust(80) + "\n"
    os.pwrite(descriptor, record.encode(), 0)


def _read_holders(descriptor: int) -> _Holders:
    """What the lock's file says. Nothing, where its owner has not written it yet."""
    try:
        record = json.loads(os.pread(descriptor, 256, 0))
    except ValueError:
        return _Holders()
    return _Holders(record["owner_pid"], record["engine_pid"])
