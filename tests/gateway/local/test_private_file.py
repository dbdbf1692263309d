from __future__ import annotations

import stat
from pathlib import Path

import pytest

from gateway.local.private_file import write_private


def test_the_file_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    write_private(tmp_path / "keys.json", "{}\n")
    assert (tmp_path / "keys.json").read_text() == "{}\n"
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600


def test_a_file_that_others_could_read_is_replaced_by_one_that_they_cannot(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text("a longer text of an earlier run")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_no_draft_is_left_beside_it(tmp_path: Path) -> None:
    write_private(tmp_path / "keys.json", "{}")
    assert [path.name for path in tmp_path.iterdir()] == ["keys.json"]


def test_what_cannot_be_written_leaves_the_old_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    write_private(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_private(path, "half of it \ud800")
    assert path.read_text() == "old"
