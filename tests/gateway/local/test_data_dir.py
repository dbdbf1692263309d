from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.local.data_dir import DataDirInUse, open_data_dir
from gateway.local.orphans import is_holder

PROJECT = Path(__file__).parents[3]

# An owner whose engine is not tethered to it, as on systems where the kernel does not end children.
OWNER = """
import subprocess, sys, time
from pathlib import Path
from gateway.local.data_dir import open_data_dir
opened = open_data_dir(Path(sys.argv[1]))
engine = subprocess.Popen(
    [sys.executable, "-c", "import time; time.sleep(600)"], pass_fds=(opened.lock_descriptor,),
    stdout=subprocess.DEVNULL,
)
opened.record_engine(engine.pid)
print(engine.pid, flush=True)
time.sleep(600)
"""


@contextmanager
def an_owner(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A process that holds the folder, and the pid of the engine that inherited its lock."""
    command = [sys.executable, "-c", OWNER, str(folder)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout is not None
        try:
            yield owner, int(owner.stdout.readline())
        finally:
            owner.kill()


def test_the_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    opened = open_data_dir(tmp_path / "a" / "data")
    opened.close()
    assert stat.S_IMODE((tmp_path / "a" / "data").stat().st_mode) == 0o700


def test_a_second_instance_is_refused_and_told_the_pid(tmp_path: Path) -> None:
    opened = open_data_dir(tmp_path)
    with pytest.raises(DataDirInUse, match=str(os.getpid())):
        open_data_dir(tmp_path)
    opened.close()
    open_data_dir(tmp_path).close()


def test_a_second_process_is_refused_while_the_owner_lives_and_takes_over_from_an_orphan(tmp_path: Path) -> None:
    with an_owner(tmp_path) as (owner, engine_pid):
        with pytest.raises(DataDirInUse, match=str(owner.pid)):
            open_data_dir(tmp_path)
        assert is_holder(engine_pid, tmp_path / "lock")
    assert is_holder(engine_pid, tmp_path / "lock")  # an orphan keeps others off the database
    opened = open_data_dir(tmp_path)
    assert not is_holder(engine_pid, tmp_path / "lock")
    opened.close()


@pytest.mark.parametrize("text", ["", "{", "not json"])
def test_a_lock_file_that_says_nothing_still_locks(tmp_path: Path, text: str) -> None:
    opened = open_data_dir(tmp_path)
    (tmp_path / "lock").write_text(text)
    with pytest.raises(DataDirInUse, match="another process"):
        open_data_dir(tmp_path)
    opened.close()
