"""What a local instance makes for itself once and keeps: its first admin key, and the pepper of its fingerprints."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from gateway.local.data_dir import DataDir
from tenants.ids import to_base62
from tenants.secret import ADMIN_PREFIX, ID_CHARS, SECRET_CHARS, Peppers, Secret, new_secret, parse_secret

_FILE = "secrets.json"
_PEPPER_BYTES = 32


class CredentialsUnreadable(Exception):
    """The file is there, and is not what was written. It is never made anew: issued keys hang on its pepper."""


@dataclass(frozen=True, slots=True)
class LocalCredentials:
    """`repr` shows neither."""

    admin_key: Secret
    peppers: Peppers = field(repr=False)


def load_or_make_credentials(data_dir: DataDir, random_bytes: Callable[[int], bytes]) -> LocalCredentials:
    """The folder's credentials. On first use they are made from `random_bytes`, and written for this user alone.

    Raises CredentialsUnreadable.
    """
    path = data_dir.path / _FILE
    try:
        text = path.read_text()
    except FileNotFoundError:
        text = _make(random_bytes)
        _write(path, text)
    return _from_text(text, path)


def _make(random_bytes: Callable[[int], bytes]) -> str:
    id_chars = to_base62(int.from_bytes(random_bytes(ID_CHARS), "big") % 62**ID_CHARS, ID_CHARS)
    admin_key = new_secret(ADMIN_PREFIX, id_chars, random_bytes(SECRET_CHARS))
    fields = {
        "admin_key": admin_key.text,
        "pepper_id": f"pepper_{random_bytes(4).hex()}",
        "pepper": random_bytes(_PEPPER_BYTES).hex(),
    }
    return json.dumps(fields, indent=2) + "\n"


def _write(path: Path, text: str) -> None:
    """Whole or not at all. The folder's lock keeps others from writing at the same time."""
    draft = path.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)


def _from_text(text: str, path: Path) -> LocalCredentials:
    try:
        fields = json.loads(text)
        pepper_id = str(fields["pepper_id"])
        peppers = Peppers({pepper_id: bytes.fromhex(fields["pepper"])}, current=pepper_id)
        return LocalCredentials(parse_secret(fields["admin_key"]), peppers)
    except Exception as error:
        raise CredentialsUnreadable(f"{path} is damaged: {type(error).__name__}. Restore it, or start anew.") from error
