"""Where the folder's instance serves, kept in the folder while it does: `sluice keys list --data-dir …` reads it."""

from __future__ import annotations

import json
from pathlib import Path

from gateway.local.private_file import write_private

_FILE = "address.json"


def write_address(data_dir: Path, base_url: str) -> None:
    """`base_url` ends in `/v1`. Raises OSError."""
    write_private(data_dir / _FILE, json.dumps({"base_url": base_url}) + "\n")


def remove_address(data_dir: Path) -> None:
    (data_dir / _FILE).unlink(missing_ok=True)
