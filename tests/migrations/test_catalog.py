from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

import migrations
from migrations.catalog import checksum, discover, order


def test_steps_come_in_the_order_of_their_numbers() -> None:
    assert order(["m0002_b", "runner", "m0001_a", "lock"]) == ("m0001_a", "m0002_b")


@pytest.mark.parametrize("names", [["m0002_b"], ["m0001_a", "m0003_c"], ["m0001_a", "m0001_b"]])
def test_a_gap_or_a_number_used_twice_is_refused(names: list[str]) -> None:
    with pytest.raises(ValueError, match="without a gap"):
        order(names)


def test_the_checksum_is_that_of_the_source_whatever_its_line_ends() -> None:
    source = Path(migrations.__path__[0], "m0001_tables.py").read_bytes()
    assert discover()[0].checksum == hashlib.sha256(source).hexdigest() == checksum(source.replace(b"\n", b"\r\n"))


def test_the_checksum_sees_every_other_change() -> None:
    assert checksum(b"a\n") != checksum(b"a \n")
