from __future__ import annotations

import json
import random
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.local.credentials import CredentialsUnreadable, load_or_make_credentials
from gateway.local.data_dir import DataDir, open_data_dir
from tenants.secret import ADMIN_PREFIX, parse_secret


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[DataDir]:
    opened = open_data_dir(tmp_path / "data")
    yield opened
    opened.close()


def no_randomness(size: int) -> bytes:
    raise AssertionError("credentials that exist are not made again")


def test_credentials_are_made_once_and_kept(data_dir: DataDir) -> None:
    made = load_or_make_credentials(data_dir, random.Random(1).randbytes)
    read = load_or_make_credentials(data_dir, no_randomness)
    assert read == made
    assert made.peppers.matches(read.admin_key, read.peppers.fingerprint(made.admin_key))


def test_the_admin_key_is_a_well_formed_key_of_the_control_plane(data_dir: DataDir) -> None:
    made = load_or_make_credentials(data_dir, random.Random(1).randbytes)
    assert made.admin_key.prefix == ADMIN_PREFIX
    assert parse_secret(made.admin_key.text) == made.admin_key


def test_two_folders_have_different_credentials(data_dir: DataDir, tmp_path: Path) -> None:
    other_dir = open_data_dir(tmp_path / "other")
    source = random.Random(1)
    first = load_or_make_credentials(data_dir, source.randbytes)
    second = load_or_make_credentials(other_dir, source.randbytes)
    other_dir.close()
    assert first.admin_key.key_id != second.admin_key.key_id
    assert first.peppers.current != second.peppers.current
    assert len(first.peppers.by_id[first.peppers.current]) == 32


def test_the_file_is_readable_by_its_owner_alone(data_dir: DataDir) -> None:
    load_or_make_credentials(data_dir, random.Random(1).randbytes)
    assert stat.S_IMODE((data_dir.path / "secrets.json").stat().st_mode) == 0o600


def test_nothing_secret_is_in_the_repr(data_dir: DataDir) -> None:
    made = load_or_make_credentials(data_dir, random.Random(1).randbytes)
    stored = json.loads((data_dir.path / "secrets.json").read_text())
    assert stored["admin_key"] not in repr(made)
    assert stored["pepper"] not in repr(made)


@pytest.mark.parametrize("text", ["", "{}", '{"admin_key": "x", "pepper_id": "p", "pepper": "00"}', "[]"])
def test_a_damaged_file_is_an_error_and_is_not_replaced(data_dir: DataDir, text: str) -> None:
    path = data_dir.path / "secrets.json"
    path.write_text(text)
    with pytest.raises(CredentialsUnreadable, match=r"secrets\.json is damaged"):
        load_or_make_credentials(data_dir, no_randomness)
    assert path.read_text() == text
