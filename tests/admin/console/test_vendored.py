"""What others wrote is in the repository as they published it."""

from __future__ import annotations

import hashlib
from pathlib import Path

VENDOR = Path(__file__).parents[3] / "admin" / "console" / "vendor"


def test_every_vendored_file_has_the_hash_that_is_recorded() -> None:
    lines = (VENDOR / "uplot.txt").read_text().splitlines()
    recorded = {name: digest for kind, digest, name in (line.split(" ", 2) for line in lines[3:]) if kind == "sha256"}
    folder = VENDOR / "uplot"
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    assert found == recorded
    assert [line.split()[0] for line in lines[1:3]] == ["version", "integrity"]


def test_the_licence_comes_with_it() -> None:
    assert "The MIT License" in (VENDOR / "uplot" / "LICENSE.txt").read_text()
